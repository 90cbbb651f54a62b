"""The one style sheet of static cards and reports, light and dark; colour never carries meaning alone."""

CARD_CSS = """
.opskit{--ink:var(--jp-content-font-color1,#1b1f24);--soft:var(--jp-content-font-color2,#57606a);
--line:var(--jp-border-color2,#d0d7de);--back:var(--jp-layout-color1,#fff);
--tint:var(--jp-layout-color2,#f6f8fa);
color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;max-width:1100px}
.opskit section{border:1px solid var(--line);border-radius:8px;background:var(--back);
padding:12px 16px;margin:8px 0}
.opskit h2{font-size:16px;margin:0 0 6px}.opskit h3{font-size:14px;margin:0;display:inline}
.opskit p{margin:4px 0}.opskit .soft{color:var(--soft)}
.opskit article{border-left:4px solid var(--tone,var(--line));padding:2px 0 2px 12px;margin:12px 0}
.opskit .badge{display:inline-block;white-space:nowrap;border:1px solid var(--tone,var(--line));
border-radius:999px;padding:0 8px;margin-right:8px;font-size:12px;font-weight:600;
color:var(--tone,var(--ink))}
.opskit .critical{--tone:#b42318}.opskit .error{--tone:#c4441c}.opskit .warning{--tone:#8a5a00}
.opskit .info{--tone:#1f5f99}.opskit .good{--tone:#17693a}.opskit .bad{--tone:#b42318}
.opskit table{border-collapse:collapse;width:100%;margin:8px 0;font-size:13px;table-layout:auto}
.opskit caption{text-align:left;font-weight:600;padding:4px 0}
.opskit th,.opskit td{border-bottom:1px solid var(--line);padding:4px 10px 4px 0;text-align:left;
vertical-align:top;white-space:normal;overflow-wrap:anywhere}
.opskit thead th{color:var(--soft);font-weight:600}.opskit tbody th{font-weight:500}
.opskit tbody tr{background:none}
.opskit code,.opskit pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.opskit code{background:var(--tint);border-radius:4px;padding:1px 4px;overflow-wrap:anywhere}
.opskit del{color:#b42318;text-decoration:none}.opskit ins{color:#17693a;text-decoration:none}
.opskit dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:6px 0}
.opskit dt{color:var(--soft)}.opskit dd{margin:0;overflow-wrap:anywhere}
.opskit details{margin:4px 0}.opskit summary{cursor:pointer;color:var(--soft)}
.opskit ul{margin:4px 0 4px 18px;padding:0}
.opskit .banner{border-left:6px solid var(--tone)}.opskit .banner h2{font-size:18px;color:var(--tone)}
body[data-jp-theme-light="false"] .opskit{--lift:1}
body[data-jp-theme-light="false"] .opskit .critical,body[data-jp-theme-light="false"] .opskit .bad,
body[data-jp-theme-light="false"] .opskit del{--tone:#ff8f85;color:#ff8f85}
body[data-jp-theme-light="false"] .opskit .warning{--tone:#e3b341}
body[data-jp-theme-light="false"] .opskit .error{--tone:#ffa27a}
body[data-jp-theme-light="false"] .opskit .info{--tone:#79b8ff}
body[data-jp-theme-light="false"] .opskit .good,
body[data-jp-theme-light="false"] .opskit ins{--tone:#56d384;color:#56d384}
"""
"""Scoped to `.opskit`; in JupyterLab it takes the theme's colours."""

REPORT_CSS = """
:root{color-scheme:light}body{margin:0;background:#f6f8fa}
main.opskit{max-width:1100px;margin:24px auto;padding:0 16px}
.opskit h1{font-size:24px;margin:0 0 4px}
.opskit header{border:1px solid var(--line);border-left:8px solid var(--tone);
border-radius:8px;background:var(--back);padding:16px 20px;margin:8px 0}
.opskit>h2{font-size:18px;margin:28px 0 4px}.opskit .words{background:none;border:0;padding:4px 0}
.opskit .words h1{font-size:20px}.opskit .words h2{font-size:17px;margin-top:16px}
.opskit pre{overflow-x:auto;background:var(--tint);border-radius:6px;padding:8px 12px;
margin:6px 0;white-space:pre-wrap}
.opskit pre code{background:none;padding:0}.opskit summary{font-family:ui-monospace,Menlo,Consolas,monospace}
.opskit .quiet{padding:0 16px}
.opskit .failed{border-left:6px solid #b42318;padding:4px 12px;margin:8px 0}
.opskit figure{margin:8px 0}.opskit figure>div{min-height:160px}.opskit img{max-width:100%}
.opskit .whole{white-space:nowrap}
.opskit thead th{overflow-wrap:normal}.opskit .dataframe thead th{text-align:left}
.opskit .html{overflow-x:auto}.opskit section section{border:0;padding:0;margin:4px 0}
.opskit section .banner{border-left:6px solid var(--tone);padding-left:14px}
@media print{body{background:#fff}main.opskit{max-width:none;margin:0}.opskit details{display:none}
.opskit section,.opskit article,.opskit tr,.opskit figure{break-inside:avoid}}
"""
"""The report around the cards."""
