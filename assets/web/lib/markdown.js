// Markdown as a tree whose every text knows its place in the source. No DOM, no HTML: node tests it.

import { formulas } from "./formulas.js";

/** A text of the tree: `text` stands in the source from `at` to `upto`, character by character where both are as long.
 * @typedef {{ text: string, at: number, upto: number }} Leaf */
/** @typedef {{ leaves: Leaf[], language: string }} Code */
/** @typedef {{ formula: string, isDisplayed: boolean, at: number, upto: number }} Formula */
/** @typedef {{ tag: string, children: Piece[], level?: number, start?: number, align?: string, href?: string }} Branch */
/** @typedef {Leaf | Code | Formula | Branch} Piece */
/** @typedef {{ type: string, tag: string, nesting: number, content: string, markup: string, info: string, hidden: boolean,
 *   map: [number, number] | null, meta: any, children: Token[] | null, attrGet: (name: string) => string | null }} Token of markdown-it */

const PIECES_MOST = 20_000; // of one text: a page that holds more of them is slow

/** Where a link may lead. */
const SAFE = /^(?:https?|mailto):/i;

/** A reader of Markdown. @param {any} MarkdownIt the library's class @returns {Reader} */
export function reader(MarkdownIt) {
  const markdown = new MarkdownIt({ html: false, breaks: true, linkify: false });
  markdown.use(formulas);
  markdown.core.ruler.disable("text_join"); // an escape or entity stays apart: it is longer in the source
  markdown.validateLink = (/** @type {string} */ href) => SAFE.test(href);
  /** @param {string} source @param {boolean} isLine */
  const read = (source, isLine) => {
    // As markdown-it would write them, but as long as before: places stay what they are.
    const text = source.replaceAll("\r\n", " \n").replaceAll("\r", "\n").replaceAll("\0", "\ufffd");
    const tokens = isLine ? markdown.parseInline(text, {}) : markdown.parse(text, {});
    const count = /** @type {Token[]} */ (tokens).reduce((sum, { children }) => sum + 1 + (children?.length ?? 0), 0);
    return count > PIECES_MOST ? null : new Builder(text, isLine).build(tokens);
  };
  return { read: (source) => read(source, false), readLine: (source) => read(source, true) };
}

/** `read` takes a whole text, `readLine` only marks inside a line; null where the text has too many parts.
 * @typedef {object} Reader
 * @property {(source: string) => Piece[] | null} read
 * @property {(source: string) => Piece[] | null} readLine */

class Builder {
  /** @param {string} source @param {boolean} isLine */
  constructor(source, isLine) {
    this.lines = source.split("\n");
    /** Where every line begins. @type {number[]} */
    this.begins = [];
    let at = 0;
    for (const line of this.lines) {
      this.begins.push(at);
      at += line.length + 1;
    }
    this.isLine = isLine;
    /** The row of a table: its cells stand one after the other. @type {{ line: number, column: number } | null} */
    this.row = null;
  }

  /** @param {Token[]} tokens @returns {Piece[]} */
  build(tokens) {
    /** @type {Branch[]} */
    const open = [{ tag: "", children: [] }];
    for (const token of tokens) {
      const { children } = open[open.length - 1];
      if (token.type === "tr_open") this.row = { line: token.map?.[0] ?? 0, column: 0 };
      if (token.type === "tr_close") this.row = null;
      const pieces = this.pieces(token);
      if (pieces) children.push(...pieces);
      else if (!token.hidden) nest(open, token);
    }
    return open[0].children;
  }

  /** What a token holds; null where it opens or closes something. @param {Token} token @returns {Piece[] | null} */
  pieces(token) {
    if (token.type === "inline") return inline(token, this.placesOf(token));
    if (token.type === "fence" || token.type === "code_block") return [this.code(token)];
    return token.type === "formula" ? [this.standing(token)] : null;
  }

  /** @param {Token} token @returns {Code} */
  code(token) {
    const [first] = token.map ?? [0];
    const texts = token.content.split("\n").slice(0, -1);
    /** @type {Leaf[]} */
    const leaves = [];
    texts.forEach((text, i) => {
      const at = this.placeIn(first + i + Number(token.type === "fence"), text);
      const before = leaves[leaves.length - 1];
      // Code that is not indented is one text, line ends included.
      if (before && before.upto === at) {
        before.text += `${text}\n`;
        before.upto = at + text.length + 1;
      } else leaves.push({ text: `${text}\n`, at, upto: at + text.length + 1 });
    });
    const last = leaves[leaves.length - 1];
    if (last) last.text = last.text.slice(0, -1); // nor does the last line of a text end
    if (last) last.upto -= 1;
    const language = token.info.trim().split(/\s/)[0].toLowerCase();
    return { leaves, language };
  }

  /** @param {Token} token @returns {Formula} */
  standing({ content, markup, map }) {
    const lines = markup.split("\n");
    const at = this.placeIn(map?.[0] ?? 0, lines[0]);
    const end = this.placeIn((map?.[1] ?? 1) - 1, lines[lines.length - 1]);
    return { formula: content, isDisplayed: true, at, upto: end + lines[lines.length - 1].length };
  }

  /** The place of a text that ends a line, but for white space. @param {number} line @param {string} text */
  placeIn(line, text) {
    const whole = this.lines[line] ?? "";
    const column = whole.lastIndexOf(text.trimStart());
    const indent = text.length - text.trimStart().length;
    return (this.begins[line] ?? 0) + Math.max(0, (column < 0 ? whole.length : column) - indent);
  }

  /** Where a place of a token's content stands in the source. @param {Token} token @returns {(at: number) => number} */
  placesOf({ content, map }) {
    if (this.isLine) return (at) => at;
    if (this.row) {
      const { line, column } = this.row;
      const cell = this.lines[line].indexOf(content, column);
      const begin = cell < 0 ? column : cell;
      this.row.column = begin + content.length;
      return (at) => this.begins[line] + begin + at;
    }
    const first = map?.[0] ?? 0;
    const texts = content.split("\n");
    const places = texts.map((text, i) => this.placeIn(first + i, text));
    /** @type {number[]} */
    const starts = [];
    let from = 0;
    for (const text of texts) {
      starts.push(from);
      from += text.length + 1;
    }
    let line = 0; // places are asked for in reading order
    return (at) => {
      while (at < starts[line]) line -= 1;
      while (at >= starts[line + 1]) line += 1;
      return places[line] + at - starts[line];
    };
  }
}

/** Goes into what a token opens, or out of what it closes. @param {Branch[]} open @param {Token} token */
function nest(open, token) {
  if (token.nesting < 0) {
    open.pop();
    return;
  }
  const branch = branchOf(token);
  open[open.length - 1].children.push(branch);
  if (token.nesting) open.push(branch);
}

/** What a token inside a line is, where it opens and closes nothing. `next` finds the place of its characters.
 * @typedef {(text: string) => { at: number, upto: number }} Next
 * @type {Record<string, (token: Token, next: Next) => Piece[]>} */
const INLINE = {
  text: ({ content }, next) => (content ? [{ text: content, ...next(content) }] : []),
  text_special: ({ content, markup }, next) => [{ text: content, ...next(markup) }],
  formula: ({ content, markup, meta }, next) => [{ formula: content, ...meta, ...next(markup) }],
  softbreak: (_, next) => lineEnd(next),
  hardbreak: (_, next) => lineEnd(next),
  image: (token, next) => [picture(token, next)],
  code_inline: ({ content, markup }, next) => {
    next(markup);
    const leaf = { text: content, ...next(content) };
    next(markup);
    return [{ tag: "code", children: [leaf] }];
  },
};

/** @param {Next} next @returns {Piece[]} */
function lineEnd(next) {
  next("\n");
  return [{ tag: "br", children: [] }];
}

/** The marks inside a block. @param {Token} token @param {(at: number) => number} place in the source
 * @returns {Piece[]} */
function inline({ content, children }, place) {
  let at = 0;
  /** @type {Next} */
  const next = (text) => {
    const begin = Math.max(at, content.indexOf(text, at));
    at = Math.min(content.length, begin + text.length);
    return { at: place(begin), upto: at > begin ? place(at - 1) + 1 : place(begin) };
  };
  /** @type {Branch[]} */
  const open = [{ tag: "", children: [] }];
  for (const token of children ?? []) {
    const made = INLINE[token.type]?.(token, next);
    if (made) open[open.length - 1].children.push(...made);
    else {
      next(signOf(token));
      nest(open, token);
    }
  }
  return open[0].children;
}

/** What opens or closes something inside a line. @param {Token} token */
function signOf({ markup, nesting }) {
  if (markup === "autolink") return nesting > 0 ? "<" : ">";
  return markup || (nesting > 0 ? "[" : "]");
}

/** A picture is a link to it: nothing is loaded. @param {Token} token
 * @param {Next} next @returns {Branch} */
function picture(token, next) {
  next("![");
  const place = next(token.content);
  return {
    tag: "a",
    href: token.attrGet("src") ?? "",
    children: [{ text: `image: ${token.content || "without a name"}`, ...place }],
  };
}

/** @param {Token} token @returns {Branch} */
function branchOf(token) {
  /** @type {Branch} */
  const branch = { tag: token.tag, children: [] };
  if (/^h[1-6]$/.test(token.tag)) Object.assign(branch, { tag: "h", level: Number(token.tag[1]) });
  if (token.tag === "ol") branch.start = Number(token.attrGet("start") ?? 1);
  if (token.tag === "a") branch.href = token.attrGet("href") ?? "";
  const align = /text-align:(\w+)/.exec(token.attrGet("style") ?? "");
  if (align) branch.align = align[1];
  return branch;
}
