import assert from "node:assert/strict";
import { test } from "node:test";
import {
  counted,
  fixed,
  heading,
  indexOf,
  letter,
  percent,
  short,
  span,
  weightText,
} from "../../assets/web/lib/names.js";

test("responses beyond Z get two letters", () => {
  assert.deepEqual([0, 25, 26, 51, 52].map(letter), ["A", "Z", "AA", "AZ", "BA"]);
  assert.equal(indexOf(letter(7)), 7);
});

test("a weight is written as it was, never as a percentage that nobody gave", () => {
  assert.deepEqual([4, 70, 0.3, null].map(weightText), [" (4)", " (70)", " (0.3)", ""]);
});

test("what is not known is a dash, never a zero", () => {
  for (const none of [null, undefined]) {
    assert.deepEqual([fixed(none, 2), percent(none), percent(none, 1), short(none)], ["–", "–", "–", "–"]);
  }
  assert.equal(fixed(0, 2), "0.00");
});

test("numbers have the digits that they need", () => {
  assert.deepEqual([short(3), short(2.5), percent(0.125), percent(0.125, 1)], ["3", "2.50", "13%", "12.5%"]);
});

test("a range of one value is none", () => {
  assert.deepEqual([span(1, 3), span(2, 2), span(null, 3), span(1, undefined)], ["1–3", "", "", ""]);
});

test("one thing is one thing", () => {
  assert.deepEqual([counted(0, "session"), counted(1, "session")], ["0 sessions", "1 session"]);
});

test("a column's heading begins with a capital, and symbols stay as they are written", () => {
  assert.deepEqual(["win rate", "meta_logit", "k", "k_meta", "n", "Score"].map(heading), [
    "Win rate",
    "Meta logit",
    "k",
    "k_meta",
    "n",
    "Score",
  ]);
});
