// Text that a model or a person wrote, as it is read: Markdown, code in colours, formulas. Or as it was written, where the
// reader wants that or the text is too long.
//
// Nothing here makes HTML of it: the libraries read the text, and what they found becomes elements of our choice and text
// nodes. Pictures are links, links lead to http, https and mailto only.

import { button, el, scrolled } from "./dom.js";
import { reader } from "./markdown.js";
import { isSource, prefer } from "./preferences.js";
import { vendored } from "./vendor.js";

/** @typedef {import("./markdown.js").Piece} Piece */
/** @typedef {import("./markdown.js").Leaf} Leaf */
/** @typedef {import("./markdown.js").Code} Code */
/** @typedef {import("./markdown.js").Formula} Formula */

/** What stands out of a text, by its place in the source: `make` gives the element around it, or what is put there where
 * the place is a point. A place over several elements has one each; `isFirst` says whether it is the first.
 * @typedef {{ at: readonly [number, number], make: (isFirst: boolean) => HTMLElement }} Mark */

/** A node of the page and the place of the source that it shows; `isWhole`: no character of it has a place of its own.
 * @typedef {{ node: Text | HTMLElement, at: number, upto: number, isWhole: boolean }} Segment */

/** `pieces`: what was read of the text; null where it has too many parts, undefined where it was not read yet.
 * @typedef {{ text: string, marks: readonly Mark[], isLine: boolean, segments: Segment[], pieces?: Piece[] | null }} Shown */

/** Longer texts are shown as they were written. */
export const RENDERED_MOST = 60_000;
const COLOURED_MOST = 20_000; // characters of a piece of code
const APPLIED = "\u2061"; // what MathML has between the name of a function and what it is applied to
const FORMULAS_MOST = 300; // of one text; the others are shown as they were written
const TAGS = new Set(
  "p ul ol li blockquote table thead tbody tr th td em strong s code a br hr".split(" "), // whatever markdown-it finds
);

/** @type {WeakMap<Element, Shown>} */
const shown = new WeakMap();

// ---- libraries, each fetched when it is first wanted

/** A library that is here now, or null; where it is not, `then` is called once it is.
 * @param {string} name @param {(library: any) => any} [made] */
function library(name, made = (it) => it) {
  /** @type {any} */
  let ready = null;
  /** @type {Promise<void> | null} */
  let coming = null;
  return (/** @type {() => void} */ then) => {
    if (ready) return ready;
    coming ??= vendored(name).then((it) => {
      ready = made(it);
    });
    coming.then(then, () => console.warn(`${name} could not be loaded: texts are shown as they were written`));
    return null;
  };
}

const markdown = library("markdown-it", reader);
const highlighter = library("highlight");
const katex = library("katex");

markdown(() => {}); // so that it is here when the first text comes

// A theme, too, is a preference: texts that stay as they are need not be drawn. Node, which tests this, has no page.
let wasSource = globalThis.document ? isSource() : false;
globalThis.document?.addEventListener("grm:preferences", () => {
  if (wasSource === isSource()) return;
  wasSource = isSource();
  for (const node of document.querySelectorAll(".grm-rich")) draw(node);
  for (const node of document.querySelectorAll(".grm-source")) node.setAttribute("aria-pressed", String(wasSource));
});

// ---- what pages call

/** The text as it is read; `isLine`: marks inside a line only, as for a principle.
 * @param {string} text @param {{ marks?: readonly Mark[], isLine?: boolean }} [options] */
export function rich(text, { marks = [], isLine = false } = {}) {
  const node = el(isLine ? "span" : "div", "grm-rich grm-text");
  shown.set(node, { text, marks, isLine, segments: [] });
  draw(node);
  return node;
}

/** Other things stand out of a text now. @param {Element} node made by `rich` @param {readonly Mark[]} marks */
export function remark(node, marks) {
  const state = shown.get(node);
  if (!state) return;
  state.marks = marks;
  draw(node);
}

/** The place in the source of what is selected inside a text; null where the selection leaves it.
 * @param {Element} node made by `rich` @param {Range} range @returns {[number, number] | null} */
export function placeOf(node, range) {
  const state = shown.get(node);
  if (!state || !node.contains(range.startContainer) || !node.contains(range.endContainer)) return null;
  const places = [];
  for (const { node: part, at, upto, isWhole } of state.segments) {
    if (!range.intersectsNode(part)) continue;
    const from = !isWhole && part === range.startContainer ? at + range.startOffset : at;
    places.push(from, !isWhole && part === range.endContainer ? at + range.endOffset : upto);
  }
  return places.length ? [Math.min(...places), Math.max(...places)] : null;
}

/** A document of the server with its formulas set: it can only write them as LaTeX. @param {string} html */
export async function withFormulas(html) {
  const formula = /<(span|div) class="formula"><code>([^<]*)<\/code><\/\1>/g; // text holds no "<" here
  if (!formula.test(html)) return html;
  const library = await vendored("katex").catch(() => null);
  return html.replaceAll(formula, (whole, tag, escaped) => {
    const set = library && setOf(library, unescaped(escaped), tag === "div");
    return set ? `<${tag} class="formula">${set}</${tag}>` : whole;
  });
}

/** @param {string} text as the server's templates escape it */
const unescaped = (text) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

/** Shows all texts as they were written, or as they are read. */
export const turnSource = () => prefer("source", !isSource());

/** A button for that. */
export function sourceButton() {
  const node = button("Source", "grm-small grm-source", turnSource);
  node.title = "Show all texts exactly as they were written";
  node.setAttribute("aria-pressed", String(isSource()));
  return node;
}

// ---- drawing

/** @param {Element} node */
function draw(node) {
  const state = shown.get(node);
  if (!state) return;
  const { text, isLine } = state;
  const read = isSource() || text.length > RENDERED_MOST ? null : markdown(() => draw(node));
  if (read && state.pieces === undefined) state.pieces = isLine ? read.readLine(text) : read.read(text);
  const pieces = read && state.pieces;
  state.segments = [];
  node.classList.toggle("grm-rendered", Boolean(pieces));
  if (pieces) {
    const context = { segments: state.segments, formulas: 0, again: () => draw(node) };
    node.replaceChildren(...pieces.map((/** @type {Piece} */ piece) => nodeOf(piece, context)));
  } else {
    const whole = document.createTextNode(text);
    state.segments.push({ node: whole, at: 0, upto: text.length, isWhole: false });
    node.replaceChildren(whole);
  }
  mark(state);
}

/** @typedef {{ segments: Segment[], formulas: number, again: () => void }} Context */

/** @param {Piece} piece @param {Context} context @returns {Node} */
function nodeOf(piece, context) {
  if ("text" in piece) return textOf(piece, context);
  if ("leaves" in piece) return codeOf(piece, context);
  if ("formula" in piece) return formulaOf(piece, context);
  const { tag, children } = piece;
  const node = /** @type {HTMLElement} */ (tag === "h" || !TAGS.has(tag) ? el("div") : el(/** @type {any} */ (tag)));
  if (tag === "h") node.className = `grm-h grm-h${piece.level}`;
  if (node instanceof HTMLOListElement && piece.start !== undefined) node.start = piece.start;
  if (node instanceof HTMLAnchorElement) linked(node, piece.href ?? "");
  if (piece.align) node.style.textAlign = piece.align;
  node.append(...children.map((child) => nodeOf(child, context)));
  if (!(node instanceof HTMLTableElement)) return node;
  const frame = scrolled(el("div", "grm-wide"), "Table");
  frame.append(node);
  return frame;
}

/** @param {HTMLAnchorElement} node @param {string} href */
function linked(node, href) {
  Object.assign(node, { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" });
}

/** @param {Leaf} leaf @param {Context} context */
function textOf({ text, at, upto }, { segments }) {
  const node = document.createTextNode(text);
  segments.push({ node, at, upto, isWhole: text.length !== upto - at });
  return node;
}

/** @param {Code} code @param {Context} context */
function codeOf({ leaves, language }, context) {
  const frame = el("pre");
  const box = el("code");
  frame.append(box);
  if (language) frame.dataset.language = language;
  const text = leaves.map((leaf) => leaf.text).join("");
  const library = language && text.length <= COLOURED_MOST ? highlighter(context.again) : null;
  const tree = library?.getLanguage(language) ? library.highlight(text, { language })._emitter.root : null;
  if (tree) box.append(...coloured(tree, new Pen(leaves, context)));
  else box.append(...leaves.map((leaf) => textOf(leaf, context)));
  return frame;
}

/** Gives out the leaves of a piece of code bit by bit. */
class Pen {
  /** @param {readonly Leaf[]} leaves @param {Context} context */
  constructor(leaves, context) {
    this.leaves = [...leaves];
    this.context = context;
    this.used = 0;
  }

  /** The next so many characters. @param {number} length @returns {Node[]} */
  write(length) {
    const nodes = [];
    let left = length;
    while (left > 0 && this.leaves.length) {
      const [{ text, at }] = this.leaves;
      const count = Math.min(left, text.length - this.used);
      const from = at + this.used;
      nodes.push(
        textOf({ text: text.slice(this.used, this.used + count), at: from, upto: from + count }, this.context),
      );
      this.used += count;
      left -= count;
      if (this.used === text.length) {
        this.leaves.shift();
        this.used = 0;
      }
    }
    return nodes;
  }
}

/** What highlight.js found, as elements. @param {{ children: any[] }} tree @param {Pen} pen @returns {Node[]} */
function coloured({ children }, pen) {
  return children.flatMap((child) => {
    if (typeof child === "string") return pen.write(child.length);
    const inner = coloured(child, pen);
    if (!child.scope) return inner;
    const node = el("span", `hljs-${child.scope.split(".")[0]}`);
    node.append(...inner);
    return [node];
  });
}

/** @param {Formula} piece @param {Context} context */
function formulaOf({ formula, isDisplayed, at, upto }, context) {
  const node = el(isDisplayed ? "div" : "span", `grm-formula${isDisplayed ? " grm-formula-apart" : ""}`);
  context.formulas += 1;
  const library = context.formulas <= FORMULAS_MOST ? katex(context.again) : null;
  const isSet = library && tried(isDisplayed, (options) => library.render(formula, node, options) ?? true);
  if (isSet) spaceNames(node);
  else node.replaceChildren(el("code", "", formula.trim()));
  context.segments.push({ node, at, upto, isWhole: true });
  return node;
}

/** Thin spaces around names such as log, as TeX sets them; the MathML of KaTeX has none. @param {Element} formula */
function spaceNames(formula) {
  for (const applied of formula.querySelectorAll("mi + mo")) {
    if (applied.textContent !== APPLIED) continue;
    const row = /** @type {Element} */ (applied.parentElement);
    const script = row.parentElement;
    const isBase = script?.matches("msub, msup, msubsup, munder") && script.firstElementChild === row;
    const scripted = isBase ? script : null;
    const first = scripted ?? applied.previousElementSibling;
    const last = scripted ?? applied;
    const before = first?.previousElementSibling;
    if (before && (before.localName !== "mo" || before.textContent === ")")) first.before(thinSpace(applied));
    if (last.nextElementSibling && last.nextElementSibling.localName !== "mo") last.after(thinSpace(applied));
  }
}

/** @param {Element} part of the formula */
function thinSpace(part) {
  const space = document.createElementNS(part.namespaceURI, "mspace");
  space.setAttribute("width", "0.1667em");
  return space;
}

/** A formula as MathML in words. @param {any} library @param {string} formula @param {boolean} isDisplayed */
const setOf = (library, formula, isDisplayed) =>
  tried(isDisplayed, (options) => /** @type {string} */ (library.renderToString(formula, options)));

/** What KaTeX makes of a formula; null for what is no LaTeX after all, or more of it than KaTeX knows or we allow.
 * @template T @param {boolean} isDisplayed @param {(options: object) => T} make @returns {T | null} */
function tried(isDisplayed, make) {
  let isRefused = false;
  const trust = () => {
    isRefused = true; // links, pictures, classes and styles of its own
    return false;
  };
  const limits = { trust, strict: "ignore", maxExpand: 200, maxSize: 20 };
  try {
    const made = make({ output: "mathml", displayMode: isDisplayed, ...limits });
    return isRefused ? null : made;
  } catch (problem) {
    // A RangeError: braces in braces without end.
    if (problem instanceof RangeError || /** @type {Error} */ (problem).name === "ParseError") return null;
    throw problem;
  }
}

// ---- what stands out

/** Marks from the last to the first: what is split off a node stands behind all that is still to be marked.
 * @param {Shown} state */
function mark({ marks, segments }) {
  const placed = [...marks].sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  for (const { at, make } of placed.reverse()) {
    const [start, end] = at;
    if (start === end) put(segments, start, make(true));
    else around(cut(segments, start, end), make);
  }
}

/** @param {readonly Segment[]} segments @param {number} place @param {Node} node */
function put(segments, place, node) {
  const before = segments.findLast(({ at }) => at < place);
  if (!before) {
    segments[0]?.node.parentNode?.insertBefore(node, segments[0].node);
    return;
  }
  const { node: part, at, upto, isWhole } = before;
  if (part instanceof Text && !isWhole && place < upto) part.splitText(place - at);
  part.parentNode?.insertBefore(node, part.nextSibling);
}

/** The nodes that show a place, each cut where it begins and ends.
 * @param {readonly Segment[]} segments @param {number} start @param {number} end @returns {Node[]} */
function cut(segments, start, end) {
  return segments.flatMap(({ node, at, upto, isWhole }) => {
    if (at >= end || upto <= start) return [];
    if (!(node instanceof Text) || isWhole) return [node];
    if (end < upto) node.splitText(end - at);
    return [start > at ? node.splitText(start - at) : node];
  });
}

/** One element around all nodes where they stand side by side, else one around each.
 * @param {Node[]} nodes @param {Mark["make"]} make */
function around(nodes, make) {
  const [first] = nodes;
  const last = nodes[nodes.length - 1];
  if (!first) return;
  const groups = first.parentNode === last.parentNode ? [[first, last]] : nodes.map((node) => [node, node]);
  groups.forEach(([from, to], i) => {
    const box = make(i === 0);
    from.parentNode?.insertBefore(box, from);
    while (box.lastChild !== to) {
      const next = box.nextSibling;
      if (!next) break;
      box.append(next);
    }
  });
}
