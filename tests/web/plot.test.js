import assert from "node:assert/strict";
import { test } from "node:test";
import { label } from "../../assets/web/lib/plot.js";

test("anybody's text is a name in a plot, not markup or a formula, and has an end", () => {
  assert.equal(label("<b>$x$ & y", 30), "&lt;b>&#36;x&#36; &amp; y");
  assert.equal(label("abcd efgh", 6), "abcd…");
  assert.equal(label("abcdef", 6), "abcdef");
});
