// What an output may ask of the application: open the next runbook, or put values into the parameters
// cell. Neither runs anything that the catalogue does not list.

import * as api from "./api.js";
import { shared } from "./shared.js";

const { NotebookActions } = (await shared("@jupyterlab/notebook")) || {};

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// A remedy's button: <button class="opskit-open" value='{"runbook": …, "parameters": …}'>.
export function openRemedies(open) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.opskit-open");
    const asked = button && parsed(button.value);
    if (asked && typeof asked.runbook === "string") void open(asked.runbook, asked.parameters || {});
  });
}

const tags = (cell) => cell.model.getMetadata("tags") || [];

// A form's values: the cell tagged `parameters` gets them, and it and all below run again.
export function fillParameters(tracker, problem) {
  document.addEventListener("opskit:parameters", async (event) => {
    const panel = tracker.find((each) => each.node.contains(event.target));
    const cells = panel?.content.widgets || [];
    const index = cells.findIndex((cell) => tags(cell).includes("parameters"));
    if (index < 0) return;
    const cell = cells[index];
    try {
      const { source } = await api.fill(cell.model.sharedModel.getSource(), event.detail.parameters);
      cell.model.sharedModel.setSource(source);
      panel.content.deselectAll();
      panel.content.activeCellIndex = index;
      await NotebookActions.runAllBelow(panel.content, panel.sessionContext);
    } catch (error) {
      await problem("The parameters were not changed", error.message);
    }
  });
}
