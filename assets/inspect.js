// The Inspect view: score matrix, samples side by side, verdict and plot. Runs once, as the js_on_load of a gr.HTML.
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
for (const name of ["case", "progress", "verdict", "split", "plot"]) {
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

// ---- score matrix ------------------------------------------------------------------------------------------------
// Rows are patched one by one: a row that is redrawn between press and release would lose the click.
const rowNodes = new Map();  // sample index -> {key, tr}
let rowsOf = "";
let body = el("tbody");
function drawMatrix() {
  if (rowsOf !== value.session + "/" + value.n) newTable();
  const have = new Map(value.rows.map((row) => [row.i, row]));
  const hadFocus = matrix.contains(document.activeElement);
  let place = body.firstChild;
  for (let i = 0; i < value.k; i++) {
    const row = have.get(i);
    if (!row && !value.running) { rowNodes.get(i)?.tr.remove(); rowNodes.delete(i); continue; }
    const key = JSON.stringify(row ? [row, chosen.includes(i), i === focus] : ((value.live || {})[i] || "").slice(-70));
    let known = rowNodes.get(i);
    if (!known || known.key !== key) {
      const tr = row ? finishedRow(row) : runningRow(i);
      if (known) known.tr.replaceWith(tr);
      else body.insertBefore(tr, place && place.isConnected ? place : null);
      known = { key, tr };
      rowNodes.set(i, known);
    }
    place = known.tr.nextSibling;
  }
  if (hadFocus && !matrix.contains(document.activeElement)) focusRow(focus);
}

function newTable() {
  rowsOf = value.session + "/" + value.n;
  rowNodes.clear();
  const table = el("table");
  table.setAttribute("aria-label", "Scores of every sample");
  const head = el("tr");
  head.append(el("th", "", "#"));
  for (let r = 0; r < value.n; r++) {
    const cell = el("th");
    cell.append(chip(r));
    head.append(cell);
  }
  head.append(el("th", "grm-order", "order"));
  const thead = el("thead");
  thead.append(head);
  body = el("tbody");
  table.append(thead, body);
  matrix.replaceChildren(table);
}

function finishedRow(row) {
  const tr = el("tr", chosen.includes(row.i) ? "grm-on" : "");
  tr.dataset.i = row.i;
  tr.tabIndex = row.i === focus ? 0 : -1;
  tr.setAttribute("aria-selected", chosen.includes(row.i));
  tr.append(el("td", "grm-index", row.i + 1));
  if (row.scores) {
    const best = Math.max(...row.scores);
    row.scores.forEach((score, r) => {
      const cell = el("td", "grm-score" + (score === best && value.n > 1 ? " grm-best" : ""), score);
      cell.style.setProperty("--s", score / 10);
      cell.title = "sample " + (row.i + 1) + ", response " + letter(r) + ": " + score + " of 10";
      tr.append(cell);
    });
  } else {
    const cell = el("td", "grm-failed", row.reason);
    cell.colSpan = value.n;
    cell.title = row.reason;
    tr.append(cell);
  }
  tr.append(el("td", "grm-order", row.order));
  return tr;
}

function runningRow(i) {
  const tr = el("tr", "grm-running");
  tr.append(el("td", "grm-index", i + 1));
  const tail = (value.live || {})[i];
  const cell = el("td", "grm-tail", tail ? tail.slice(-70) : "·");
  cell.colSpan = value.n + 1;
  tr.append(cell);
  return tr;
}

function focusRow(i) {
  focus = i;
  for (const tr of matrix.querySelectorAll("tr[data-i]")) {
    tr.tabIndex = Number(tr.dataset.i) === i ? 0 : -1;
    if (Number(tr.dataset.i) === i) tr.focus({ preventScroll: false });
  }
}

function choose(i) {
  touched = true;
  if (chosen.includes(i)) chosen = chosen.filter((other) => other !== i);
  else chosen = [...chosen, i].slice(-columns());
  focus = i;
  drawMatrix();
  drawCards();
}

function step(by) {
  const order = value.rows.map((row) => row.i).sort((a, b) => a - b);
  if (!order.length) return;
  const at = Math.max(0, Math.min(order.length - 1, order.indexOf(focus) + by));
  touched = true;
  focus = order[at];
  const first = Math.min(at, Math.max(0, order.length - columns()));
  chosen = order.slice(first, first + columns());
  drawMatrix();
  drawCards();
}

matrix.addEventListener("click", (event) => {
  const tr = event.target.closest("tr[data-i]");
  if (tr) { choose(Number(tr.dataset.i)); focusRow(Number(tr.dataset.i)); }
});
matrix.addEventListener("keydown", (event) => {
  const tr = event.target.closest("tr[data-i]");
  if (!tr) return;
  if (event.key === "Enter" || event.key === " ") choose(Number(tr.dataset.i));
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else return;
  event.preventDefault();
  focusRow(focus);
});
document.addEventListener("keydown", (event) => {
  if (!element.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable=true]")) return;
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
});

// ---- samples side by side ----------------------------------------------------------------------------------------
let cardsAsked = 0;
async function drawCards() {
  const asked = ++cardsAsked;
  const wanted = [...chosen].sort((a, b) => a - b);
  const found = await Promise.all(wanted.map(detailOf));
  if (asked !== cardsAsked) return;
  cards.style.setProperty("--cols", Math.max(1, found.length));
  if (found.length) { cards.replaceChildren(...found.filter(Boolean).map(card)); return; }
  const hint = value.rows.length ? "Choose up to three samples to read them side by side (click, Enter, or j and k)." :
    value.running ? "Samples appear here as they finish." : "";
  cards.replaceChildren(el("p", "grm-hint", hint));
}

function card(sample) {
  const box = el("article", "grm-card");
  const head = el("header");
  head.append(el("h3", "", "Sample " + (sample.i + 1)));
  const scores = el("div", "grm-chips");
  (sample.scores || []).forEach((score, r) => {
    const one = chip(r);
    one.append(el("b", "", " " + score));
    scores.append(one);
  });
  head.append(scores);
  box.append(head);
  if (sample.reason) box.append(el("p", "grm-bad", "Casts no vote: " + sample.reason + "."));
  if (sample.principles.length) {
    box.append(el("h4", "", "Principles"));
    const most = Math.max(...sample.principles.map((p) => p.weight || 0), 1);
    for (const p of sample.principles) box.append(principle(p, most));
  }
  if (sample.critique) box.append(el("h4", "", "Critique"), critique(sample));
  if (!sample.principles.length && !sample.critique) box.append(el("div", "grm-text", sample.raw || "(nothing)"));
  box.append(footer(sample));
  return box;
}

function principle(p, most) {
  const line = el("div", "grm-principle");
  line.append(el("span", "", p.text));
  if (p.weight !== null) {
    const weight = el("span", "grm-weight", p.weight);
    weight.title = "weight as written";
    const fill = el("i");
    fill.style.width = Math.max(4, (100 * p.weight) / most) + "%";
    weight.append(fill);
    line.append(weight);
  }
  return line;
}

// "Response 2" in a critique is the second one *shown*: its letter is put beside it.
function critique(sample) {
  const box = el("div", "grm-text");
  let from = 0;
  for (const found of sample.critique.matchAll(/\bResponse\s{1,3}(\d{1,2})\b/gi)) {
    const own = sample.order[Number(found[1]) - 1];
    if (!own || own.length > 1) continue;
    box.append(sample.critique.slice(from, found.index + found[0].length), " ", chip(own.charCodeAt(0) - 65));
    from = found.index + found[0].length;
  }
  box.append(sample.critique.slice(from));
  return box;
}

function footer(sample) {
  const foot = el("footer");
  const facts = ["shown as " + sample.order.join(" "), "seed " + sample.seed];
  if (sample.tokens !== null) facts.push(sample.tokens + " tokens", sample.seconds + " s");
  if (sample.finish && sample.finish !== "stop") facts.push("finish: " + sample.finish);
  if (sample.meta !== null) facts.push("meta " + sample.meta.toFixed(2));
  foot.append(el("span", "", facts.join(" · ")));
  const raw = el("details");
  raw.append(el("summary", "", "raw text"), el("pre", "", sample.raw));
  foot.append(raw);
  return foot;
}

// ---- margin vs k -------------------------------------------------------------------------------------------------
function drawPlot() {
  const dark = document.body.classList.contains("dark");
  const key = value.session + "/" + value.method + "/" + value.rows.length + "/" + dark + "/" + Boolean(value.plot);
  if (key === drawn) return;
  drawn = key;
  parts.plot.replaceChildren();
  if (!value.points || !value.points.length) return;
  parts.plot.append(el("h3", "", "When does the verdict settle?"));
  if (value.plot && window.Plotly) {
    const area = el("div", "grm-figure");
    area.setAttribute("role", "img");
    area.setAttribute("aria-label", "Margin per sample over k; the table below holds the same numbers");
    parts.plot.append(area);
    const ink = dark ? "#d1d5db" : "#374151", grid = dark ? "#374151" : "#e5e7eb";
    const layout = { ...value.plot.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 12 } };
    for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...layout[axis], gridcolor: grid, zerolinecolor: ink, linecolor: grid };
    const lines = JSON.parse(JSON.stringify(value.plot.data));
    if (dark) { lines[1].fillcolor = "rgba(86, 180, 233, 0.22)"; lines[2].line.color = "#56B4E9"; }
    window.Plotly.newPlot(area, lines, layout, { displayModeBar: false, responsive: true });
  } else {
    parts.plot.append(el("p", "grm-note", "No margin to draw: the full vote is a tie, or there is only one response."));
  }
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", value.how), button("CSV", "grm-small", saveCsv));
  const box = el("details");
  box.append(el("summary", "", "Table"), pointsTable());
  parts.plot.append(under, box);
}

const COLUMNS = ["k", "margin", "low", "high", "win"];
function pointsTable() {
  const table = el("table", "grm-points");
  const head = el("tr");
  for (const name of COLUMNS) head.append(el("th", "", name));
  table.append(head);
  for (const point of value.points) {
    const tr = el("tr");
    for (const name of COLUMNS) tr.append(el("td", "", point[name] === null ? "–" : name === "k" ? point.k : point[name].toFixed(3)));
    table.append(tr);
  }
  return table;
}

function saveCsv() {
  const lines = [COLUMNS.join(","), ...value.points.map((p) => COLUMNS.map((name) => p[name] ?? "").join(","))];
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = "margin-" + value.method + "-" + value.session + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

// ---- nothing judged yet: what there is to read -------------------------------------------------------------------
const recent = el("nav", "grm-recent");
function drawRecent() {
  if (!element.contains(recent)) element.append(recent);
  const found = value.session ? [] : value.recent || [];
  recent.hidden = !found.length;
  recent.replaceChildren(el("h3", "", "Or read a session that is here already"));
  for (const one of found) {
    const link = el("a", "", one.title || "(no title)");
    link.href = "/?session=" + encodeURIComponent(one.id);
    link.append(el("span", "grm-note", "k = " + one.k + (one.demo ? " · recorded" : "")));
    recent.append(link);
  }
}

// ---- updates -----------------------------------------------------------------------------------------------------
function update() {
  if (!element.contains(root)) element.append(root);
  const before = value.session;
  value = { n: 0, k: 0, rows: [], ...(props.value || {}) };
  if (value.session !== before) {
    chosen = []; touched = false; focus = 0; drawn = "";
    const url = new URL(window.location);
    if (value.session) url.searchParams.set("session", value.session);
    window.history.replaceState(null, "", url);
  }
  root.hidden = !value.session;
  drawRecent();
  root.dataset.phase = value.phase || "";
  root.dataset.done = value.rows.length;
  const ready = value.rows.map((row) => row.i).sort((a, b) => a - b);
  const first = ready.slice(0, columns());
  const fresh = !touched && first.join() !== chosen.join();
  if (fresh) { chosen = first; focus = first[0] || 0; }
  drawCase();
  drawHead();
  drawMatrix();
  if (fresh || !chosen.length) drawCards();
  drawPlot();
}
watch("value", update);
new MutationObserver(() => value.session && drawPlot()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
update();
