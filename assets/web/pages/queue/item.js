// One item: first blind, then what the GRM saw.

import { el } from "../../lib/dom.js";
import { letter } from "../../lib/names.js";
import { keyButton } from "./keys.js";
import { leaveNote } from "./notes.js";
import { caseBox, sampleCard, sampleList } from "./sample.js";
import { say } from "./saving.js";
import { drawFinal } from "./settle.js";
import { saidOf, sampleOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Item} Item */
/** @typedef {import("../../types").End} End */
/** @typedef {import("../../types").Progress} Progress */

const WIDE = "(min-width: 1100px)";

/** @param {State} state @param {Item | End} answer */
export function show(state, answer) {
  const { body, keys } = state.nodes;
  const item = "end" in answer ? null : answer;
  state.item = item;
  state.isOver = !item;
  state.labelled = null;
  if (!item?.others) state.settling = null;
  state.sampleAt = state.principleAt = 0;
  leaveNote(state);
  body.replaceChildren();
  if (item?.revealed && !item.others) {
    const open = (item.samples ?? []).findIndex(({ i }) => !saidOf(item, "class", i));
    state.sampleAt = Math.max(0, open);
  }
  drawProgress(state, answer.progress);
  if (item) drawItem(state);
  else {
    keys.replaceChildren();
    body.replaceChildren(
      el("h2", "", "That was the last item for you in this queue."),
      el("p", "grm-note", "Agreement and the failure report stand above."),
    );
  }
  window.scrollTo(0, 0);
}

/** How far the queue is, above the item and in the list of queues. @param {State} state @param {Progress} now */
export function drawProgress(state, now) {
  const { total, done, mine, pace } = now;
  const { item, nodes, me, choices } = state;
  const bar = el("progress");
  bar.max = Math.max(1, total);
  bar.value = done;
  bar.setAttribute("aria-label", "Items done");
  const place = item ? `item ${item.place + 1} · ` : "";
  const speed = pace ? `, ${pace} s an item` : "";
  nodes.progress.replaceChildren(bar, el("span", "", `${place}${mine} done by you, ${done} of ${total} done${speed}`));
  state.pace = pace;
  const line = choices.queues.find(({ id }) => id === me.queue);
  if (line) Object.assign(line, { total, done, mine });
  state.act.drawQueues();
}

/** @param {State} state */
export function drawItem(state) {
  const { item } = state;
  if (!item) return;
  if (item.revealed) drawSamples(state, item);
  else drawBlind(state, item);
}

/** @param {State} state @param {Item} item */
function drawBlind(state, item) {
  const { body, keys } = state.nodes;
  const question = item.case.responses.length > 1 ? "Which response is best?" : "Is the response good?";
  body.replaceChildren(el("h2", "", question), caseBox(item, true));
  const standing = saidOf(item, "best");
  // One answer at a time: the same key again, while it is being saved, would take it back.
  const act = (/** @type {string} */ label) => async () => {
    if (state.judging) return;
    state.judging = true;
    try {
      if (await say(state, "best", label)) await state.act.reopen();
      else drawItem(state);
    } finally {
      state.judging = false;
    }
  };
  keys.replaceChildren(
    ...item.case.responses.map((_, i) => keyButton(i + 1, letter(i), act(letter(i)), standing?.label === letter(i))),
    keyButton("t", "tie", act("tie")),
    keyButton("0", "cannot say", act("cannot say")),
    keyButton("s", "skip", () => state.act.next(item.place)),
  );
}

// ---- after the blind label: every sample is diagnosed

/** @param {State} state @param {Item} item */
function drawSamples(state, item) {
  const { body } = state.nodes;
  const sample = sampleOf(state);
  const head = el("div", "grm-desk-verdict");
  const who = item.others
    ? `Completed by ${Object.keys(item.others).join(" and ")}`
    : `You said ${saidOf(item, "best")?.label}`;
  const words = item.reason ? `${who}. Here because of: ${item.reason}.` : `${who}.`;
  head.append(el("h2", "", item.verdict), el("p", "grm-note", words));
  const list = sampleList(state, item, (at) => turnTo(state, at));
  const box = caseBox(item, state.caseOpen ?? window.matchMedia(WIDE).matches, sample);
  box.addEventListener("toggle", () => {
    state.caseOpen = box.open;
  });
  const grid = el("div", "grm-desk");
  grid.style.setProperty("--n", String(item.case.responses.length));
  grid.append(list, sampleCard(state, item, sample), box);
  const read = body.querySelector(".grm-case-box")?.scrollTop ?? 0; // the place in a long response stays
  body.replaceChildren(head, grid);
  box.scrollTop = read;
  drawKeys(state, item);
  const now = /** @type {HTMLElement | null} */ (list.querySelector(".grm-on"));
  if (now) list.scrollTop = Math.max(0, now.offsetTop - list.clientHeight / 2);
}

/** @param {State} state @param {Item} item */
function drawKeys(state, item) {
  const { act, settings, nodes } = state;
  const one = sampleOf(state);
  if (item.others) {
    drawFinal(state);
    return;
  }
  const standing = one && saidOf(item, "class", one.i);
  nodes.keys.replaceChildren(
    ...settings.classes.map((label, i) =>
      keyButton(i + 1, label, () => act.labelSample(label), standing?.label === label),
    ),
    keyButton("n", "note", act.startNote),
    keyButton("c", "code", act.startCoding),
    keyButton("j", "next", () => step(state, 1)),
    keyButton("k", "back", () => step(state, -1)),
    keyButton("z", "undo", act.undo),
    keyButton("s", "skip", () => act.next(item.place)),
    keyButton("Enter", "done", act.finish),
  );
}

/** Another sample, from its beginning. @param {State} state @param {number} at */
function goTo(state, at) {
  state.sampleAt = at;
  state.principleAt = 0;
  drawItem(state);
  const card = state.nodes.body.querySelector(".grm-desk-card");
  if (card && card.getBoundingClientRect().top < 0) card.scrollIntoView({ block: "start" });
}

/** The annotator turns to a sample: what was labelled before is no more what a note is about.
 * @param {State} state @param {number} at */
function turnTo(state, at) {
  state.labelled = null;
  goTo(state, at);
}

/** @param {State} state @param {number} by */
export function step(state, by) {
  const count = state.item?.samples?.length ?? 0;
  turnTo(state, Math.max(0, Math.min(count - 1, state.sampleAt + by)));
}

/** @param {State} state */
export function nextPrinciple(state) {
  const count = sampleOf(state)?.principles.length;
  if (!count) return;
  state.principleAt = (state.principleAt + 1) % count;
  drawItem(state);
}

// ---- labels

/** @param {State} state @param {string} label */
export async function labelSample(state, label) {
  const one = sampleOf(state);
  if (!one) return;
  // The page goes on at once: a second key, before the server has answered, is about what is seen then.
  const saving = say(state, "class", label, { sample: one.i });
  const stands = saidOf(state.item, "class", one.i);
  state.labelled = stands ? one.i : null;
  if (stands && state.sampleAt < (state.item?.samples?.length ?? 0) - 1) goTo(state, state.sampleAt + 1);
  else drawItem(state);
  await saving;
}

/** @param {State} state @param {string} label */
export async function labelPrinciple(state, label) {
  const one = sampleOf(state);
  if (!one?.principles.length) return;
  const last = one.principles.length - 1;
  const at = Math.min(state.principleAt, last);
  const saving = say(state, "principle", label, { sample: one.i, place: at });
  state.labelled = null;
  state.principleAt = Math.min(at + 1, last);
  drawItem(state);
  await saving;
}

/** @param {State} state */
export async function finish(state) {
  const { item } = state;
  if (!item || !(await say(state, "done", "done"))) return;
  state.finished = { queue: state.me.queue, place: item.place };
  if (state.item === item) state.act.next();
}
