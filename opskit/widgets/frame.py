"""What the panels look like: the static cards' style, and a few rules for ipywidgets' own elements."""

from ipywidgets import HTML, Box, VBox

from opskit.runner.html import Html, el
from opskit.runner.style import CARD_CSS

PANEL_CSS = """
.opskit-panel-widget{max-width:1100px;border:1px solid var(--jp-border-color2,#d0d7de);border-radius:8px;
background:var(--jp-layout-color1,#fff);padding:4px 16px 14px;margin:8px 0;overflow:visible}
.opskit-panel-widget section{border:0!important;margin:0!important;padding:8px 0!important}
.opskit-panel-widget dt{white-space:nowrap}
.opskit-panel-widget .widget-html-content{line-height:1.45;white-space:normal}
.opskit-panel-widget .widget-label{color:var(--jp-ui-font-color1,#1b1f24)}
.opskit-panel-widget button:focus-visible,.opskit-panel-widget input:focus-visible,
.opskit-panel-widget select:focus-visible
{outline:2px solid var(--jp-brand-color1,#1976d2)!important;outline-offset:2px}
.opskit-problem{color:var(--jp-error-color1,#b42318);font-weight:600}
.opskit-hint{color:var(--jp-ui-font-color2,#57606a)}
.opskit-live-region{margin:4px 0;font-size:14px}
"""


def framed_widget(content: Box) -> VBox:
    """A panel that brings its own style."""
    style = HTML(el("style", Html(CARD_CSS + PANEL_CSS)))
    style.layout.display = "none"
    panel = VBox([style, content])
    panel.add_class("opskit-panel-widget")
    panel.add_class("opskit")
    return panel
