import assert from "node:assert/strict";
import { test } from "node:test";
import { lengthOf } from "../../assets/web/lib/fold.js";
import { closingDollar } from "../../assets/web/lib/formulas.js";
import { reader } from "../../assets/web/lib/markdown.js";
import { withFormulas } from "../../assets/web/lib/rich.js";
import MarkdownIt from "../../assets/web/vendor/markdown-it.js";

const { read, readLine } = reader(MarkdownIt);

/** All texts and formulas of a tree. */
const leaves = (pieces) =>
  pieces.flatMap((piece) => piece.leaves ?? (piece.children ? leaves(piece.children) : [piece]));

/** All elements of a tree by their tags. */
const tags = (pieces) => pieces.flatMap(({ tag, children }) => (tag ? [tag, ...tags(children)] : []));

const SOURCE = [
  '1. **Response 2:** says "its *own* key"\r',
  "   and goes on\tin `two  lines`.",
  "",
  "   ```py",
  "   x = 1",
  "     y",
  "   ```",
  "",
  "# Head with $x_i$ #",
  "",
  "| a | same | same |",
  "|---|:--:|--|",
  "| b | b | c |",
  "",
  "> - quoted 😀 words",
  "> lazily",
  "",
  "\\[",
  "a",
  "- b",
  "\\]",
  "",
  "    indented",
  "",
  "end of <b>it</b> [link](https://example.org/end) end",
].join("\n");

test("markdown: every text stands in the source where the tree says", () => {
  for (const { text, at, upto } of leaves(read(SOURCE))) {
    if (text !== undefined) assert.equal(SOURCE.slice(at, upto), text);
  }
});

test("markdown: nothing but its marks is lost, and in order", () => {
  const texts = leaves(read(SOURCE)).map((leaf) => leaf.text ?? leaf.formula);
  const words = (text) => text.replace(/[^\p{L}\p{N}😀]+/gu, "");
  const kept = SOURCE.replace("1. ", "").replace("```py", "").replace("(https://example.org/end)", "");
  assert.equal(words(texts.join("")), words(kept));
  const places = leaves(read(SOURCE)).map(({ at }) => at);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test("markdown: what is longer in the source is known by its place", () => {
  const source = "5 \\* 3 &lt; 20";
  const special = leaves(read(source)).filter(({ text, at, upto }) => text.length !== upto - at);
  assert.deepEqual(
    special.map(({ text, at, upto }) => [text, source.slice(at, upto)]),
    [
      ["*", "\\*"],
      ["<", "&lt;"],
    ],
  );
});

test("markdown: HTML is text, a picture a link, and no link runs anything", () => {
  const hostile =
    '<img src=x onerror="a()"> <script>b()</script>\n\n<div>\n\n[x](javascript:c) [y](data:text/html,d) <javascript:e>';
  const found = tags(read(hostile));
  assert.deepEqual([...new Set(found)], ["p"]);
  const shown = leaves(read(hostile)).map(({ text }) => text);
  assert.match(shown.join(""), /<script>b\(\)<\/script>/);
  const [{ children }] = read("![of *you*](https://example.org/a.png) [z](mailto:a@b.c)");
  assert.deepEqual(
    children.filter(({ tag }) => tag).map(({ tag, href }) => [tag, href]),
    [
      ["a", "https://example.org/a.png"],
      ["a", "mailto:a@b.c"],
    ],
  );
});

test("markdown: a line of a text has no blocks", () => {
  assert.deepEqual(tags(readLine("# *a* | `b`\n- c")), ["em", "code", "br"]);
});

test("markdown: too many parts are none", () => {
  assert.equal(read("a\n".repeat(20_000)), null);
});

test("formulas: a dollar sign is money, a variable of a shell, or opens a formula", () => {
  const formula = (text) => {
    const start = text.indexOf("$");
    const end = closingDollar(text, start);
    return end < 0 ? null : text.slice(start + 1, end);
  };
  assert.equal(formula("so $x + 1$, then"), "x + 1");
  assert.equal(formula("it is $2^n$."), "2^n");
  assert.equal(formula("$a\\$b$"), "a\\$b");
  const none = ["costs $5 and $6", "between $5 and 10$ each", "US$7 to US$8", "$HOME and $PATH", "$ a$", "$$", "$5$"];
  for (const text of none) {
    assert.equal(formula(text), null, text);
  }
});

test("formulas: what is not closed stays as it was written", () => {
  for (const text of ["\\(x", "$$x", "\\[\nx\n\ny", "\\\\(x\\\\)"]) {
    assert.ok(
      leaves(read(text)).every(({ formula }) => formula === undefined),
      text,
    );
  }
});

test("formulas: many that are never closed are read in one go", () => {
  const count = (text) => leaves(read(text)).filter(({ formula }) => formula).length;
  assert.equal(count(`${"\\( ".repeat(3_000)}`), 0);
  assert.equal(count("$a$ ".repeat(500)), 500);
});

test("documents: formulas are set as MathML, what KaTeX refuses or does not know stays as it is", async () => {
  const line = (latex) => `<p><span class="formula"><code>${latex}</code></span></p>`;
  const set = await withFormulas(
    `${line("a &lt; b &amp; c")}${line("a &lt; b_1")}<div class="formula"><code>x</code></div>`,
  );
  assert.match(set, /^<p><span class="formula"><code>a &lt; b &amp; c<\/code>/);
  assert.match(set, /<mo>&lt;<\/mo><msub><mi>b<\/mi><mn>1<\/mn><\/msub>/);
  assert.match(set, /<div class="formula"><span class="katex"><math[^>]* display="block">/);
  const refused = line("\\href{javascript:a()}{x}");
  assert.equal(await withFormulas(refused), refused);
  assert.equal(await withFormulas("<p>none</p>"), "<p>none</p>");
});

test("folds: a text is long by its words, its lines or, without spaces, its characters", () => {
  assert.equal(lengthOf("word ".repeat(160)).isLong, false);
  assert.deepEqual(lengthOf("word ".repeat(1312)), { isLong: true, all: "all 1,312 words" });
  assert.deepEqual(lengthOf("x".repeat(2000)), { isLong: true, all: "all 2,000 characters" });
  assert.equal(lengthOf("a\n".repeat(30)).isLong, true);
});
