// Outputs that are live while their kernel runs and static text ever after.
//
// opskit displays a widget together with an HTML twin that says the same. The twin is shown until the
// widget is there, and again when it is gone: a notebook that is opened without its kernel tells what
// happened instead of "model not found".

import { shared } from "./shared.js";

const { Panel } = await shared("@lumino/widgets");

const PANEL = "application/vnd.opskit.panel+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";
const RANK = -20; // before the widget's own renderer

class LivePanel extends Panel {
  constructor(rendermime) {
    super();
    this.addClass("opskit-live-panel");
    this.node.dataset.lmSuppressShortcuts = "true"; // Enter and Space belong to the panel's buttons
    this.rendermime = rendermime;
    this.modelId = "";
    this.live = null;
  }

  async renderModel(model) {
    const id = (model.data[PANEL] || {}).model_id;
    const twin = this.rendermime.createRenderer("text/html");
    await twin.renderModel(model);
    this.twin?.dispose();
    this.twin = twin;
    this.addWidget(twin);
    if (id && id !== this.modelId && this.rendermime.mimeTypes.includes(WIDGET)) this.watch(id, model);
    this.choose();
  }

  watch(id, model) {
    this.modelId = id;
    this.live?.dispose();
    this.live = this.rendermime.createRenderer(WIDGET);
    this.addWidget(this.live);
    this.observer?.disconnect();
    this.observer = new MutationObserver(() => this.choose());
    this.observer.observe(this.live.node, { childList: true, subtree: true });
    this.live.renderModel(model).finally(() => this.choose());
  }

  choose() {
    if (this.isDisposed) return;
    const alive = Boolean(this.live?.node.querySelector(".jupyter-widgets, .lm-Widget"));
    this.live?.node.toggleAttribute("hidden", !alive);
    this.twin?.node.toggleAttribute("hidden", alive);
  }

  dispose() {
    this.observer?.disconnect();
    super.dispose();
  }
}

export function addPanels(tracker) {
  const add = (notebook) => {
    const { rendermime } = notebook.content;
    const createRenderer = () => new LivePanel(rendermime);
    rendermime.addFactory({ safe: false, mimeTypes: [PANEL], createRenderer }, RANK);
  };
  tracker.forEach(add);
  tracker.widgetAdded.connect((_, notebook) => add(notebook));
}
