// The plug-ins. Everything beyond commands is optional, so that Notebook 7, which has no launcher, works too.

import { shared } from "./shared.js";
import * as api from "./api.js";
import { render, renderProblem } from "./catalogue.js";
import { fillParameters, openRemedies } from "./events.js";
import { BOOK, CHANGE, LESSON, LOOK } from "./icons.js";
import { addPanels } from "./panels.js";

const { INotebookTree } = (await shared("@jupyter-notebook/tree")) || {};
const { ILauncher } = (await shared("@jupyterlab/launcher")) || {};
const { PageConfig } = await shared("@jupyterlab/coreutils");
const { ICommandPalette, MainAreaWidget, showErrorMessage } = await shared("@jupyterlab/apputils");
const { INotebookTracker } = (await shared("@jupyterlab/notebook")) || {};
const { LabIcon } = await shared("@jupyterlab/ui-components");
const { Widget } = await shared("@lumino/widgets");

const CATALOGUE = "opskit:catalogue";
const OPEN = "opskit:open";
const CATEGORY = "opskit";

const icons = Object.fromEntries(
  Object.entries({ BOOK, CHANGE, LESSON, LOOK }).map(([name, svgstr]) => [
    name,
    new LabIcon({ name: `opskit:${name.toLowerCase()}`, svgstr }),
  ]),
);

const iconOf = (entry) => (entry.kind === "lesson" ? icons.LESSON : entry.changes ? icons.CHANGE : icons.LOOK);

async function openCopy(app, name, parameters, fresh) {
  try {
    const { path } = await api.copy(name, parameters, fresh);
    return await app.commands.execute("docmanager:open", { path, factory: "Notebook" });
  } catch (error) {
    await showErrorMessage(`${name} was not opened`, error.message);
    return undefined;
  }
}

function cataloguePanel(app) {
  const content = new Widget();
  content.addClass("opskit-panel");
  const open = async (name, parameters, fresh) => {
    await openCopy(app, name, parameters, fresh);
    await fill();
  };
  const fill = async () => {
    try {
      const { entries } = await api.catalogue();
      render(content.node, { entries, open });
    } catch (error) {
      renderProblem(content.node, error.message, fill);
    }
  };
  const panel = new MainAreaWidget({ content });
  panel.id = "opskit-catalogue";
  panel.title.label = "Runbooks";
  panel.title.icon = icons.BOOK;
  void fill();
  return panel;
}

// A tab of JupyterLab's main area, or of the page with which Notebook begins.
function shower(app, tree) {
  let panel = null;
  return () => {
    if (!panel || panel.isDisposed) panel = cataloguePanel(app);
    panel.title.closable = !tree;
    if (!panel.isAttached) (tree ? tree.addWidget(panel) : app.shell.add(panel, "main"));
    if (tree) tree.currentWidget = panel;
    else app.shell.activateById(panel.id);
    return panel;
  };
}

function addCommands(app, show) {
  if (show) {
    app.commands.addCommand(CATALOGUE, {
      label: "Runbook catalogue",
      caption: "All runbooks, by system",
      icon: icons.BOOK,
      execute: show,
    });
  }
  app.commands.addCommand(OPEN, {
    label: (args) => args.title || "Open a runbook",
    caption: (args) => args.summary || "",
    icon: (args) => (args.name ? iconOf(args) : icons.BOOK),
    execute: (args) => openCopy(app, args.name, args.parameters || {}, Boolean(args.fresh)),
  });
}

function addCards(launcher, entries) {
  launcher.add({ command: CATALOGUE, category: CATEGORY, rank: 0, categoryRank: -10 });
  entries.forEach((entry, index) => {
    const { name, title, summary, kind, changes } = entry;
    const args = { name, title, summary, kind, changes };
    launcher.add({ command: OPEN, args, category: CATEGORY, rank: index + 1, categoryRank: -10 });
  });
}

const wanted = { palette: ICommandPalette, launcher: ILauncher, tree: INotebookTree };
const present = Object.keys(wanted).filter((name) => wanted[name]);

const catalogue = {
  id: "opskit:catalogue",
  description: "The runbook catalogue, its launcher cards and commands.",
  autoStart: true,
  optional: present.map((name) => wanted[name]),
  activate: (app, ...given) => {
    const { palette, launcher, tree } = Object.fromEntries(present.map((name, index) => [name, given[index]]));
    const place = tree || app.name === "JupyterLab"; // a page of Notebook shows one document and nothing else
    const show = place ? shower(app, tree) : null;
    addCommands(app, show);
    if (show) palette?.addItem({ command: CATALOGUE, category: CATEGORY });
    api
      .catalogue()
      .then(({ entries, open_at_start: openAtStart }) => {
        if (launcher) addCards(launcher, entries);
        const asked = PageConfig.getOption("treePath"); // a link to a notebook shows that notebook
        if (show && openAtStart && !asked) app.restored.then(show);
      })
      .catch((error) => console.error(`opskit: ${error.message}`));
  },
};

const outputs = {
  id: "opskit:outputs",
  description: "Panels with a static twin, remedies that open the next runbook, forms that fill the parameters cell.",
  autoStart: true,
  requires: [INotebookTracker].filter(Boolean),
  activate: (app, tracker) => {
    if (tracker) addPanels(tracker);
    if (tracker) fillParameters(tracker, showErrorMessage);
    openRemedies((name, parameters) => openCopy(app, name, parameters, false));
  },
};

export default [catalogue, outputs];
