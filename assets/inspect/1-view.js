// The Inspect view: dom.js, plot.js and the files of this folder by name, joined and run once, as the js_on_load of a
// gr.HTML. Everything arrives as data (props.value, answers of server.*).
// Left the matrix with its tools, right all that is read; on a narrow screen one column in the order of CSS.
const root = el("div", "grm-root");
const left = el("div", "grm-left"), right = el("div", "grm-right");
const parts = {};
const part = (name, side, tag = "section") => { parts[name] = el(tag, "grm-" + name); side.append(parts[name]); return parts[name]; };
for (const name of ["tools", "matrix"]) part(name, left, "div");
for (const name of ["case", "progress", "verdict", "dials", "findings", "modes", "cards", "plot", "documents"]) part(name, right);
root.append(left, right);
const { matrix, cards } = parts;
const bar = el("progress");
const said = el("p", "grm-said");
// What a screen reader is told: the phase, and every fifth sample, not every token.
const spoken = el("span", "grm-hidden");
spoken.setAttribute("aria-live", "polite");
parts.progress.append(said, bar, spoken);
let spokenOf = "";

let value = {};           // rows, progress and findings, as the server pushes them
let voted = {};           // verdict, kept samples and curve under the present dials
let chosen = [];          // sample indices shown as cards, in the order they were chosen
let touched = false;      // whether the person chose them
let focus = 0;            // index of the row that takes the keyboard
let shownCase = "";
const details = new Map();
const columns = () => (window.innerWidth >= 1200 ? (value.n > 4 ? 2 : 3) : window.innerWidth >= 900 ? 2 : 1);

async function detailOf(i) {
  const row = value.rows.find((one) => one.i === i);
  const key = [value.session, i, row && row.reason].join("/");  // what failed may be sampled again
  if (!details.has(key)) {
    if (details.size > 200) details.delete(details.keys().next().value);
    const found = await server.sample(value.session, i);
    if (found) details.set(key, found);
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
    if (found.models) title.append(el("span", "grm-writer", found.models[i]));
    if (found.labels) title.append(el("span", "grm-note", "label " + found.labels[i]));
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
  const now = value.session + "/" + value.phase + "/" + Math.floor(value.rows.length / 5);
  if (now !== spokenOf) { spokenOf = now; spoken.textContent = said.textContent; }
  bar.hidden = !value.running;
  bar.max = value.k || 1;
  if (value.phase === "waiting") bar.removeAttribute("value"); else bar.value = value.rows.length;
  parts.progress.hidden = !value.progress && !value.running;
  parts.verdict.replaceChildren();
  if (voted.verdict) parts.verdict.append(el("h2", "", voted.verdict));
  for (const note of voted.notes || []) parts.verdict.append(el("p", "grm-note", note));
  if (comparedWith && comparedWith !== value.session) {
    const link = el("a", "grm-link", "Compare with the session whose principles were taken over");
    link.href = "/compare?a=" + encodeURIComponent(comparedWith) + "&b=" + encodeURIComponent(value.session);
    parts.verdict.append(link);
  }
  if (value.origin) parts.verdict.append(el("p", "grm-note", "Judged by " + value.origin + "."));
}
