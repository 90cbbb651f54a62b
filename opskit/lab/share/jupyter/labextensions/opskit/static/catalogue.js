// The catalogue: runbooks by system, a box that filters them, and lessons. Only text nodes: no answer of
// the server is ever read as HTML.

export function element(tag, { classes = "", text = "", ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

const SYSTEMS = { rook: "Rook and Ceph" };

function facts(runbook) {
  const sort = runbook.changes ? "changing" : "diagnosing";
  const chips = [
    element("span", { classes: `opskit-chip opskit-${sort}`, text: runbook.changes ? "Changes the cluster" : "Only reads" }),
    runbook.risk && runbook.changes && element("span", { classes: `opskit-chip opskit-risk-${runbook.risk}`, text: `${runbook.risk} risk` }),
    runbook.duration && element("span", { classes: "opskit-chip", text: runbook.duration }),
  ];
  return element("div", { classes: "opskit-chips" }, ...chips);
}

function card(entry, { open, headingLevel = "h3" }) {
  const id = `opskit-${entry.name.replaceAll("/", "-")}`;
  const heading = element(headingLevel, { id, text: entry.title });
  const proven = (entry.proven || []).join(", ");
  const button = element("button", { classes: "jp-mod-styled jp-mod-accept opskit-open-button", type: "button", text: entry.opened ? "Open your copy" : "Open" });
  button.setAttribute("aria-label", `Open ${entry.title}`);
  button.addEventListener("click", () => open(entry.name, {}, false));
  const again = entry.opened && element("button", { classes: "jp-mod-styled opskit-open-button", type: "button", text: "New copy" });
  if (again) {
    again.setAttribute("aria-label", `Open a new copy of ${entry.title}`);
    again.addEventListener("click", () => open(entry.name, {}, true));
  }
  return element(
    "article",
    { classes: "opskit-card", "aria-labelledby": id, "data-name": entry.name },
    heading,
    element("code", { classes: "opskit-name", text: entry.name }),
    element("p", { classes: "opskit-summary", text: entry.summary }),
    entry.kind === "runbook" && facts(entry),
    proven && element("p", { classes: "opskit-proven", text: `Proven on ${proven}` }),
    element("div", { classes: "opskit-actions" }, button, again),
  );
}

function section(title, entries, options) {
  const cards = entries.map((entry) => card(entry, options));
  const id = `opskit-section-${title.replace(/\W+/g, "-")}`;
  return element(
    "section",
    { "aria-labelledby": id },
    element("h2", { id, text: title }),
    element("div", { classes: "opskit-cards" }, ...cards),
  );
}

const words = (entry) => [entry.name, entry.title, entry.system, entry.summary].join(" ").toLowerCase();

export function matching(entries, query) {
  const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => terms.every((term) => words(entry).includes(term)));
}

function grouped(entries) {
  const lessons = entries.filter((entry) => entry.kind === "lesson");
  const systems = [...new Set(entries.filter((entry) => entry.kind === "runbook").map((entry) => entry.system))];
  const groups = systems.map((system) => [
    SYSTEMS[system] || system,
    entries.filter((entry) => entry.kind === "runbook" && entry.system === system),
  ]);
  return lessons.length ? [...groups, ["Lessons", lessons]] : groups;
}

// Fills `host` with the catalogue; `open(name, parameters, fresh)` opens an entry.
export function render(host, { entries, open }) {
  const box = element("input", { classes: "opskit-filter", type: "search", id: "opskit-filter", placeholder: "osd, replace, capacity …" });
  const status = element("p", { classes: "opskit-status", role: "status", "aria-live": "polite" });
  const body = element("div");
  const show = () => {
    const found = matching(entries, box.value);
    body.replaceChildren(...grouped(found).map(([title, group]) => section(title, group, { open })));
    status.textContent = found.length === entries.length ? "" : `${found.length} of ${entries.length} shown`;
  };
  box.addEventListener("input", show);
  const header = element(
    "header",
    { classes: "opskit-header" },
    element("h1", { text: "Runbooks" }),
    element("p", { text: "Each opens as your own copy, on the built-in demo cluster. Set cluster in its first cell to look at yours." }),
    element("div", { classes: "opskit-search" }, element("label", { for: "opskit-filter", text: "Filter" }), box, status),
  );
  host.replaceChildren(element("main", { classes: "opskit-catalogue", "aria-label": "Runbook catalogue" }, header, body));
  show();
}

export function renderProblem(host, message, retry) {
  const again = element("button", { classes: "jp-mod-styled", type: "button", text: "Try again" });
  again.addEventListener("click", retry);
  const text = element("p", { role: "alert", text: `The catalogue could not be read. ${message}` });
  host.replaceChildren(element("main", { classes: "opskit-catalogue" }, element("h1", { text: "Runbooks" }), text, again));
}
