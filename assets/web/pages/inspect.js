// The Inspect page: everything arrives as data, from the component's value and from answers of the server.

import * as address from "../lib/address.js";
import { el } from "../lib/dom.js";
import { actOf, keySheet, meant, namesOf, onKey, withModifier } from "../lib/keys.js";
import { turnSource } from "../lib/rich.js";
import { onSwipe } from "../lib/swipe.js";
import { titled } from "../lib/title.js";
import { drawBar, makeBar, openComposer } from "./inspect/bar.js";
import { drawSamples, markCards, toggleRaw } from "./inspect/cards.js";
import { drawDials, makeDials, moveK, moveMeta, nameView, nextMethod, play } from "./inspect/dials.js";
import {
  drawCase,
  drawFindings,
  drawHead,
  drawRecent,
  makeHead,
  nextFinding,
  titleOf,
  toggleCase,
} from "./inspect/head.js";
import { choose, drawMatrix, focusRow, makeMatrix, open, step } from "./inspect/matrix.js";
import { compareCards, drawAbout, drawLab, drawModes, drawPlot, readNext, turnPage } from "./inspect/modes.js";
import { viewOf } from "./inspect/rows.js";
import { begun, columns, METHODS, shownOf } from "./inspect/state.js";
import { clearTools, findWords, makeTools } from "./inspect/tools.js";

/** @typedef {import("./inspect/state").State} State */
/** @typedef {import("./inspect/state").Place} Place */
/** @typedef {import("../types").View} View */
/** @typedef {ReturnType<typeof made>} Page the state and the nodes of its parts */

const IN_FIELD = "input:not([type=radio], [type=range], [type=checkbox]), textarea, select, [contenteditable=true]";

/** @param {Place} place */
export function mount(place) {
  const { element, props, watch } = place;
  const page = made(begun(place));
  const { state } = page;
  state.root.append(page.sheet.node);
  onKey(document, (event) => {
    if (element.isConnected) press(page, event);
  });
  watch("value", () => update(page, props.value));
  const themed = () => {
    if (!state.value.session) return;
    state.act.drawPlot();
    if (state.mode === "lab") drawCards(page);
  };
  window.addEventListener("resize", () => {
    page.plot.points = null; // drawn anew, as wide as it is now
    state.act.drawPlot();
  });
  new MutationObserver(themed).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  update(page, props.value);
  // A stored session is asked for at once; what the page's own load event pushes comes a second later.
  const linked = address.params().get("session");
  if (linked) openLinked(page, linked);
}

/** @param {Page} page @param {string} session */
async function openLinked(page, session) {
  const view = await page.state.ask.view(session);
  if (view?.session && !page.state.value.session) update(page, view);
}

/** @param {State} state */
function made(state) {
  const tools = makeTools(state);
  const page = {
    state,
    tools,
    matrix: makeMatrix(state, tools),
    dials: makeDials(state),
    head: makeHead(state),
    bar: makeBar(state),
    recent: el("nav", "grm-recent"),
    plot: { drawn: "", points: /** @type {unknown} */ (null), isDark: false },
    /** The samples that were voted last. */
    votedOf: "",
    keys: /** @type {ReturnType<typeof keysOf>} */ ([]),
    sheet: keySheet([]),
  };
  onSwipe(state.parts.cards, (by) => {
    if (state.mode === null && columns(state) === 1) turnPage(state, by);
  });
  page.keys = keysOf(page);
  page.sheet = keySheet(page.keys);
  Object.assign(state.act, {
    drawMatrix: () => drawMatrix(state, page.matrix),
    drawCards: () => drawCards(page),
    drawPlot: () => drawPlot(state, page.head.spark, page.plot),
    focusRow: (/** @type {number} */ i) => focusRow(state, i),
    open: (/** @type {number[]} */ places, /** @type {number} */ at) => open(state, places, at),
    step: (/** @type {number} */ by) => step(state, page.matrix, by),
    read: (/** @type {State["mode"]} */ mode) => {
      state.mode = mode;
      drawCards(page);
    },
    turn: (/** @type {Partial<State["dials"]>} */ change) => {
      Object.assign(state.dials, change);
      nameView(state);
      vote(page);
    },
    showKeys: () => page.sheet.show(),
  });
  return page;
}

// ---- updates

/** @param {Page} page @param {View | null} view */
function update(page, view) {
  const { state } = page;
  const { element, root } = state;
  if (!element.contains(root)) element.append(root);
  const before = state.value.session;
  state.value = shownOf(view);
  const { value } = state;
  const isOther = value.session !== before;
  if (isOther) {
    if (before && before !== state.comparedWith) state.comparedWith = ""; // it belongs to the session scored next
    newSession(page);
    openComposer(!value.session);
    titled(titleOf(state));
  }
  if (value?.missing) openComposer(true);
  nameView(state);
  root.hidden = !value.session;
  root.dataset.phase = value.phase || "";
  root.dataset.done = String(value.rows.length);
  const isFresh = chooseFirst(state);
  drawAll(page);
  if (isFresh || !state.chosen.length || isOther) drawCards(page);
  state.act.drawPlot();
  const news = `${value.session}/${value.rows.length}/${value.running}`;
  if (!value.rows.length || news === page.votedOf) return;
  page.votedOf = news;
  vote(page);
  if (state.tools.words) findWords(state, state.tools.words);
}

/** The first samples are shown until the person chooses others; whether they have changed. @param {State} state */
function chooseFirst(state) {
  const ready = state.value.rows.map(({ i }) => i).sort((a, b) => a - b);
  const first = ready.slice(0, columns(state));
  if (state.touched || first.join() === state.chosen.join()) return false;
  state.chosen = first;
  state.focus = first[0] || 0;
  return true;
}

/** @param {Page} page */
function drawAll(page) {
  const { state, head } = page;
  drawRecent(state, page.recent);
  drawBar(state, page.bar);
  drawCase(state, head);
  drawHead(state, head);
  drawDials(state, page.dials);
  drawFindings(state, head);
  drawMatrix(state, page.matrix);
}

/** @param {Page} page */
function newSession(page) {
  const { state } = page;
  if (state.playing) play(state, page.dials.player);
  const params = address.params();
  // While a session that was just scored opens, the address still names the one before.
  const view = viewOf(params.get("session") === state.value.session ? params : new URLSearchParams(), METHODS);
  const touched = view.chosen.length > 0;
  Object.assign(state, { voted: {}, comparing: false, focus: view.chosen[0] ?? 0, touched, ...view });
  page.plot.drawn = page.votedOf = "";
  state.rawShown.clear();
  state.reasoningShown.clear();
  clearTools(state, page.tools);
}

/** @param {Page} page */
async function vote(page) {
  const { state } = page;
  const { dials, ask } = state;
  const { session } = state.value;
  const isLast = state.voteTurns.next();
  const isAsked = () => isLast() && session === state.value.session;
  const vote = /** @type {const} */ ([session, dials.method, dials.k, dials.k_meta]);
  const verdict = await ask.voted(...vote);
  if (!isAsked() || !verdict) return;
  const { kept, winner, plot, points, how } = state.voted;
  const before = JSON.stringify([kept, winner]);
  state.voted = { ...verdict, plot, points, how }; // the curve comes after the verdict; until then the one before stands
  drawHead(state, page.head);
  drawDials(state, page.dials);
  titled(titleOf(state));
  if (JSON.stringify([state.voted.kept, state.voted.winner]) !== before) {
    drawMatrix(state, page.matrix);
    markCards(state);
  }
  if (state.mode === "lab" && !state.playing) drawCards(page);
  state.root.dataset.voted = [session, state.value.rows.length, ...vote.slice(1).map((part) => part ?? "")].join("/");
  const curve = await ask.drawn(...vote);
  if (!isAsked()) return;
  state.voted = { ...state.voted, plot: null, points: [], how: "", ...curve };
  state.act.drawPlot();
}

/** @param {Page} page */
async function drawCards({ state }) {
  const isLast = state.cardTurns.next();
  nameView(state);
  drawModes(state);
  state.act.drawPlot();
  if (state.mode === "lab") await drawLab(state, isLast);
  else if (state.mode === null) await drawSamples(state, isLast);
  else await drawAbout(state, state.mode, isLast);
}

// ---- keys

/** @param {{ state: State } & Record<"matrix" | "dials" | "head" | "tools", any>} page
 * @returns {import("../lib/keys").KeyRow[]} */
function keysOf({ state, matrix, dials, head, tools }) {
  const { act } = state;
  const find = () => {
    tools.more.open = true;
    tools.words.focus();
  };
  return [
    ["j k", "next, previous sample", () => step(state, matrix, 1), () => step(state, matrix, -1)],
    ["x", "pin the sample of the focused row, or let it go", () => choose(state, state.focus)],
    ["r", "raw text of the samples shown", () => toggleRaw(state)],
    ["s", "texts as they were written, or as they are read", turnSource],
    ["d", "mark how the samples differ", () => compareCards(state)],
    ["b", "read about the next response, then sample by sample again", () => readNext(state)],
    ["m", "next voting method", () => nextMethod(state)],
    ["[ ]", "one sample fewer, more in the vote", () => moveK(state, -1), () => moveK(state, 1)],
    ["- +", "k_meta down, up", () => moveMeta(state, dials, -1), () => moveMeta(state, dials, 1)],
    ["l", "the Lab: plots of this vote", () => act.read(state.mode === "lab" ? null : "lab")],
    ["p", "play the vote from k = 1, or stop it", () => play(state, dials.player)],
    ["f", "find in principles and critiques", find],
    ["c", "open or close query and responses", () => toggleCase(state)],
    ["n", "samples of the next finding", () => nextFinding(state, head)],
  ];
}

/** @param {Page} page @param {KeyboardEvent} event */
function press({ state, keys, sheet }, event) {
  if (withModifier(event) || !state.value.session) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest(IN_FIELD)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (namesOf(event).includes("?")) {
    sheet.show();
    return;
  }
  const act = sheet.live() ? meant(event, (name) => actOf(keys, name)) : undefined;
  if (!act) return;
  event.preventDefault();
  act();
}
