// The opskit server extension: every answer is JSON, every refusal an Error with the server's own sentence.

import { shared } from "./shared.js";

const { ServerConnection } = await shared("@jupyterlab/services");
const { URLExt } = await shared("@jupyterlab/coreutils");

async function ask(path, init = {}) {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, "opskit", path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.message || `The server answered ${response.status}.`);
  return body;
}

export const catalogue = () => ask("catalogue");

// Returns {path} of the user's copy; `fresh` asks for a new one even where there is one.
export const copy = (name, parameters = {}, fresh = false) =>
  ask("copies", { method: "POST", body: JSON.stringify({ name, parameters, fresh }) });

// Returns {source}: a parameters cell with other values.
export const fill = (source, parameters) =>
  ask("parameters", { method: "POST", body: JSON.stringify({ source, parameters }) });
