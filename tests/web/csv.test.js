import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, lookOf } from "../../assets/web/lib/csv.js";

test("a text that a spreadsheet would run is harmless", () => {
  const hostile = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\tx", "\rx"];
  const lines = csvOf(
    ["a"],
    hostile.map((text) => [text]),
  );
  for (const text of hostile) assert.ok(lines.includes(`'${text}`), text);
});

test("commas, quotation marks and ends of lines stay inside their cell", () => {
  assert.equal(csvOf(["a", "b"], [['x, "y"', "two\nlines"]]), 'a,b\n"x, ""y""","two\nlines"\n');
});

test("numbers and what is not known are written bare", () => {
  assert.equal(csvOf(["a", "b", "c"], [[-1.5, null, true]]), "a,b,c\n-1.5,,true\n");
});

test("numbers of a column have the same decimals, large ones fewer", () => {
  assert.equal(lookOf([1, 0.5]).cell(1), "1.000");
  assert.equal(lookOf([1234.56, 1]).cell(1234.56), "1,234.6");
  assert.equal(lookOf([1, 2]).cell(2), 2);
  assert.equal(lookOf([1, null]).cell(null), "–");
});

test("words make a column of words", () => {
  assert.deepEqual([lookOf([1, "a"]).words, lookOf([1, null]).words], [true, false]);
});
