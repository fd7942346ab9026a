// Ways to read: sample by sample, all that was said of one response, or the Lab: every question about this vote.

import { button, chip, el, hint } from "../../lib/dom.js";
import { fold } from "../../lib/fold.js";
import { letter } from "../../lib/names.js";
import { isDark } from "../../lib/plot.js";
import { rich, sourceButton } from "../../lib/rich.js";
import { critiqueText } from "../../views/card.js";
import { note } from "../../views/case.js";
import { panel } from "../../views/panel.js";
import { drawSpark } from "../../views/sparkline.js";
import { showInResponse } from "./cards.js";
import { columns, detailOf } from "./state.js";

const UNREAD = "No sample could be read.";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Point} Point */
/** @typedef {import("../../types").InspectSaid} Said */

const LINKED = ["filter", "position", "margin"]; // panels whose points are samples
const NAMED_MOST = 12;
/** @type {(keyof Point)[]} */
const COLUMNS = ["k", "margin", "low", "high", "win", "accuracy"];

/** @param {State} state */
export function drawModes(state) {
  const { parts, value, mode, act } = state;
  parts.modes.replaceChildren();
  parts.modes.hidden = !value.rows.length;
  /** @param {string} text @param {boolean} isPressed @param {() => void} press */
  const tab = (text, isPressed, press) => {
    const node = button(text, "grm-small", press);
    node.setAttribute("aria-pressed", String(isPressed));
    parts.modes.append(node);
  };
  tab("Sample by sample", mode === null, () => act.read(null));
  for (let r = 0; r < value.n; r++) tab(`About ${letter(r)}`, mode === r, () => act.read(r));
  tab("Lab", mode === "lab", () => act.read("lab"));
  if (mode === null && state.chosen.length > 1) tab("Differences", state.comparing, () => compareCards(state));
  const last = el("span", "grm-last grm-chips");
  last.append(sourceButton(), button("Keys (?)", "grm-small", act.showKeys));
  parts.modes.append(last);
  if (mode === null && columns(state) === 1 && value.rows.length > 1) parts.modes.append(pager(state));
}

/** Where one sample is read at a time: which one, and the ones beside it. @param {State} state */
function pager(state) {
  const row = el("div", "grm-pager");
  const before = button("‹", "grm-small", () => turnPage(state, -1));
  const after = button("›", "grm-small", () => turnPage(state, 1));
  before.setAttribute("aria-label", "Previous sample");
  after.setAttribute("aria-label", "Next sample");
  const [now] = state.chosen;
  const said = now === undefined ? "no sample" : `sample ${now + 1}`;
  row.append(before, el("span", "grm-note", `${said} of ${state.value.rows.length}`), after);
  return row;
}

/** The sample before or after, read from its top. @param {State} state @param {number} by */
export function turnPage({ act, parts }, by) {
  act.step(by);
  if (parts.modes.getBoundingClientRect().top < 0) parts.modes.scrollIntoView({ block: "start" });
}

/** @param {State} state */
export function compareCards(state) {
  state.comparing = !state.comparing;
  state.act.drawCards();
}

/** The next response, then sample by sample again. @param {State} state */
export function readNext({ mode, value, act }) {
  if (typeof mode !== "number") act.read(0);
  else act.read(mode + 1 < value.n ? mode + 1 : null);
}

/** @param {State} state @param {number} response @param {() => boolean} isLast */
export async function drawAbout(state, response, isLast) {
  const { cards } = state.parts;
  const passages = await state.ask.about(state.value.session, response);
  if (!isLast() || !passages) return;
  cards.className = "grm-said-of";
  cards.replaceChildren(...passages.map((one) => said(state, response, one)));
  if (!passages.length) cards.replaceChildren(hint(UNREAD));
  // Quotations are looked up one sample after the other, while the passages are read.
  for (const [at, { samples }] of passages.entries()) {
    const sample = await detailOf(state, samples[0]);
    if (!isLast()) return;
    if (sample) cards.children[at]?.querySelector(".grm-rich")?.replaceWith(quoted(state, response, sample));
  }
}

/** What a sample says of a response, or its whole critique where that names none.
 * @param {State} state @param {number} response @param {import("../../types").Detail} sample */
function quoted(state, response, sample) {
  const block = sample.blocks.find((each) => each.response === response);
  const [start, end] = block?.at ?? [0, sample.critique.length];
  return critiqueText(sample, start, end, (quote) => showInResponse(state, quote));
}

/** @param {State} state @param {number} response @param {Said} one */
function said(state, response, { score, samples, text }) {
  const line = el("article");
  const head = el("div", "grm-about-head");
  head.append(chip(response, ` ${score}`));
  if (samples.length > 1) head.append(note(`${samples.length} times`));
  for (const i of samples.slice(0, NAMED_MOST)) {
    head.append(button(`sample ${i + 1}`, "grm-small", () => openSample(state, i)));
  }
  if (samples.length > NAMED_MOST) head.append(note(`and ${samples.length - NAMED_MOST} more`));
  const words = text || "(nothing was written on it)";
  const box = el("div");
  box.append(rich(words));
  line.append(head, fold(box, words, `about/${letter(response)}/${samples[0]}`));
  return line;
}

/** @param {State} state @param {number} i */
function openSample(state, i) {
  state.mode = null;
  state.act.open([i]);
}

// ---- plots

/** Margin over k under the present dials: small beside the verdict, large where it was clicked.
 * @param {State} state @param {ReturnType<typeof import("../../views/sparkline").sparkButton>} spark
 * @param {{ drawn: string, points: unknown, isDark: boolean }} memory what is shown already */
export function drawPlot({ value, voted, dials, parts, isGrown, mode }, spark, memory) {
  const points = voted.points ?? [];
  spark.node.hidden = !points.some(({ margin }) => margin !== null);
  spark.node.setAttribute("aria-expanded", String(isGrown));
  spark.words.textContent = `Margin per sample, k = 1 to ${points.length} ${isGrown ? "▴" : "▾"}`;
  spark.node.title = isGrown ? "Fold the plot" : "Show the plot";
  if (points !== memory.points || isDark() !== memory.isDark) {
    // A canvas is measured: not with every click on a row.
    const isDrawn = drawSpark(spark.canvas, points);
    Object.assign(memory, { points: isDrawn ? points : null, isDark: isDark() });
  }
  const isTie = points.length > 0 && spark.node.hidden;
  parts.plot.hidden = mode === "lab" || !(isGrown || isTie);
  const key = JSON.stringify([value.session, isDark(), voted.how, voted.points, parts.plot.hidden]);
  if (key === memory.drawn) return;
  memory.drawn = key;
  parts.plot.replaceChildren();
  if (!points.length || parts.plot.hidden) return;
  const none = "No margin to draw: the full vote is a tie, or there is only one response. ";
  const curve = {
    name: `margin-${dials.method}`,
    title: "When does the verdict settle?",
    figure: voted.plot ?? null,
    note: (voted.plot ? "" : none) + voted.how,
    columns: COLUMNS,
    rows: points.map((point) => COLUMNS.map((name) => point[name])),
  };
  parts.plot.append(panel(curve, value.session));
}

/** @param {State} state @param {() => boolean} isLast */
export async function drawLab(state, isLast) {
  const { value, dials, ask } = state;
  const { cards } = state.parts;
  if (cards.className !== "grm-lab") cards.replaceChildren(hint("Voting over random subsets …"));
  const panels = await ask.panels(value.session, dials.k, dials.k_meta);
  if (!isLast() || !panels) return;
  cards.className = "grm-lab";
  // A point carries the numbers of its samples: one is opened, several are what the matrix shows.
  const pick = (/** @type {unknown[]} */ points) => pickSamples(state, points);
  cards.replaceChildren(...panels.map((one) => panel(one, value.session, LINKED.includes(one.name) ? pick : null)));
  if (!panels.length) cards.replaceChildren(hint(UNREAD));
}

/** @param {State} state @param {unknown[]} points */
function pickSamples(state, points) {
  const numbers = /** @type {number[]} */ (points.flat().filter(Number.isInteger));
  const places = [...new Set(numbers)].map((number) => number - 1);
  if (!places.length) return;
  if (places.length === 1) {
    openSample(state, places[0]);
    state.act.focusRow(places[0]);
    return;
  }
  state.tools.picked = new Set(places);
  state.act.drawMatrix();
}
