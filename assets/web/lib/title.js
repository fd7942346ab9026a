// The title of the tab: what is open, then the app. Gradio writes its own over it when it starts.

const APP = "GRM Lens";
let wanted = "";
let isKept = false;

/** @param {string} text what is open; '' for the page itself */
export function titled(text) {
  wanted = text;
  put();
  if (isKept) return;
  isKept = true;
  new MutationObserver(put).observe(document.head, { childList: true, subtree: true, characterData: true });
}

function put() {
  const open = wanted || pageName();
  const whole = open && open !== "Inspect" ? `${open} · ${APP}` : APP;
  if (document.title !== whole) document.title = whole;
}

function pageName() {
  const link = document.querySelector('.shell-pages [aria-current="page"]');
  return link?.querySelector("svg")?.nextSibling?.textContent?.trim() ?? "";
}
