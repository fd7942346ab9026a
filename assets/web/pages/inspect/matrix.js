// The score matrix. Rows are patched one by one: one that is redrawn between press and release would lose the click.

import { el } from "../../lib/dom.js";
import { onKey } from "../../lib/keys.js";
import { letter } from "../../lib/names.js";
import { headRow, scoreCells } from "../../views/matrix.js";
import { flagsOf, hasMeta, isDropped } from "./rows.js";
import { columns } from "./state.js";
import { fillTools, wantedRows } from "./tools.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Row} Row */
/** @typedef {import("../../types").Finding} Finding */
/** @typedef {import("./tools").Tools} Tools */
/** @typedef {ReturnType<typeof makeMatrix>} Matrix */

const TAIL = 70; // characters of what is being written
const MANY = 5; // more responses than this leave no room for the order

/** @param {State} state @param {Tools} tools */
export function makeMatrix(state, tools) {
  const matrix = {
    tools,
    body: el("tbody"),
    /** What the table's head says. */
    of: "",
    /** @type {Map<number, { key: string, line: HTMLElement }>} */
    lines: new Map(),
    /** @type {Map<number, Finding>} */
    flags: new Map(),
  };
  const { matrix: frame } = state.parts;
  frame.addEventListener("click", (event) => {
    const line = lineOf(event);
    if (!line) return;
    choose(state, Number(line.dataset.i));
    state.act.focusRow(Number(line.dataset.i));
  });
  onKey(frame, (event) => press(state, matrix, event));
  return matrix;
}

/** @param {Event} event */
const lineOf = (event) =>
  /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("tr[data-i]"));

/** @param {State} state @param {Matrix} matrix @param {KeyboardEvent} event */
function press(state, matrix, event) {
  const line = lineOf(event);
  if (!line) return;
  if (event.key === "Enter" || event.key === " ") choose(state, Number(line.dataset.i));
  else if (event.key === "ArrowDown") step(state, matrix, 1);
  else if (event.key === "ArrowUp") step(state, matrix, -1);
  else return;
  event.preventDefault();
  state.act.focusRow(state.focus);
}

/** @param {State} state @param {Matrix} matrix */
export function drawMatrix(state, matrix) {
  const { value, parts } = state;
  fillTools(state, matrix.tools);
  matrix.flags = flagsOf(value);
  if (matrix.of !== headKey(state)) newTable(state, matrix);
  const hadFocus = parts.matrix.contains(document.activeElement);
  const shown = wantedLines(state, matrix);
  shown.forEach(([i, row], place) => {
    const line = lineFor(state, matrix, i, row);
    if (matrix.body.children[place] !== line) matrix.body.insertBefore(line, matrix.body.children[place] || null);
  });
  while (matrix.body.children.length > shown.length) matrix.body.lastChild?.remove();
  for (const [i, { line }] of matrix.lines) if (!line.isConnected) matrix.lines.delete(i);
  if (hadFocus && !parts.matrix.contains(document.activeElement)) state.act.focusRow(state.focus);
}

/** @param {State} state */
const headKey = ({ value }) => [value.session, value.n, hasMeta(value.rows), value.alone].join("/");

/** The samples to show; one that is being drawn has no row yet.
 * @param {State} state @param {Matrix} matrix @returns {[number, Row | null][]} */
function wantedLines(state, matrix) {
  const { value, tools } = state;
  /** @type {[number, Row | null][]} */
  const pairs = wantedRows(state, matrix.tools).map((row) => [row.i, row]);
  // One row can be reached by Tab, also where the one that was is not shown any more.
  if (pairs.length && !pairs.some(([i]) => i === state.focus)) state.focus = pairs[0][0];
  if (!value.running || tools.show !== "all") return pairs;
  const have = new Set(value.rows.map(({ i }) => i));
  for (let i = 0; i < value.k; i++) if (!have.has(i)) pairs.push([i, null]);
  return state.sort === "arrival" ? pairs.sort((a, b) => a[0] - b[0]) : pairs;
}

/** The node of a sample, made anew where what it shows has changed.
 * @param {State} state @param {Matrix} matrix @param {number} i @param {Row | null} row */
function lineFor(state, { lines, flags }, i, row) {
  const { chosen, focus, voted, value } = state;
  const flag = flags.get(i);
  const key = JSON.stringify(
    row ? [row, chosen.includes(i), i === focus, isDropped(row, voted), flag?.severity, flag?.kind] : tailOf(value, i),
  );
  const cached = lines.get(i);
  if (cached?.key === key) return cached.line;
  const line = row ? finishedLine(state, row, flag) : runningLine(state, i);
  cached?.line.replaceWith(line);
  lines.set(i, { key, line });
  return line;
}

/** @param {State} state @param {Matrix} matrix */
function newTable(state, matrix) {
  const { value, parts } = state;
  matrix.of = headKey(state);
  matrix.lines.clear();
  const table = el("table", value.n > MANY ? "grm-many" : "");
  table.setAttribute("aria-label", "Scores of every sample");
  const head = headRow(value.n);
  if (hasMeta(value.rows)) head.append(el("th", "grm-meta", "meta"));
  // Responses that were judged one at a time stand in no order.
  if (!value.alone) head.append(el("th", "grm-order", "order shown"));
  const flags = el("th", "grm-flag");
  flags.append(el("span", "grm-hidden", "findings"));
  head.append(flags);
  const top = el("thead");
  top.append(head);
  matrix.body = el("tbody");
  table.append(top, matrix.body);
  parts.matrix.replaceChildren(table);
}

/** @param {State} state @param {Row} row @param {Finding | undefined} flag */
function finishedLine(state, row, flag) {
  const { value, voted, chosen, focus } = state;
  const isOut = isDropped(row, voted);
  const isOn = chosen.includes(row.i);
  const line = el("tr", (isOn ? "grm-on" : "") + (isOut ? " grm-dropped" : ""));
  line.dataset.i = String(row.i);
  line.tabIndex = row.i === focus ? 0 : -1;
  line.setAttribute("aria-selected", String(isOn));
  const place = el("td", "grm-index", (isOut ? "× " : "") + (row.i + 1));
  const k = voted.dials?.k;
  if (isOut) place.title = k && row.i >= k ? "not among the first k" : "dropped by the meta RM's filter";
  line.append(place, ...cells(state, row));
  if (hasMeta(value.rows)) line.append(el("td", "grm-meta", row.meta === null ? "–" : row.meta.toFixed(2)));
  const mark = el("td", "grm-flag", flag ? "!" : "");
  if (flag) {
    mark.title = flag.kind;
    mark.setAttribute("aria-label", flag.kind);
    mark.classList.add(`grm-flag-${flag.severity}`);
  }
  if (!value.alone) line.append(el("td", "grm-order", row.order));
  line.append(mark);
  return line;
}

/** @param {State} state @param {Row} row */
function cells({ value }, row) {
  const made = scoreCells(row, value.n);
  if (!row.scores) made[0].title = row.reason ?? "";
  else {
    row.scores.forEach((score, r) => {
      const at = row.order.indexOf(letter(r)) + 1;
      const how = value.alone ? "judged alone" : `shown ${at} of ${value.n}`;
      made[r].title = `sample ${row.i + 1}, response ${letter(r)}: ${score} of 10, ${how}`;
    });
  }
  return made;
}

/** @param {State["value"]} value @param {number} i */
const tailOf = ({ live = {} }, i) => (live[i] || "").slice(-TAIL);

/** @param {State} state @param {number} i */
function runningLine({ value }, i) {
  const line = el("tr", "grm-running");
  const cell = el("td", "grm-tail", tailOf(value, i) || "·");
  cell.colSpan = value.n + 1 + Number(!value.alone) + Number(hasMeta(value.rows));
  line.append(el("td", "grm-index", i + 1), cell);
  return line;
}

// ---- choosing

/** @param {State} state @param {number} i */
export function focusRow(state, i) {
  state.focus = i;
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (state.parts.matrix.querySelectorAll("tr[data-i]"))) {
    const isIt = Number(line.dataset.i) === i;
    line.tabIndex = isIt ? 0 : -1;
    if (isIt) line.focus({ preventScroll: false });
  }
}

/** Pins a sample, or lets it go. @param {State} state @param {number} i */
export function choose(state, i) {
  const { chosen, act } = state;
  state.touched = true;
  state.chosen = chosen.includes(i) ? chosen.filter((other) => other !== i) : [...chosen, i].slice(-columns(state));
  state.focus = i;
  act.drawMatrix();
  act.drawCards();
}

/** The next samples in the order of the matrix, as many as stand side by side.
 * @param {State} state @param {Matrix} matrix @param {number} by */
export function step(state, { body }, by) {
  const lines = /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("tr[data-i]"));
  const order = [...lines].map((line) => Number(line.dataset.i));
  if (!order.length) return;
  const at = Math.max(0, Math.min(order.length - 1, order.indexOf(state.focus) + by));
  const first = Math.min(at, Math.max(0, order.length - columns(state)));
  open(state, order.slice(first, first + columns(state)), order[at]);
}

/** @param {State} state @param {number[]} places @param {number} [at] */
export function open(state, places, at) {
  state.touched = true;
  state.chosen = places;
  state.focus = at ?? places[0];
  state.act.drawMatrix();
  state.act.drawCards();
}
