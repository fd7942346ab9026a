// ---- score matrix ------------------------------------------------------------------------------------------------
// Rows are patched one by one: a row that is redrawn between press and release would lose the click.
const rowNodes = new Map();  // sample index -> {key, tr}
let rowsOf = "";
let body = el("tbody");
function drawMatrix() {
  fillTools();
  if (rowsOf !== tableKey()) newTable();
  const hadFocus = matrix.contains(document.activeElement);
  const wanted = arranged().map((row) => [row.i, row]);
  // One row can be reached by Tab, also where the one that was is not shown any more.
  if (wanted.length && !wanted.some(([i]) => i === focus)) focus = wanted[0][0];
  const have = new Set(value.rows.map((row) => row.i));
  if (value.running && tools.show === "all") {
    for (let i = 0; i < value.k; i++) if (!have.has(i)) wanted.push([i, null]);
    if (tools.sort === "arrival") wanted.sort((a, b) => a[0] - b[0]);
  }
  wanted.forEach(([i, row], place) => {
    const key = JSON.stringify(row ? [row, chosen.includes(i), i === focus, dropped(row), flagOf(row)] : ((value.live || {})[i] || "").slice(-70));
    let known = rowNodes.get(i);
    if (!known || known.key !== key) {
      const tr = row ? finishedRow(row) : runningRow(i);
      if (known) known.tr.replaceWith(tr);
      known = { key, tr };
      rowNodes.set(i, known);
    }
    if (body.children[place] !== known.tr) body.insertBefore(known.tr, body.children[place] || null);
  });
  while (body.children.length > wanted.length) body.lastChild.remove();
  for (const [i, { tr }] of rowNodes) if (!tr.isConnected) rowNodes.delete(i);
  if (hadFocus && !matrix.contains(document.activeElement)) focusRow(focus);
}

// The meta RM's column is there once it has read a sample.
const metaKnown = () => value.rows.some((row) => row.meta !== null);
const tableKey = () => [value.session, value.n, metaKnown()].join("/");
const dropped = (row) => Boolean(voted.kept) && Boolean(row.scores) && !voted.kept.includes(row.i);
const orderOf = () => [...body.querySelectorAll("tr[data-i]")].map((tr) => Number(tr.dataset.i));

// The gravest finding that names this sample and not all of them.
let flags = new Map(), flagsOf = null;
function flagOf(row) {
  if (flagsOf !== value.findings) {
    flagsOf = value.findings;
    flags = new Map();
    for (const one of value.findings || []) {
      if (one.samples.length < value.rows.length) for (const i of one.samples) if (!flags.has(i)) flags.set(i, one);
    }
  }
  const found = flags.get(row.i);
  return found ? found.severity + " " + found.kind : "";
}

function newTable() {
  rowsOf = tableKey();
  rowNodes.clear();
  const table = el("table", value.n > 5 ? "grm-many" : "");
  table.setAttribute("aria-label", "Scores of every sample");
  const head = el("tr");
  head.append(el("th", "", "#"));
  for (let r = 0; r < value.n; r++) {
    const cell = el("th");
    cell.append(chip(r));
    head.append(cell);
  }
  if (metaKnown()) head.append(el("th", "grm-meta", "meta"));
  head.append(el("th", "grm-order", "shown"), el("th", "grm-flag", ""));
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
  if (dropped(row)) place.title = voted.dials.k && row.i >= voted.dials.k ? "not among the first k" : "dropped by the meta RM's filter";
  tr.append(place);
  if (row.scores) {
    const best = Math.max(...row.scores);
    row.scores.forEach((score, r) => {
      const cell = el("td", "grm-score" + (score === best && value.n > 1 ? " grm-best" : ""), score);
      cell.style.setProperty("--s", score / 10);
      const at = row.order.indexOf(letter(r)) + 1;
      cell.title = "sample " + (row.i + 1) + ", response " + letter(r) + ": " + score + " of 10, " + (value.alone ? "judged alone" : "shown " + at + " of " + value.n);
      tr.append(cell);
    });
  } else {
    const cell = el("td", "grm-failed", row.reason);
    cell.colSpan = value.n;
    cell.title = row.reason;
    tr.append(cell);
  }
  if (metaKnown()) tr.append(el("td", "grm-meta", row.meta === null ? "–" : row.meta.toFixed(2)));
  tr.append(el("td", "grm-order", value.alone ? "alone" : row.order));
  const flag = flagOf(row), mark = el("td", "grm-flag", flag ? "!" : "");
  if (flag) { mark.title = flag.slice(flag.indexOf(" ") + 1); mark.classList.add("grm-flag-" + flag.split(" ")[0]); }
  tr.append(mark);
  return tr;
}

function runningRow(i) {
  const tr = el("tr", "grm-running");
  tr.append(el("td", "grm-index", i + 1));
  const tail = (value.live || {})[i];
  const cell = el("td", "grm-tail", tail ? tail.slice(-70) : "·");
  cell.colSpan = value.n + 2 + metaKnown();
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

// The next samples in the order of the matrix, as many as stand side by side.
function step(by) {
  const order = orderOf();
  if (!order.length) return;
  const at = Math.max(0, Math.min(order.length - 1, order.indexOf(focus) + by));
  focus = order[at];
  const first = Math.min(at, Math.max(0, order.length - columns()));
  open(order.slice(first, first + columns()), order[at]);
}

function open(places, at) {
  touched = true;
  chosen = places;
  focus = at ?? places[0];
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
