import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf } from "../../assets/web/lib/keys.js";
import { meaning } from "../../assets/web/pages/demo.js";

test("the n-th key of a row has the row's n-th act", () => {
  const [next, back] = [() => "next", () => "back"];
  const rows = [["j k", "next, previous", next, back]];
  assert.equal(actOf(rows, "j"), next);
  assert.equal(actOf(rows, "k"), back);
  assert.equal(actOf(rows, "x"), undefined);
  assert.equal(actOf(rows, " "), undefined);
});

test("a presenter's remote turns the page from anywhere", () => {
  assert.equal(meaning("PageDown", true, true, false), "on");
  assert.equal(meaning("PageUp", true, false, false), "back");
});

test("a field keeps its keys, a button its space", () => {
  for (const key of ["ArrowRight", "ArrowLeft", " ", "a"]) assert.equal(meaning(key, true, false, true), null);
  assert.equal(meaning(" ", false, true, true), "named");
  assert.equal(meaning(" ", false, false, true), "on");
});

test("single keys can be switched off, arrows cannot", () => {
  assert.equal(meaning("p", false, false, false), null);
  assert.equal(meaning("ArrowRight", false, false, false), "on");
});
