// The annotator's desk: who, which queue, and its items one after the other.

import * as address from "../lib/address.js";
import { button, choice, el, fillChoice, input, labelled, problem } from "../lib/dom.js";
import { keySheet, meant, namesOf, onKey, withModifier } from "../lib/keys.js";
import { memory } from "../lib/memory.js";
import { failed, why } from "../lib/rpc.js";
import { drawAgreement, drawMake, drawReport, welcome } from "./queue/desk.js";
import { drawItem, finish, labelPrinciple, labelSample, makeNote, show, startNote, step } from "./queue/item.js";
import { keepSending, send, undo } from "./queue/saving.js";
import { begun, PRINCIPLE_KEYS } from "./queue/state.js";

/** @typedef {import("./queue/state").State} State */
/** @typedef {import("./queue/state").Place} Place */
/** @typedef {ReturnType<typeof made>} Page the state and the nodes of the bar */

/** @param {Place} place */
export function mount(place) {
  const page = made(begun(place));
  const { state, top, sheet } = page;
  const { box, progress, side, body, foot } = state.nodes;
  makeNote(state);
  box.append(sheet.node, top, progress, side, body, foot);
  onKey(document, (event) => {
    if (box.isConnected) press(page, event);
  });
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
  page.top.append(
    labelled("I am", who),
    labelled("queue", queue),
    button("new queue", "grm-small", () => drawMake(state)),
    button("agreement", "grm-small", () => drawAgreement(state)),
    button("failure report", "grm-small", () => drawReport(state)),
    button("to the item", "grm-small", () => state.act.begin()),
    button("keys: ?", "grm-small", () => page.sheet.show()),
    nodes.saved,
  );
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
    startNote: () => startNote(state),
  };
  return page;
}

/** @param {Page} page */
async function begin({ state, queue, who, top }) {
  const { me, nodes } = state;
  const isLast = state.turns.next();
  state.choices = (await state.ask.overview(me.name)) || state.choices;
  if (!isLast()) return;
  if (state.choices.author) {
    me.name = who.value = state.choices.author;
    who.disabled = true; // labels carry the login
  }
  address.name({ queue: me.queue });
  const options = state.choices.queues.map(
    ({ id, title, done, total }) => /** @type {[string, string]} */ ([id, `${title} (${done} of ${total})`]),
  );
  fillChoice(queue, [["", "choose"], ...options], me.queue);
  nodes.side.replaceChildren();
  if (!me.name || !me.queue) {
    state.item = null;
    nodes.foot.replaceChildren();
    nodes.progress.replaceChildren();
    nodes.body.replaceChildren(welcome(state));
    return;
  }
  await send(state);
  await next(state);
  const focused = document.activeElement;
  // Or the keys would type there.
  if (top.contains(focused) && focused?.tagName !== "BUTTON") nodes.body.focus();
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
  ["n", "a note on what is selected"],
  ["z", "undo; on a new item: open the last one again"],
  ["s", "skip the item"],
  ["Enter", "the item is done"],
];

/** What a key does: a button that shows it is pressed, the others are of the samples.
 * @param {State} state @param {string} pressed @returns {(() => unknown) | undefined} */
function actOf(state, pressed) {
  const { item, act, nodes } = state;
  const buttons = [...nodes.foot.querySelectorAll("button")];
  const target = buttons.find((node) => node.firstChild?.textContent === pressed);
  if (target) return () => target.click();
  const principle = PRINCIPLE_KEYS.find(([key]) => key === pressed);
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
  if (!sheet.live() || !(state.item || state.finished)) return;
  const act = meant(event, (name) => actOf(state, name));
  if (!act) return;
  event.preventDefault();
  act();
}
