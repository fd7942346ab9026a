// Notes: on the sample that was labelled, or on what is selected of the text that is read.

import { onKey } from "../../lib/keys.js";
import { placeOf as placeRendered } from "../../lib/rich.js";
import { say } from "./saving.js";
import { saidOf, sampleOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Detail} Detail */

const QUOTED = 60; // characters of a selection that the field's label shows

/** Part of a text; places are counted in characters as Python counts them, not in UTF-16 units.
 * @param {string} text @param {readonly [number, number]} span */
export const characters = (text, [start, end]) => [...text].slice(start, end).join("");

/** Places in a text, counted in characters; the whole text for null.
 * @param {string} raw @param {{ startOffset: number, endOffset: number } | null} range @returns {[number, number]} */
export function spanOf(raw, range) {
  if (!range) return [0, [...raw].length];
  return [[...raw.slice(0, range.startOffset)].length, [...raw.slice(0, range.endOffset)].length];
}

/** Where words stand in a part of a text: the place nearest to the one expected, or the whole part where they do not
 * stand there as they are shown. @param {string} text @param {number} from @param {number} to
 * @param {string} words @param {number} expected */
export function placeOf(text, from, to, words, expected) {
  const part = text.slice(from, to);
  let best = -1;
  for (let at = part.indexOf(words); words && at >= 0; at = part.indexOf(words, at + 1)) {
    if (best < 0 || Math.abs(at - expected) < Math.abs(best - expected)) best = at;
  }
  if (best < 0) return { startOffset: from, endOffset: to };
  return { startOffset: from + best, endOffset: from + best + words.length };
}

/** The sample's own words in a piece of the page, without the letters and remarks that the page puts in.
 * @param {DocumentFragment} piece */
function wordsOf(piece) {
  for (const node of piece.querySelectorAll(".grm-chip, .grm-missing")) {
    if (node.previousSibling?.nodeValue === " ") node.previousSibling.remove();
    node.remove();
  }
  return piece.textContent ?? "";
}

/** What is selected of the sample that is read. @param {Detail} sample */
function selection(sample) {
  const chosen = window.getSelection();
  if (!chosen?.rangeCount || chosen.isCollapsed) return null;
  const range = chosen.getRangeAt(0);
  const within = (/** @type {Node} */ node) =>
    (node instanceof Element ? node : node.parentElement)?.closest("[data-from]") ?? null;
  const part = /** @type {HTMLElement | null} */ (within(range.startContainer));
  if (!part || part !== within(range.endContainer)) return null;
  const rendered = placeRendered(part, range);
  if (rendered) {
    const from = Number(part.dataset.from);
    return { startOffset: from + rendered[0], endOffset: from + rendered[1] };
  }
  const before = range.cloneRange();
  before.setStart(part, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const expected = wordsOf(before.cloneContents()).length;
  const words = wordsOf(range.cloneContents()).trim();
  return placeOf(sample.raw, Number(part.dataset.from), Number(part.dataset.to), words, expected);
}

/** Opens the field. @param {State} state */
export function startNote(state) {
  const { item, nodes } = state;
  const read = sampleOf(state);
  const range = read ? selection(read) : null;
  const labelled = item?.samples?.find(({ i }) => i === state.labelled);
  const sample = range ? read : (labelled ?? read);
  if (!sample?.raw) return;
  const span = spanOf(sample.raw, range);
  const label = saidOf(item, "class", sample.i)?.label;
  const words = range ? `: “${characters(sample.raw, span).slice(0, QUOTED)}”` : label ? ` (${label})` : "";
  leaveNote(state);
  state.noteOn = { sample: sample.i, span };
  nodes.noteOn.textContent = `Note on sample ${sample.i + 1}${words}`;
  nodes.noteBox.hidden = false;
  nodes.noteInput.value = "";
  nodes.noteInput.focus();
}

/** Closes the fields of the key bar; what was typed is gone. @param {State} state */
export function leaveNote({ nodes: { noteBox, codeBox } }) {
  noteBox.hidden = true;
  codeBox.hidden = true;
}

/** @param {State} state */
export function makeNote(state) {
  const { noteBox, noteOn, noteInput, body } = state.nodes;
  noteOn.htmlFor = noteInput.id;
  noteBox.append(noteOn, noteInput);
  noteBox.hidden = true;
  onKey(noteInput, async (event) => {
    event.stopPropagation();
    const note = noteInput.value.trim();
    if (event.key !== "Escape" && (event.key !== "Enter" || !note)) return;
    leaveNote(state);
    body.focus({ preventScroll: true });
    if (event.key === "Escape" || !state.noteOn) return;
    const saving = say(state, "span", "span", { ...state.noteOn, note });
    state.act.drawItem();
    await saving;
  });
}
