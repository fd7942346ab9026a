// One item: first blind, then what the GRM saw.

import { button, el } from "../../lib/dom.js";
import { onKey } from "../../lib/keys.js";
import { letter, weightText } from "../../lib/names.js";
import { reasoningBox } from "../../views/card.js";
import { note, responses, title, turns } from "../../views/case.js";
import { say } from "./saving.js";
import { PRINCIPLE_KEYS, saidOf, sampleOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Item} Item */
/** @typedef {import("./state").Detail} Detail */
/** @typedef {import("../../types").End} End */
/** @typedef {import("../../types").Progress} Progress */

const MUCH = 300; // characters of a query; a longer one is written smaller
const QUOTED = 120; // characters of a text that a note shows
const WIDE = "(min-width: 1100px)";

/** A button that shows its key. @param {string | number} pressed @param {string} label @param {() => unknown} act
 * @param {boolean} [isOn] */
export function keyButton(pressed, label, act, isOn = false) {
  const node = button("", `grm-key${isOn ? " grm-on" : ""}`, act);
  node.append(el("kbd", "", pressed), ` ${label}`);
  node.setAttribute("aria-pressed", String(isOn));
  return node;
}

/** @param {State} state @param {Item | End} answer */
export function show(state, answer) {
  const { body, foot } = state.nodes;
  const item = "end" in answer ? null : answer;
  state.item = item;
  state.sampleAt = state.principleAt = 0;
  body.replaceChildren();
  if (item?.revealed) {
    const open = (item.samples ?? []).findIndex(({ i }) => !saidOf(item, "class", i));
    state.sampleAt = Math.max(0, open);
  }
  drawProgress(state, answer.progress);
  if (item) drawItem(state);
  else {
    foot.replaceChildren();
    body.replaceChildren(
      el("h2", "", "That was the last item for you in this queue."),
      el("p", "grm-note", "Agreement and the failure report stand above."),
    );
  }
  window.scrollTo(0, 0);
}

/** @param {State} state @param {Progress} now */
function drawProgress({ item, nodes: { progress } }, { total, done, mine, pace }) {
  const bar = el("progress");
  bar.max = Math.max(1, total);
  bar.value = done;
  bar.setAttribute("aria-label", "Items done");
  const place = item ? `item ${item.place + 1} · ` : "";
  const speed = pace ? `, ${pace} s an item` : "";
  progress.replaceChildren(bar, el("span", "", `${place}${mine} done by you, ${done} of ${total} done${speed}`));
}

/** @param {State} state */
export function drawItem(state) {
  const { item } = state;
  if (!item) return;
  if (item.revealed) drawSamples(state, item);
  else drawBlind(state, item);
}

/** Query and responses. With the sample that is read, each response says as which one it was shown and what it got.
 * @param {Item} item @param {boolean} isOpen @param {Detail} [sample] */
function caseBox(item, isOpen, sample) {
  const part = el("details", "grm-case-box");
  const query = reachable(el("div", "grm-asked-box"), "Query");
  const { labels } = item.case;
  part.open = isOpen;
  query.append(...turns(item.case, (content) => `grm-asked grm-text${content.length > MUCH ? " grm-much" : ""}`));
  const list = responses(item.case, (i) => [
    title(i),
    ...(sample ? [note(shownAs(sample, i))] : []),
    ...(labels ? [note(`label ${labels[i]}`)] : []),
  ]);
  [...list.children].forEach((card, i) => {
    reachable(/** @type {HTMLElement} */ (card), `Response ${letter(i)}`);
  });
  part.append(el("summary", "", "Query and responses"), query, list);
  return part;
}

/** @param {Pick<Detail, "order" | "scores">} sample @param {number} i */
export const shownAs = ({ order, scores }, i) =>
  `shown as Response ${order.indexOf(letter(i)) + 1}${scores ? `: ${scores[i]}/10` : ""}`;

/** What may have to be scrolled can be reached by keyboard. @param {HTMLElement} node @param {string} label */
function reachable(node, label) {
  Object.assign(node, { tabIndex: 0, role: "group", ariaLabel: label });
  return node;
}

/** @param {State} state @param {Item} item */
function drawBlind(state, item) {
  const { body, foot } = state.nodes;
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
  foot.replaceChildren(
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
  const head = el("div", "grm-verdict");
  const words = `You said ${saidOf(item, "best")?.label}. Here because of: ${item.reason}.`;
  head.append(el("h2", "", item.verdict), el("p", "grm-note", words));
  const list = sampleList(state, item);
  const box = caseBox(item, state.caseOpen ?? window.matchMedia(WIDE).matches, sample);
  box.addEventListener("toggle", () => {
    state.caseOpen = box.open;
  });
  const grid = el("div", "grm-desk");
  grid.append(list, sampleCard(state, item, sample), box);
  const read = body.querySelector(".grm-case-box")?.scrollTop ?? 0; // the place in a long response stays
  body.replaceChildren(head, grid);
  box.scrollTop = read;
  drawKeys(state, item);
  const now = /** @type {HTMLElement | undefined} */ (list.children[state.sampleAt]);
  if (now) list.scrollTop = Math.max(0, now.offsetTop - list.clientHeight / 2);
}

/** @param {State} state @param {Item} item */
function sampleList(state, item) {
  const list = el("div", "grm-desk-list");
  (item.samples ?? []).forEach((one, at) => {
    const isOn = at === state.sampleAt;
    const node = button("", isOn ? "grm-on" : "", () => {
      state.sampleAt = at;
      state.principleAt = 0;
      drawItem(state);
    });
    const label = saidOf(item, "class", one.i)?.label ?? "";
    node.append(el("b", "", one.i + 1), el("span", "", one.scores ? one.scores.join(" ") : one.reason));
    node.append(el("span", "grm-said-class", label));
    node.setAttribute("aria-current", String(isOn));
    list.append(node);
  });
  return list;
}

/** @param {State} state @param {Item} item @param {Detail | undefined} one */
function sampleCard(state, item, one) {
  const card = el("article", "grm-desk-card");
  if (!one) {
    card.append(el("p", "grm-note", "This session has no samples."));
    return card;
  }
  card.append(el("h3", "", `Sample ${one.i + 1}, shown ${one.order.join(" ")}`));
  if (one.principles.length) card.append(el("h4", "", "Principles"));
  card.append(...one.principles.map((_, at) => principleLine(state, item, one, at)));
  const text = el("div", "grm-text grm-raw-text", one.raw);
  text.id = "grm-raw";
  const reasoning = reasoningBox(one, state.reasoningOpen, (isOpen) => {
    state.reasoningOpen = isOpen;
  });
  card.append(...reasoning, el("h4", "", "What it wrote"), text);
  for (const { kind, sample, span, note: words } of item.mine) {
    if (kind !== "span" || sample !== one.i || !span) continue;
    card.append(el("p", "grm-span-note", `“${characters(one.raw, span).slice(0, QUOTED)}”: ${words}`));
  }
  if (state.noteOn && state.noteOn.sample !== one.i) state.nodes.noteBox.hidden = true;
  card.append(state.nodes.noteBox);
  return card;
}

/** Part of a text; places are counted in characters as Python counts them, not in UTF-16 units.
 * @param {string} text @param {readonly [number, number]} span */
export const characters = (text, [start, end]) => [...text].slice(start, end).join("");

/** @param {State} state @param {Item} item @param {Detail} one @param {number} at */
function principleLine(state, item, one, at) {
  const { text, weight } = one.principles[at];
  const standing = saidOf(item, "principle", one.i, at);
  const line = el("div", `grm-desk-principle${at === state.principleAt ? " grm-on" : ""}`);
  line.append(el("span", "grm-text", text + weightText(weight)));
  for (const [pressed, label] of PRINCIPLE_KEYS) {
    const act = () => {
      state.principleAt = at;
      state.act.labelPrinciple(label);
    };
    line.append(keyButton(pressed, label, act, standing?.label === label));
  }
  return line;
}

/** @param {State} state @param {Item} item */
function drawKeys(state, item) {
  const { act, settings, nodes } = state;
  const one = sampleOf(state);
  const standing = one && saidOf(item, "class", one.i);
  nodes.foot.replaceChildren(
    ...settings.classes.map((label, i) =>
      keyButton(i + 1, label, () => act.labelSample(label), standing?.label === label),
    ),
    keyButton("n", "note", act.startNote),
    keyButton("j", "next", () => step(state, 1)),
    keyButton("k", "back", () => step(state, -1)),
    keyButton("p", "principle", () => nextPrinciple(state)),
    keyButton("z", "undo", act.undo),
    keyButton("s", "skip", () => act.next(item.place)),
    keyButton("Enter", "done", act.finish),
  );
}

/** @param {State} state @param {number} by */
export function step(state, by) {
  const count = state.item?.samples?.length ?? 0;
  state.sampleAt = Math.max(0, Math.min(count - 1, state.sampleAt + by));
  state.principleAt = 0;
  drawItem(state);
}

/** @param {State} state */
function nextPrinciple(state) {
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
  if (saidOf(state.item, "class", one.i) && state.sampleAt < (state.item?.samples?.length ?? 0) - 1) {
    state.sampleAt += 1;
    state.principleAt = 0;
  }
  drawItem(state);
  await saving;
}

/** @param {State} state @param {string} label */
export async function labelPrinciple(state, label) {
  const one = sampleOf(state);
  if (!one?.principles.length) return;
  const last = one.principles.length - 1;
  const at = Math.min(state.principleAt, last);
  const saving = say(state, "principle", label, { sample: one.i, place: at });
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

// ---- notes

/** What is selected of a text in characters, the whole text without a selection.
 * @param {string} raw @param {{ startOffset: number, endOffset: number } | null} range @returns {[number, number]} */
export function spanOf(raw, range) {
  if (!range) return [0, [...raw].length];
  return [[...raw.slice(0, range.startOffset)].length, [...raw.slice(0, range.endOffset)].length];
}

/** @param {State} state */
export function startNote(state) {
  const node = document.getElementById("grm-raw");
  const one = sampleOf(state);
  if (!node || !one?.raw) return;
  const chosen = window.getSelection();
  const isInside =
    chosen?.rangeCount && !chosen.isCollapsed && node.contains(chosen.anchorNode) && node.contains(chosen.focusNode);
  state.noteOn = { sample: one.i, span: spanOf(one.raw, isInside ? chosen.getRangeAt(0) : null) };
  state.nodes.noteBox.hidden = false;
  state.nodes.noteInput.value = "";
  state.nodes.noteInput.focus();
}

/** @param {State} state */
export function makeNote(state) {
  const { noteBox, noteInput, body } = state.nodes;
  noteBox.append(noteInput);
  noteBox.hidden = true;
  onKey(noteInput, async (event) => {
    event.stopPropagation();
    const note = noteInput.value.trim();
    if (event.key !== "Escape" && (event.key !== "Enter" || !note)) return;
    noteBox.hidden = true;
    body.focus();
    if (event.key === "Escape" || !state.noteOn) return;
    const saving = say(state, "span", "span", { ...state.noteOn, note });
    drawItem(state);
    await saving;
  });
}
