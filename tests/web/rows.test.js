import assert from "node:assert/strict";
import { test } from "node:test";
import * as rows from "../../assets/web/pages/inspect/rows.js";
import { everything, METHODS } from "../../assets/web/pages/inspect/state.js";

const row = (i, scores, order = "AB", meta = null) => ({
  i,
  scores,
  order,
  meta,
  reason: scores ? null : "no scores",
});
const ROWS = [row(0, [8, 3]), row(1, [4, 9], "BA", 0.5), row(2, null, "BA"), row(3, [7, 7], "AB", -1)];
const VALUE = { n: 2, rows: ROWS, findings: [] };
const shown = (tools, voted = { winner: 0 }, value = VALUE) =>
  rows.filtered(value, voted, { ...everything(), ...tools }).map(({ i }) => i);

test("without a filter every sample is shown, the failed ones too", () => {
  assert.deepEqual(shown({}), [0, 1, 2, 3]);
});

test("against the verdict are those that score another response higher, and none where nobody won", () => {
  assert.deepEqual(shown({ show: "against" }), [1]);
  assert.deepEqual(shown({ show: "against" }, { winner: null }), []);
  assert.deepEqual(shown({ show: "against" }, {}), []);
});

test("dropped are readable samples that did not vote", () => {
  assert.deepEqual(shown({ show: "dropped" }, { winner: 0, kept: [0] }), [1, 3]);
  assert.deepEqual(shown({ show: "dropped" }, { winner: 0 }), []);
});

test("a finding flags the samples that it names, one of all samples flags none", () => {
  const finding = (kind, samples) => ({ kind, severity: "warning", evidence: "", samples });
  const value = { ...VALUE, findings: [finding("quote", [2]), finding("tie", [0, 1, 2, 3]), finding("late", [2, 0])] };
  assert.deepEqual(shown({ show: "flagged" }, {}, value), [0, 2]);
  assert.equal(rows.flagsOf(value).get(2).kind, "quote");
});

test("a range of scores leaves out what has none", () => {
  assert.deepEqual(shown({ low: 8 }), [0, 1]);
  assert.deepEqual(shown({ low: 8, response: "1" }), [1]);
});

test("rows stand by arrival, meta logit, margin or place, ties by arrival", () => {
  const order = (sort, winner = 0) => rows.arranged(ROWS, sort, winner).map(({ i }) => i);
  assert.deepEqual(order("arrival"), [0, 1, 2, 3]);
  assert.deepEqual(order("meta"), [1, 3, 0, 2]);
  assert.deepEqual(order("margin"), [0, 3, 1, 2]);
  assert.deepEqual(order("place1"), [1, 2, 0, 3]);
});

test("the margin is for the winner, or for a sample's own best where nobody won", () => {
  assert.equal(rows.marginOf(ROWS[1], 0), -5);
  assert.equal(rows.marginOf(ROWS[1], null), 5);
  assert.equal(rows.marginOf(ROWS[2], 0), -Infinity);
});

test("the address opens the view that it names, and nothing else", () => {
  const view = { session: "s", dials: { method: "guided", k: 4, k_meta: 2 }, chosen: [1, 4], mode: 1 };
  const named = Object.entries(rows.namesOf(view)).map(([name, value]) => [name, String(value)]);
  const { session: _, ...rest } = view;
  assert.deepEqual(rows.viewOf(new URLSearchParams(named), METHODS), rest);
});

test("nonsense in an address is the usual view", () => {
  const given = new URLSearchParams("method=best&k=-1&k_meta=1e9&sample=0,x&about=Z&tab=");
  assert.deepEqual(rows.viewOf(given, METHODS), {
    dials: { method: "naive", k: null, k_meta: null },
    chosen: [],
    mode: null,
  });
});

test("findings of a kind share a line", () => {
  const finding = (kind, samples) => ({ kind, severity: "note", evidence: kind, samples });
  const lines = rows.grouped([finding("a", [0]), finding("b", [1]), finding("a", [2])]);
  assert.deepEqual(
    lines.map(({ kind, samples, count }) => [kind, samples, count]),
    [
      ["a", [0, 2], 2],
      ["b", [1], 1],
    ],
  );
});
