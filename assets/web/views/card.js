// One sample: what its critique says, with quotations looked up, and the raw text with what the parser took from it.

import { chip, el, scrolled } from "../lib/dom.js";
import { onKey } from "../lib/keys.js";
import { colourOf, counted, indexOf, letter } from "../lib/names.js";

/** @typedef {import("../types").Detail} Detail */
/** @typedef {import("../types").Quote} Quote */
/** @typedef {import("../types").Weighted} Weighted */

/** @type {Record<string, string>} */
const FOUND = {
  exact: "stands in response ",
  near: "nearly stands in response ",
  missing: "not found in any response",
  query: "stands in the query",
};

/** A text as plain pieces and own letters: "Response 2" in a critique is the second one *shown*, its letter is put beside
 * it. @param {string} text @param {readonly string[]} order @returns {(string | { own: number })[]} */
export function named(text, order) {
  /** @type {(string | { own: number })[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(/\bResponse\s{1,3}(\d{1,2})\b/gi)) {
    const own = order[Number(match[1]) - 1];
    if (!own || own.length > 1) continue;
    const end = match.index + match[0].length;
    parts.push(text.slice(from, end), { own: indexOf(own) });
    from = end;
  }
  return [...parts, text.slice(from)];
}

/** @param {string} text @param {readonly string[]} order */
const namedNodes = (text, order) =>
  named(text, order).flatMap((part) => (typeof part === "string" ? [part] : [" ", chip(part.own)]));

/** A piece of the critique. Quotations are marked with what became of them when they were looked up.
 * @param {Detail} sample @param {number} start @param {number} end
 * @param {(quote: Quote) => void} show where a response holds the words */
export function critiqueText(sample, start, end, show) {
  const box = el("div", "grm-text");
  let from = start;
  for (const quote of sample.quotes) {
    const [begin, stop] = quote.at;
    if (begin < start || stop > end) continue;
    box.append(...namedNodes(sample.critique.slice(from, begin), sample.order));
    box.append(quoteMark(sample.critique.slice(begin, stop), quote, show));
    from = stop;
  }
  box.append(...namedNodes(sample.critique.slice(from, end).trimEnd(), sample.order));
  return box;
}

/** @param {string} text @param {Quote} quote @param {(quote: Quote) => void} show */
function quoteMark(text, quote, show) {
  const node = el("mark", `grm-quote grm-quote-${quote.found}`, text);
  node.title = FOUND[quote.found] + (quote.response === null ? "" : letter(quote.response));
  if (quote.found === "missing") node.append(el("span", "grm-missing", " not found"));
  if (quote.response === null) return node;
  node.style.setProperty("--c", colourOf(quote.response));
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", `${text}, ${node.title}`);
  node.addEventListener("click", () => show(quote));
  onKey(node, (event) => {
    if (event.key === "Enter") show(quote);
  });
  return node;
}

/** The quotation where the response holds it. @param {HTMLElement} node the response's text @param {Quote} quote */
export function showQuote(node, quote) {
  const [start, end] = quote.where ?? [0, 0];
  const text = node.textContent ?? "";
  const mark = el("mark", `grm-quote grm-quote-${quote.found}`, text.slice(start, end));
  mark.style.setProperty("--c", colourOf(quote.response ?? 0));
  node.replaceChildren(text.slice(0, start), mark, text.slice(end));
  mark.scrollIntoView({ block: "center" });
}

/** Principles with their weights as written, each with a bar beside the heaviest one.
 * @param {readonly Weighted[]} principles */
export function principleLines(principles) {
  const most = Math.max(...principles.map(({ weight }) => weight || 0), 1);
  return principles.map(({ text, weight }) => {
    const line = el("div", "grm-principle");
    line.append(el("span", "", text));
    if (weight !== null) {
      const node = el("span", "grm-weight", weight);
      const fill = el("i");
      node.title = "weight as written";
      fill.style.width = `${Math.max(4, (100 * weight) / most)}%`;
      node.append(fill);
      line.append(node);
    }
    return line;
  });
}

/** Words that were added or left out. @param {readonly (readonly [string, string])[]} changes */
export function changed(changes) {
  const box = el("div", "grm-text");
  box.append(
    ...changes.map(([kind, text]) => (kind === "same" ? text : el(kind === "added" ? "ins" : "del", "", text))),
  );
  return box;
}

const SCROLLED = 2000; // characters of reasoning; more of them get a scroll bar of their own

/** What stands over the reasoning that a server gave apart from the text. @param {string} reasoning */
export const reasoningTitle = (reasoning) =>
  `reasoning, ${counted([...reasoning].length, "character")}: given apart, casts no vote`;

/** That reasoning, folded; nothing where there is none. @param {Pick<Detail, "i" | "reasoning">} sample
 * @param {boolean} isOpen @param {(isOpen: boolean) => unknown} keep what remembers whether it is open */
export function reasoningBox({ i, reasoning }, isOpen, keep) {
  if (!reasoning) return [];
  const box = el("details", "grm-reasoning");
  const text = el("div", "grm-text", reasoning);
  if (reasoning.length > SCROLLED) {
    text.classList.add("grm-long");
    scrolled(text, `Reasoning of sample ${i + 1}`);
  }
  box.open = isOpen;
  box.addEventListener("toggle", () => keep(box.open));
  box.append(el("summary", "", reasoningTitle(reasoning)), text);
  return [box];
}

/** Exactly what the model wrote; what the parser took from it is marked. @param {Detail} sample */
export function rawText({ raw, spans }) {
  const pre = el("pre");
  let from = 0;
  for (const { at, kind } of spans) {
    const [start, end] = at;
    const mark = el("mark", `grm-span-${kind}`, raw.slice(start, end));
    mark.title = kind;
    pre.append(raw.slice(from, start), mark);
    from = end;
  }
  pre.append(raw.slice(from));
  return pre;
}
