// The container that JupyterLab loads. It is written by hand, so that no node is needed to build
// opskit: modules come from files beside this one, JupyterLab's own packages from its share scope.
(() => {
  "use strict";
  const here = new URL(".", document.currentScript.src);
  const files = { "./extension": "plugin.js", "./style": "style.js" };
  let scope = {};

  const load = async (name) => {
    if (!(name in files)) throw new Error(`opskit has no module ${name}.`);
    const { useScope } = await import(new URL("shared.js", here));
    useScope(scope);
    const { default: plugins } = await import(new URL(files[name], here));
    return () => ({ __esModule: true, default: plugins });
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.opskit = {
    // Nothing may be awaited here: JupyterLab waits for this before it listens for the window's load
    // event, and imports don't hold that event back.
    init: (given) => {
      scope = given;
    },
    get: load,
  };
})();
