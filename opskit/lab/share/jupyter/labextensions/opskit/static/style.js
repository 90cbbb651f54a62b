// Adds the style sheet that stands beside this file.

const link = document.createElement("link");
link.rel = "stylesheet";
link.href = new URL("style.css", import.meta.url).href;
document.head.append(link);

export default [];
