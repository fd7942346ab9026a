// One sample: what its critique says, with quotations looked up, and the raw text with what the parser took from it.

import { chip, el, scrolled } from "../lib/dom.js";
import { unfold } from "../lib/fold.js";
import { onKey } from "../lib/keys.js";
import { colourOf, counted, indexOf, letter } from "../lib/names.js";
import { remark, rich } from "../lib/rich.js";

/** @typedef {import("../types").Detail} Detail */
/** @typedef {import("../types").Quote} Quote */
/** @typedef {import("../types").Weighted} Weighted */
/** @typedef {import("../lib/rich.js").Mark} Mark */

/** @type {Record<string, string>} */
const FOUND = {
  exact: "stands in response ",
  near: "nearly stands in response ",
  missing: "not found in any response",
  query: "stands in the query",
};

/** "Response 2" in a critique is the second one *shown*: where such a name ends, and which response it means.
 * @param {string} text @param {readonly string[]} order */
export function named(text, order) {
  return [...text.matchAll(/\bResponse\s{1,3}(\d{1,2})\b/gi)].flatMap((match) => {
    const own = order[Number(match[1]) - 1];
    return own?.length === 1 ? [{ at: match.index + match[0].length, own: indexOf(own) }] : [];
  });
}

/** A piece of the critique. Quotations are marked with what became of them when they were looked up, and the own letter
 * stands beside "Response 2".
 * @param {Detail} sample @param {number} start @param {number} end
 * @param {(quote: Quote) => void} show where a response holds the words */
export function critiqueText(sample, start, end, show) {
  const text = sample.critique.slice(start, end).trimEnd();
  const quotes = sample.quotes.filter(({ at: [begin, stop] }) => begin >= start && stop <= end);
  /** @type {Mark[]} */
  const marks = quotes.map((quote) => {
    const [begin, stop] = quote.at;
    const words = sample.critique.slice(begin, stop);
    return { at: [begin - start, stop - start], make: (isFirst) => quoteMark(words, quote, isFirst ? show : null) };
  });
  for (const { at, origin } of quotes) {
    const end = at[1] - start;
    if (origin === "missing") marks.push({ at: [end, end], make: () => el("span", "grm-missing", " not found") });
  }
  for (const { at, own } of named(text, sample.order)) {
    const isQuoted = quotes.some(({ at: [begin, stop] }) => begin - start < at && at <= stop - start);
    if (!isQuoted) marks.push({ at: [at, at], make: () => chip(own) });
  }
  return rich(text, { marks });
}

/** What stands around a quotation, or around its later parts where it goes over several elements: then `show` is null.
 * @param {string} words @param {Quote} quote @param {((quote: Quote) => void) | null} show */
function quoteMark(words, quote, show) {
  const node = el("mark", `grm-quote grm-quote-${quote.origin}`);
  node.title = FOUND[quote.origin] + (quote.response === null ? "" : letter(quote.response));
  if (quote.response === null) return node;
  node.style.setProperty("--c", colourOf(quote.response));
  if (!show) return node;
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", `${words}, ${node.title}`);
  node.addEventListener("click", () => show(quote));
  onKey(node, (event) => {
    if (event.key === "Enter") show(quote);
  });
  return node;
}

/** The quotation where the response holds it, and no other. @param {HTMLElement} node the response's text
 * @param {Quote} quote */
export function showQuote(node, quote) {
  const [start, end] = quote.where ?? [0, 0];
  for (const each of node.closest(".grm-responses")?.querySelectorAll(".grm-rich") ?? []) remark(each, []);
  unfold(node);
  const make = () => {
    const mark = el("mark", `grm-quote grm-quote-${quote.origin}`);
    mark.style.setProperty("--c", colourOf(quote.response ?? 0));
    return mark;
  };
  remark(node, [{ at: [start, end], make }]);
  node.querySelector("mark")?.scrollIntoView({ block: "center" });
}

/** Principles with their weights as written, each with a bar beside the heaviest one.
 * @param {readonly Weighted[]} principles */
export function principleLines(principles) {
  const most = Math.max(...principles.map(({ weight }) => weight || 0), 1);
  return principles.map(({ text, weight }) => {
    const line = el("div", "grm-principle");
    line.append(rich(text, { isLine: true }));
    if (weight !== null) {
      const node = el("span", "grm-weight", weight);
      node.prepend(el("span", "grm-hidden", "weight "));
      const fill = el("i");
      node.title = "weight as written";
      fill.style.width = `${Math.max(4, (100 * weight) / most)}%`;
      node.append(fill);
      line.append(node);
    }
    return line;
  });
}

/** The other text, with the words that were added or left out. @param {readonly (readonly [string, string])[]} changes */
export function changed(changes) {
  /** @type {Mark[]} */
  const marks = [];
  let text = "";
  for (const [kind, words] of changes) {
    const at = text.length;
    if (kind !== "removed") text += words;
    if (kind === "added") marks.push({ at: [at, text.length], make: () => el("ins") });
    if (kind === "removed") marks.push({ at: [at, at], make: () => el("del", "", words) });
  }
  return rich(text, { marks });
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
