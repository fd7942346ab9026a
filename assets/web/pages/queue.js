// The annotator's desk: who, which queue, and its items one after the other.

import * as address from "../lib/address.js";
import { button, choice, el, fillChoice, input, labelled, problem } from "../lib/dom.js";
import { keySheet, meant, namesOf, onKey, withModifier } from "../lib/keys.js";
import { memory } from "../lib/memory.js";
import { failed, why } from "../lib/rpc.js";
import { drawCodes } from "./queue/codes.js";
import { makeCoding } from "./queue/coding.js";
import { drawReport, welcome } from "./queue/desk.js";
import {
  drawItem,
  drawProgress,
  finish,
  labelPrinciple,
  labelSample,
  nextPrinciple,
  show,
  step,
} from "./queue/item.js";
import { drawMake } from "./queue/make.js";
import { makeNote, startNote } from "./queue/notes.js";
import { drawPeople } from "./queue/people.js";
import { follow } from "./queue/sample.js";
import { keepSending, send, undo } from "./queue/saving.js";
import { drawAgreement } from "./queue/settle.js";
import { begun, PRINCIPLE_KEYS } from "./queue/state.js";

/** @typedef {import("./queue/state").State} State */
/** @typedef {import("./queue/state").Place} Place */
/** @typedef {ReturnType<typeof made>} Page the state and the nodes of the bar */

const RECOUNT = 20_000; // milliseconds after which what others have done is counted again

/** @param {Place} place */
export function mount(place) {
  const page = made(begun(place));
  const { state, top, sheet } = page;
  const { box, progress, side, body, foot, keys, noteBox, codeBox } = state.nodes;
  makeNote(state);
  foot.append(noteBox, codeBox, keys);
  box.append(sheet.node, top, progress, side, body, foot);
  onKey(document, (event) => {
    if (box.isConnected) press(page, event);
  });
  window.addEventListener("scroll", () => requestAnimationFrame(() => follow(state)), { passive: true });
  document.addEventListener("visibilitychange", () => recount(state));
  setInterval(() => recount(state), RECOUNT);
  keepSending(state);
  place.element.append(box);
  begin(page);
}

/** @param {State} state */
function made(state) {
  const { me, settings, nodes } = state;
  const queue = choice(
    [],
    (id) => {
      me.queue = id;
      state.act.begin();
    },
    "queue-name",
  );
  const who = input({ type: "text", value: me.name, placeholder: "your name", maxLength: 80, id: "queue-author" });
  const page = { state, queue, who, top: el("div", "grm-session-bar"), sheet: keySheet(keysOf(settings.classes)) };
  who.addEventListener("change", () => {
    me.name = who.value.trim();
    memory.write("author", me.name);
    state.act.begin();
  });
  const rest = el("div", "grm-desk-tools");
  rest.append(
    button("New queue", "grm-small", () => drawMake(state)),
    button("Agreement", "grm-small", () => drawAgreement(state)),
    button("Code book", "grm-small", () => drawCodes(state)),
    button("Failure report", "grm-small", () => drawReport(state)),
    button("GRM against people", "grm-small", () => drawPeople(state)),
    button("Back to the item", "grm-small grm-queue-back", () => state.act.begin()),
    button("Keys (?)", "grm-small", () => page.sheet.show()),
  );
  page.top.append(labelled("Annotator", who), labelled("Queue", queue), rest, nodes.saved);
  state.act = {
    begin: () => begin(page),
    next: (after) => next(state, after),
    reopen: () => reopen(state),
    show: (answer) => show(state, answer),
    drawItem: () => drawItem(state),
    undo: () => undo(state),
    finish: () => finish(state),
    labelSample: (label) => labelSample(state, label),
    labelPrinciple: (label) => labelPrinciple(state, label),
    nextPrinciple: () => nextPrinciple(state),
    startNote: () => startNote(state),
    startCoding: makeCoding(state),
    drawQueues: () => drawQueues(page),
  };
  return page;
}

/** @param {Page} page */
function drawQueues({ state: { choices, me }, queue }) {
  const options = choices.queues.map(
    ({ id, title, done, total }) => /** @type {[string, string]} */ ([id, `${title} (${done} of ${total})`]),
  );
  fillChoice(queue, [["", "Choose a queue"], ...options], me.queue);
}

/** What others have done since, and items of a run that grows. @param {State} state */
async function recount(state) {
  const { me, nodes, ask, act } = state;
  if (document.hidden || !nodes.box.isConnected) return;
  const isLast = state.turns.now();
  const now = await ask.overview(me.name);
  if (!now || !isLast()) return;
  const before = state.choices.queues.find(({ id }) => id === me.queue);
  const line = now.queues.find(({ id }) => id === me.queue);
  state.choices = now;
  if (!line) act.drawQueues();
  else if (state.isOver && line.total > (before?.total ?? line.total)) await act.next();
  else if (state.item) drawProgress(state, { ...line, pace: state.pace });
  else act.drawQueues();
}

/** @param {Page} page */
async function begin(page) {
  const { state, who, top } = page;
  const { me, nodes } = state;
  const isLast = state.turns.next();
  state.choices = (await state.ask.overview(me.name)) || state.choices;
  if (!isLast()) return;
  if (state.choices.author) {
    me.name = who.value = state.choices.author;
    who.disabled = true; // labels carry the login
  }
  address.name({ queue: me.queue });
  drawQueues(page);
  nodes.side.replaceChildren();
  if (!me.name || !me.queue) {
    state.item = null;
    state.isOver = false;
    nodes.keys.replaceChildren();
    nodes.progress.replaceChildren();
    nodes.body.replaceChildren(welcome(state));
    return;
  }
  await send(state);
  await next(state);
  const focused = document.activeElement;
  // Or the keys would type there.
  if (top.contains(focused) && focused?.tagName !== "BUTTON") nodes.body.focus({ preventScroll: true });
}

/** @param {State} state @param {number} [after] */
async function next(state, after = -1) {
  const answer = await state.ask.take(state.me.queue, state.me.name, after);
  if (failed(answer)) state.nodes.body.replaceChildren(problem(why(answer)));
  else show(state, answer);
}

/** @param {State} state */
async function reopen(state) {
  const answer = await state.ask.look(state.me.queue, state.me.name, state.item?.place ?? 0);
  if (!failed(answer)) show(state, answer);
}

// ---- keys

/** @param {string[]} classes @returns {[string, string][]} */
const keysOf = (classes) => [
  ["1 2 3 4 5 6 7 8", `the best response; then what the sample is: ${classes.join(", ")}`],
  ["t 0", "a tie; cannot say"],
  ["j k", "next, previous sample (arrows too)"],
  ["p", "the next principle"],
  ["f u b", `the principle: ${PRINCIPLE_KEYS.map(([, label]) => label).join(", ")}`],
  ["n", "a note on the sample labelled last, or on the one you turned to; on what is selected of it"],
  ["c", "codes of the sample, from a code book"],
  ["z", "undo; on a new item: open the last one again"],
  ["s", "skip the item"],
  ["Enter", "the item is done"],
  ["o j k", "under Agreement: open that sample, next, previous; the labels' own keys say which one is final"],
];

/** What a key does: a button that shows it is pressed, the others are of the samples.
 * @param {State} state @param {string} pressed @returns {(() => unknown) | undefined} */
function actOf(state, pressed) {
  const { item, act, nodes } = state;
  const buttons = [...nodes.keys.querySelectorAll("button")];
  const target = buttons.find((node) => node.firstChild?.textContent === pressed);
  if (target) return () => target.click();
  if (state.settling) return undefined;
  const principle = PRINCIPLE_KEYS.find(([key]) => key === pressed);
  if (item?.revealed && pressed === "p") return act.nextPrinciple;
  if (item?.revealed && principle) return () => act.labelPrinciple(principle[1]);
  if (item?.revealed && pressed === "ArrowDown") return () => step(state, 1);
  if (item?.revealed && pressed === "ArrowUp") return () => step(state, -1);
  return pressed === "z" ? act.undo : undefined;
}

/** @param {Page} page @param {KeyboardEvent} event */
function press({ state, sheet }, event) {
  const target = /** @type {Element} */ (event.target);
  if (withModifier(event) || event.repeat || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  if (event.key === "Enter" && target.closest("a, button, summary, [role=button]")) return; // it does what it says
  if (namesOf(event).includes("?")) {
    sheet.show();
    return;
  }
  if (!sheet.live() || !(state.item || state.finished || state.settling)) return;
  const act = meant(event, (name) => actOf(state, name));
  if (!act) return;
  event.preventDefault();
  act();
}
