// The Inspect view, in six files that are joined in the order of their names and run once, as the js_on_load of a gr.HTML.
// Everything arrives in props.value as data; every text reaches the page through textContent, never as markup.
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A6FC9", "#7A7A7A"];
const letter = (i) => String.fromCharCode(65 + i);
const el = (tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
};
const button = (text, cls, act) => {
  const node = el("button", cls, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
};
const chip = (i) => {
  const node = el("span", "grm-chip", letter(i));
  node.style.setProperty("--c", COLOURS[i % COLOURS.length]);
  return node;
};

const root = el("div", "grm-root");
const parts = {};
for (const name of ["case", "progress", "verdict", "findings", "split", "plot", "documents"]) {
  parts[name] = el("section", "grm-" + name);
  root.append(parts[name]);
}
const matrix = el("div", "grm-matrix");
const cards = el("div", "grm-cards");
parts.split.append(matrix, cards);
const bar = el("progress");
const said = el("p", "grm-said");
said.setAttribute("aria-live", "polite");
parts.progress.append(said, bar);

let value = {};
let chosen = [];          // sample indices shown as cards
let touched = false;      // whether the person chose them
let focus = 0;            // index of the row that takes the keyboard
let drawn = "";           // what the plot shows already
let shownCase = "";
const details = new Map();
const columns = () => (window.innerWidth >= 1200 ? (value.n > 4 ? 2 : 3) : window.innerWidth >= 900 ? 2 : 1);

async function detailOf(i) {
  const key = value.session + "/" + i;
  if (!details.has(key)) {
    if (details.size > 200) details.delete(details.keys().next().value);
    details.set(key, await server.detail(value.session, i));
  }
  return details.get(key);
}

// ---- the case: query and responses -------------------------------------------------------------------------------
async function drawCase() {
  if (shownCase === value.session) return;
  shownCase = value.session;
  parts.case.replaceChildren();
  if (!value.session) return;
  const found = await server.case(value.session);
  if (!found || shownCase !== value.session) return;
  const box = el("details");
  const head = el("summary");
  head.append(el("strong", "", "Query "), el("span", "grm-oneline", found.query[found.query.length - 1].content));
  const count = found.responses.length;
  head.append(el("span", "grm-more", count === 1 ? "1 response" : count + " responses"));
  box.append(head);
  for (const turn of found.query) {
    if (found.query.length > 1) box.append(el("div", "grm-role", turn.role));
    box.append(el("div", "grm-text", turn.content));
  }
  if (found.reference) box.append(el("div", "grm-role", "reference answer"), el("div", "grm-text", found.reference));
  const list = el("div", "grm-responses");
  found.responses.forEach((text, i) => {
    const card = el("div", "grm-response");
    const title = el("div", "grm-response-head");
    title.append(chip(i), el("strong", "", "Response " + letter(i)));
    card.append(title, el("div", "grm-text", text));
    list.append(card);
  });
  box.append(list);
  parts.case.append(box);
}

// ---- progress and verdict ----------------------------------------------------------------------------------------
function drawHead() {
  said.textContent = value.progress || "";
  said.className = "grm-said" + (value.phase === "failed" ? " grm-bad" : "");
  bar.hidden = !value.running;
  bar.max = value.k || 1;
  if (value.phase === "waiting") bar.removeAttribute("value"); else bar.value = value.rows.length;
  parts.verdict.replaceChildren();
  if (value.verdict) parts.verdict.append(el("h2", "", value.verdict));
  for (const note of value.notes || []) parts.verdict.append(el("p", "grm-note", note));
}
