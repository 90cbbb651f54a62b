// The plug-ins. Everything beyond commands is optional, so that Notebook 7, which has no launcher, works too.

import { shared } from "./shared.js";
import * as api from "./api.js";
import { render, renderProblem } from "./catalogue.js";
import { fillParameters, openRemedies } from "./events.js";
import { BOOK, CHANGE, LESSON, LOOK } from "./icons.js";
import { addPanels } from "./panels.js";

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
  panel.title.closable = true;
  return { panel, filled: fill() };
}

function addCommands(app) {
  let current = null;
  app.commands.addCommand(CATALOGUE, {
    label: "Runbook catalogue",
    caption: "All runbooks, by system",
    icon: icons.BOOK,
    execute: async () => {
      if (!current || current.isDisposed) {
        const made = cataloguePanel(app);
        current = made.panel;
        await made.filled;
      }
      if (!current.isAttached) app.shell.add(current, "main");
      app.shell.activateById(current.id);
      return current;
    },
  });
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

const catalogue = {
  id: "opskit:catalogue",
  description: "The runbook catalogue, its launcher cards and commands.",
  autoStart: true,
  optional: [ICommandPalette, ILauncher].filter(Boolean),
  activate: (app, palette, launcher) => {
    addCommands(app);
    palette?.addItem({ command: CATALOGUE, category: CATEGORY });
    api
      .catalogue()
      .then(({ entries, open_at_start: openAtStart }) => {
        if (launcher) addCards(launcher, entries);
        const asked = PageConfig.getOption("treePath"); // a link to a notebook shows that notebook
        if (openAtStart && !asked) app.restored.then(() => app.commands.execute(CATALOGUE));
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
