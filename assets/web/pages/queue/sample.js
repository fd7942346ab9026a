// A sample to be labelled: the list of samples, what one of them says of each response, and the responses beside it.

import { chip, el } from "../../lib/dom.js";
import { letter, weightText } from "../../lib/names.js";
import { rich } from "../../lib/rich.js";
import { critiqueText, rawText, reasoningBox, showQuote } from "../../views/card.js";
import { note, responses, title, turns } from "../../views/case.js";
import { codesOf } from "./coding.js";
import { keyButton } from "./keys.js";
import { characters } from "./notes.js";
import { PRINCIPLE_KEYS, saidOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Item} Item */
/** @typedef {import("./state").Detail} Detail */

const MUCH = 300; // characters of a query; a longer one is written smaller
const QUOTED = 120; // characters of a text that a note shows
const READ = 0.4; // of the window's height: what stands there is what is read

// ---- the case

/** Query and responses. With the sample that is read, each response says as which one it was shown and what it got.
 * @param {Item} item @param {boolean} isOpen @param {Detail} [sample] */
export function caseBox(item, isOpen, sample) {
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

/** The response of which the part that is read speaks stands in view beside it. @param {State} state */
export function follow(state) {
  const { body } = state.nodes;
  const box = body.querySelector(".grm-desk .grm-case-box");
  if (!box || window.getComputedStyle(box).position !== "sticky") return;
  const parts = /** @type {HTMLElement[]} */ ([...body.querySelectorAll(".grm-about[data-own]")]);
  const read = parts.filter((part) => part.getBoundingClientRect().top < window.innerHeight * READ).pop();
  const own = read ? Number(read.dataset.own) : null;
  if (own === state.reading) return;
  state.reading = own;
  const card = /** @type {HTMLElement | undefined} */ (box.querySelectorAll(".grm-response")[own ?? -1]);
  if (card) box.scrollTop += card.getBoundingClientRect().top - box.getBoundingClientRect().top - 8;
}

/** The words of a quotation where the response holds them.
 * @param {State} state @param {import("../../types").Quote} quote */
function showInResponse({ nodes: { body } }, quote) {
  const box = /** @type {HTMLDetailsElement | null} */ (body.querySelector(".grm-case-box"));
  const texts = /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll(".grm-response .grm-text"));
  const node = texts[quote.response ?? -1];
  if (!box || !node) return;
  box.open = true;
  for (const each of texts) each.replaceChildren(each.textContent ?? "");
  showQuote(node, quote);
}

// ---- the list

/** @param {State} state @param {Item} item @param {(at: number) => unknown} choose */
export function sampleList(state, item, choose) {
  const list = el("div", "grm-desk-list");
  const count = item.case.responses.length;
  list.style.setProperty("--n", String(count));
  const head = el("div", "grm-desk-head");
  head.append(el("span", "", "#"), ...item.case.responses.map((_, i) => el("span", "", letter(i))));
  head.append(el("span", "grm-said-head", "Label"));
  list.append(head);
  (item.samples ?? []).forEach((one, at) => {
    const isOn = at === state.sampleAt;
    const node = el("button", isOn ? "grm-on" : "");
    node.type = "button";
    node.addEventListener("click", () => choose(at));
    const label = classOf(item, one.i);
    const said = el("span", "grm-said-class", label);
    said.title = label;
    node.append(el("b", "", one.i + 1), ...scoreCells(one, label ? count : count + 1), said);
    if (item.mine.some(({ kind, sample }) => kind === "span" && sample === one.i)) {
      node.append(el("span", "grm-noted", "note"));
    }
    node.setAttribute("aria-current", String(isOn));
    list.append(node);
  });
  return list;
}

/** What the sample was called: by the author, or by all where their labels are compared.
 * @param {Item} item @param {number} sample */
function classOf(item, sample) {
  if (!item.others) return saidOf(item, "class", sample)?.label ?? "";
  const labels = Object.values(item.others).map((mine) => saidOf({ mine }, "class", sample)?.label);
  return [...new Set(labels.filter(Boolean))].join(" / ");
}

/** @param {Detail} one @param {number} count */
function scoreCells({ scores, reason }, count) {
  if (scores) return scores.map((score) => el("span", "", score));
  const cell = el("span", "grm-none", reason);
  cell.style.gridColumn = `span ${count}`;
  cell.title = reason ?? "";
  return [cell];
}

// ---- what a sample says

/** @param {State} state @param {Item} item @param {Detail | undefined} one */
export function sampleCard(state, item, one) {
  const card = el("article", "grm-desk-card");
  if (!one) {
    card.append(el("p", "grm-note", "This session has no samples."));
    return card;
  }
  const head = el("header", "grm-desk-title");
  head.append(el("h3", "", `Sample ${one.i + 1}`), el("span", "grm-note", `shown ${one.order.join(" ")}`));
  head.append(...(one.scores ?? []).map((score, own) => chip(own, ` ${score}`)));
  if (one.reason) head.append(el("span", "grm-bad", `casts no vote: ${one.reason}`));
  card.append(
    head,
    ...(item.others ? sideBySide(item.others, one.i) : [...codesBox(state, one), ...notesOf(item, one)]),
  );
  if (one.principles.length) card.append(principlesHead(state, item));
  card.append(...one.principles.map((_, at) => principleLine(state, item, one, at)));
  card.append(...critique(state, item, one));
  card.append(
    ...reasoningBox(one, state.reasoningOpen, (isOpen) => {
      state.reasoningOpen = isOpen;
    }),
    rawBox(state, one),
  );
  return card;
}

/** The codes that the author has given to the sample. @param {State} state @param {Detail} one */
function codesBox(state, one) {
  const codes = codesOf(state, one.i);
  if (!codes.length) return [];
  const line = el("p", "grm-code-line");
  line.append(note("Codes: "), ...codes.map(({ name }) => el("span", "grm-code-tag", name)));
  return [line];
}

/** What the author noted of the sample. @param {Item} item @param {Detail} one */
function notesOf(item, one) {
  const whole = [...one.raw].length;
  const notes = item.mine.filter(({ kind, sample, span }) => kind === "span" && sample === one.i && span);
  return notes.map(({ span, note: words }) => {
    const [start, end] = /** @type {[number, number]} */ (span);
    const of = end - start < whole ? `“${characters(one.raw, [start, end]).slice(0, QUOTED)}”: ` : "Note: ";
    return el("p", "grm-span-note", of + words);
  });
}

/** What every annotator said of a sample, one beside the other.
 * @param {Record<string, import("./state").Label[]>} others @param {number} sample */
function sideBySide(others, sample) {
  const box = el("div", "grm-sides");
  for (const [author, mine] of Object.entries(others)) {
    const side = el("section");
    const about = mine.filter((one) => one.sample === sample && (one.kind === "class" || one.kind === "span"));
    const words = about.map(({ kind, label, note: text }) => el("p", "", kind === "class" ? label : `Note: ${text}`));
    const best = saidOf({ mine }, "best")?.label;
    side.append(el("h4", "", author), ...(best ? [note(`best response: ${best}`)] : []), ...words);
    box.append(side);
  }
  return [box];
}

/** The critique, cut by response; the whole text where nothing of it could be read.
 * @param {State} state @param {Item} item @param {Detail} one */
function critique(state, item, one) {
  if (!one.critique) return [];
  const begin = critiqueAt(one);
  const show = (/** @type {import("../../types").Quote} */ quote) => showInResponse(state, quote);
  /** @param {number | null} of */
  const texts = (of) =>
    one.blocks
      .filter(({ response }) => response === of)
      .map(({ at: [start, end] }) => source(critiqueText(one, start, end, show), begin + start, begin + end));
  const isApart = one.blocks.some(({ response }) => response !== null);
  const parts = [el("h4", "", "Critique"), ...texts(null)];
  item.case.responses.forEach((_, own) => {
    const about = el("div", "grm-about");
    const score = one.scores?.[own];
    const head = el("div", "grm-about-head");
    const text = texts(own);
    about.dataset.own = String(own);
    head.append(chip(own, score === undefined ? undefined : ` ${score}`));
    if (!text.length) head.append(note("nothing is said of it"));
    about.append(head, ...text);
    if (isApart) parts.push(about);
  });
  return parts;
}

/** Where the critique begins in the raw text, in UTF-16 units. @param {Pick<Detail, "spans" | "raw" | "critique">} one */
function critiqueAt({ spans, raw, critique: text }) {
  const marked = spans.find(({ kind }) => kind === "critique")?.at[0] ?? -1;
  return marked >= 0 && raw.startsWith(text, marked) ? marked : raw.indexOf(text);
}

/** A part of the page that shows these units of the raw text. @template {HTMLElement} T
 * @param {T} node @param {number} from @param {number} to @returns {T} */
function source(node, from, to) {
  node.dataset.from = String(from);
  node.dataset.to = String(to);
  return node;
}

/** Exactly what the model wrote: folded where its parts stand above. @param {State} state @param {Detail} one */
function rawBox(state, one) {
  const box = el("details", "grm-raw");
  const text = source(rawText(one), 0, one.raw.length);
  text.id = "grm-raw";
  box.open = state.rawOpen || !one.critique;
  box.addEventListener("toggle", () => {
    if (one.critique) state.rawOpen = box.open;
  });
  box.append(el("summary", "", "Raw text"), text);
  return box;
}

/** @param {State} state @param {Item} item */
function principlesHead({ act }, item) {
  const head = el("div", "grm-principles-head");
  head.append(el("h4", "", "Principles"));
  if (!item.others) head.append(keyButton("p", "next principle", act.nextPrinciple));
  return head;
}

/** @param {State} state @param {Item} item @param {Detail} one @param {number} at */
function principleLine(state, item, one, at) {
  const { text, weight } = one.principles[at];
  const standing = saidOf(item, "principle", one.i, at);
  const line = el("div", `grm-desk-principle${at === state.principleAt ? " grm-on" : ""}`);
  const keys = el("span", "grm-principle-keys");
  const said = el("span", "grm-text");
  said.append(rich(text, { isLine: true }), weightText(weight));
  line.append(said, keys);
  for (const [pressed, label] of item.others ? [] : PRINCIPLE_KEYS) {
    const act = () => {
      state.principleAt = at;
      state.act.labelPrinciple(label);
    };
    keys.append(keyButton(pressed, label, act, standing?.label === label));
  }
  return line;
}
