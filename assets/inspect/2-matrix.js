// ---- score matrix ------------------------------------------------------------------------------------------------
// Rows are patched one by one: a row that is redrawn between press and release would lose the click.
const rowNodes = new Map();  // sample index -> {key, tr}
let rowsOf = "";
let body = el("tbody");
function drawMatrix() {
  if (rowsOf !== tableKey()) newTable();
  const have = new Map(value.rows.map((row) => [row.i, row]));
  const hadFocus = matrix.contains(document.activeElement);
  let place = body.firstChild;
  for (let i = 0; i < value.k; i++) {
    const row = have.get(i);
    if (!row && !value.running) { rowNodes.get(i)?.tr.remove(); rowNodes.delete(i); continue; }
    const key = JSON.stringify(row ? [row, chosen.includes(i), i === focus, dropped(row)] : ((value.live || {})[i] || "").slice(-70));
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

// The meta RM's column is there once it has read a sample.
const metaKnown = () => value.rows.some((row) => row.meta !== null);
const tableKey = () => [value.session, value.n, metaKnown()].join("/");
const dropped = (row) => Boolean(value.kept) && row.scores && !value.kept.includes(row.i);

function newTable() {
  rowsOf = tableKey();
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
  if (metaKnown()) head.append(el("th", "grm-meta", "meta"));
  head.append(el("th", "grm-order", "order"));
  const thead = el("thead");
  thead.append(head);
  body = el("tbody");
  table.append(thead, body);
  matrix.replaceChildren(table);
}

function finishedRow(row) {
  const tr = el("tr", (chosen.includes(row.i) ? "grm-on" : "") + (dropped(row) ? " grm-dropped" : ""));
  tr.dataset.i = row.i;
  tr.tabIndex = row.i === focus ? 0 : -1;
  tr.setAttribute("aria-selected", chosen.includes(row.i));
  const place = el("td", "grm-index", (dropped(row) ? "× " : "") + (row.i + 1));
  if (dropped(row)) place.title = value.dials && value.dials.k && row.i >= value.dials.k ? "not among the first k" : "dropped by the meta RM's filter";
  tr.append(place);
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
  if (metaKnown()) tr.append(el("td", "grm-meta", row.meta === null ? "–" : row.meta.toFixed(2)));
  tr.append(el("td", "grm-order", row.order));
  return tr;
}

function runningRow(i) {
  const tr = el("tr", "grm-running");
  tr.append(el("td", "grm-index", i + 1));
  const tail = (value.live || {})[i];
  const cell = el("td", "grm-tail", tail ? tail.slice(-70) : "·");
  cell.colSpan = value.n + 1 + metaKnown();
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
