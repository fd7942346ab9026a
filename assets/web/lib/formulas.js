// Formulas in Markdown: $…$ and \(…\) inside a line, $$…$$ and \[…\] also over several lines. No DOM: node tests it.

const LINES_MOST = 200; // of a formula that stands by itself; a search for its end goes no further
const CHARACTERS_MOST = 2000;
/** What opens a formula, and what closes it. @type {readonly (readonly [string, string, boolean])[]} */
const PAIRS = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
];

/** A sum of money, not a formula: "$5 and 10$". */
const MONEY = /^[\d.,]+(?:\s|[-–/]|[kKmMbB]\b|$)/;

/** Where the formula that a single $ opens ends; -1 where it opens none. The rules are those of Pandoc.
 * @param {string} text @param {number} start of the $ */
export function closingDollar(text, start) {
  if (!/[^\s$]/.test(text[start + 1] ?? " ") || /\w/.test(text[start - 1] ?? " ")) return -1;
  const last = Math.min(text.length, start + CHARACTERS_MOST);
  for (let at = start + 1; at < last; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "$") {
      const isEnd = !/\s/.test(text[at - 1]) && !/[\d$]/.test(text[at + 1] ?? "");
      return isEnd && !MONEY.test(text.slice(start + 1, at)) ? at : -1;
    }
  }
  return -1;
}

/** The rule for formulas inside a line. @param {any} state of markdown-it @param {boolean} silent */
function inline(state, silent) {
  const { src, pos, env } = state;
  const pair = PAIRS.find(([open]) => src.startsWith(open, pos));
  const [open, close] = pair ?? ["$", "$"];
  if (src[pos] !== open[0]) return false;
  const from = pos + open.length;
  env.unclosed ??= new Map(); // per text: a search that failed is not made again and again
  // A search that failed is not made again from every later place: its time would grow with the square.
  if (env.unclosed?.src !== src) env.unclosed = { src };
  if (from >= (env.unclosed[open] ?? Infinity)) return false;
  const end = pair ? src.indexOf(close, from) : closingDollar(src, pos);
  if (end < 0 || end - from > CHARACTERS_MOST || !src.slice(from, end).trim()) {
    if (pair && end < 0) env.unclosed[open] = from;
    return false;
  }
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = src.slice(from, end);
    token.markup = src.slice(pos, end + close.length);
    token.meta = { isDisplayed: pair?.[2] ?? false };
  }
  state.pos = end + close.length;
  return true;
}

/** The rule for formulas that stand by themselves: markup inside them, such as "- b", begins no list.
 * @param {any} state @param {number} first @param {number} last @param {boolean} silent */
function block(state, first, last, silent) {
  const lineOf = (/** @type {number} */ n) => state.src.slice(state.bMarks[n] + state.tShift[n], state.eMarks[n]);
  const opening = lineOf(first);
  const pair = PAIRS.find(([open, , isDisplayed]) => isDisplayed && opening.startsWith(open));
  if (!pair || state.sCount[first] - state.blkIndent >= 4) return false;
  const [open, close] = pair;
  let n = first;
  let line = opening.slice(open.length);
  while (!line.trimEnd().endsWith(close)) {
    n += 1;
    if (line.includes(close) || n >= last || n - first > LINES_MOST || state.sCount[n] < state.blkIndent) return false;
    line = lineOf(n);
  }
  if (silent) return true;
  const whole = state.getLines(first, n + 1, state.blkIndent, false).trim();
  const token = state.push("formula", "", 0);
  token.block = true;
  token.content = whole.slice(open.length, -close.length);
  token.markup = whole;
  token.map = [first, n + 1];
  token.meta = { isDisplayed: true };
  state.line = n + 1;
  return true;
}

/** Teaches markdown-it formulas. @param {any} markdown */
export function formulas(markdown) {
  markdown.inline.ruler.before("escape", "formula", inline);
  markdown.block.ruler.before("fence", "formula", block, { alt: ["paragraph", "reference", "blockquote", "list"] });
}
