"""Two small elements that ipywidgets lacks: a region that screen readers follow, and a way to the page."""

from typing import Any

import anywidget
import traitlets

_LIVE_REGION = """
function render({ model, el }) {
  const node = document.createElement("p");
  node.className = "opskit-live-region";
  node.setAttribute("role", "status");
  node.setAttribute("aria-live", "polite");
  const show = () => { node.textContent = model.get("text"); };
  model.on("change:text", show);
  show();
  el.append(node);
  if (!model.get("take_focus")) return;
  node.tabIndex = -1;
  const focus = (tries) => {
    if (node.isConnected) node.focus({ preventScroll: true });
    else if (tries) setTimeout(() => focus(tries - 1), 50);
  };
  focus(100);
}
export default { render };
"""

_MESSENGER = """
function render({ model, el }) {
  el.hidden = true;
  const tell = ({ event, detail }) =>
    el.dispatchEvent(new CustomEvent(event, { detail, bubbles: true, composed: true }));
  model.on("msg:custom", tell);
  return () => model.off("msg:custom", tell);
}
export default { render };
"""


class LiveRegion(anywidget.AnyWidget):
    """Text that is read aloud when it changes. It is shown as text, never as HTML."""

    _esm = _LIVE_REGION
    text = traitlets.Unicode("").tag(sync=True)
    take_focus = traitlets.Bool(False).tag(sync=True)
    """Whether it takes the keyboard's focus when it appears in the place of what was pressed."""


class Messenger(anywidget.AnyWidget):
    """Tells the page something, as a DOM event that the opskit extension listens for."""

    _esm = _MESSENGER

    def tell(self, event: str, **detail: Any) -> None:
        """Dispatch an event.

        Args:
            event: its name, e.g. `opskit:parameters`.
            detail: what it carries, JSON.

        """
        self.send({"event": event, "detail": detail})
