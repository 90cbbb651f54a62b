// JupyterLab's packages, taken from its share scope, so that tokens are the very same objects.

let scope = {};

export function useScope(given) {
  scope = given;
}

function newer(left, right) {
  const numbers = (version) => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(left), numbers(right)];
  const differs = a.findIndex((part, index) => part !== (b[index] ?? 0));
  return differs >= 0 && a[differs] > (b[differs] ?? 0);
}

// The version that is already in use, else the newest: what JupyterLab itself takes for a singleton.
function chosen(versions) {
  const names = Object.keys(versions);
  const loaded = names.filter((name) => versions[name].loaded);
  const candidates = loaded.length ? loaded : names;
  return candidates.reduce((best, name) => (newer(name, best) ? name : best));
}

// A package's exports, or null where this application has no such package.
export async function shared(name) {
  const versions = scope[name];
  if (!versions || !Object.keys(versions).length) return null;
  const entry = versions[chosen(versions)];
  entry.loaded = 1;
  return (await entry.get())();
}
