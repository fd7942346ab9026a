import assert from "node:assert/strict";
import { test } from "node:test";
import { CHIPS, narrowed, narrowedPairs, narrowing, SHOWS, showsOf, sorted } from "../../assets/web/lib/items.js";
import { everything } from "../../assets/web/pages/runs/state.js";

const item = (item, more = {}) => ({
  item,
  session: item,
  title: `About ${item}`,
  subset: "math",
  best: [0],
  winner: 0,
  margin: 3,
  agreement: 0.7,
  alone: 0.6,
  right: "right",
  settles: 3,
  samples: 8,
  unread: 0,
  ...more,
});
const ITEMS = [
  item("a"),
  item("b", { subset: "", agreement: 1, settles: 1, alone: 1, margin: 20 }),
  item("c", { right: "wrong", winner: 1, alone: 0.8, agreement: 0.6, margin: 4 }),
  item("d", { right: "tie", winner: null, margin: 0, agreement: null, settles: null, alone: 0.5 }),
  item("e", { right: "wrong", winner: null, margin: null, alone: 0, unread: 8, agreement: null, settles: null }),
];
const ids = (items) => items.map((each) => each.item).join("");
const by = (more) => ids(narrowed(ITEMS, { ...everything(), ...more }));

test("what a plot's bar stands for narrows the list to exactly its items", () => {
  assert.equal(by(narrowing("subset=")), "b");
  assert.equal(by(narrowing("subset=math")), "acde");
  assert.deepEqual(narrowing("subset=a=b"), { subset: "=a=b" });
  assert.equal(by(narrowing("agreement=0.6-0.8")), "ac");
  assert.equal(by(narrowing("agreement=0.8-1")), "b", "the last range holds its end");
  assert.equal(by(narrowing("settles=3-4")), "a" + "c");
  assert.equal(by(narrowing("settles=1-1")), "b");
  assert.equal(by(narrowing("gain=up")), "a", "b has nothing to gain");
  assert.equal(by(narrowing("gain=down")), "cd");
});

test("each way to show items keeps those that it names", () => {
  const shown = Object.fromEntries(SHOWS.map(([show]) => [show, by({ show })]));
  assert.deepEqual(shown, { "": "abcde", wrong: "ce", right: "ab", won: "", lost: "c", tie: "d", unread: "e" });
});

test("words are looked for in beginning, id and subset", () => {
  assert.equal(by({ words: "ABOUT c" }), "c");
  assert.equal(by({ words: "math about" }), "acde");
  assert.equal(by({ words: "absent" }), "");
});

test("what has no value stands last in both orders, and equals stay as they were", () => {
  const values = { margin: (each) => each.margin, item: (each) => each.item, right: (each) => each.right };
  assert.equal(ids(sorted(ITEMS, "-margin", values)), "bcade");
  assert.equal(ids(sorted(ITEMS, "margin", values)), "dacbe");
  assert.equal(ids(sorted(ITEMS, "right", values)), "abdce");
  assert.equal(ids(sorted(ITEMS, "", values)), "abcde");
  const numbered = ["i10", "i9", "i1"].map((each) => item(each));
  assert.equal(ids(sorted(numbered, "item", values)), "i1i9i10");
});

test("several runs are narrowed by verdict and by right and wrong", () => {
  const pair = (item, winners, right) => ({ item, title: item, subset: "", winners, right });
  const pairs = [
    pair("a", [0, 0], ["right", "right"]),
    pair("b", [1, 0], ["wrong", "right"]),
    pair("c", [0, null], ["right", "tie"]),
  ];
  const of = (more) => ids(narrowedPairs(pairs, { ...everything(), ...more }));
  assert.equal(of({}), "abc");
  assert.equal(of({ show: "differ" }), "bc");
  assert.equal(of({ show: "1/wrong/right" }), "b");
  assert.equal(of({ cross: "1/right/tie" }), "c");
  assert.deepEqual(
    showsOf(3).map(([value]) => value),
    ["", "differ", "1/wrong/right", "1/right/wrong", "2/wrong/right", "2/right/wrong"],
  );
});

test("chips say what is narrowed", () => {
  assert.equal(CHIPS.agreement("0.6-0.8"), "agreement 60% to 80%");
  assert.equal(CHIPS.settles("2-2"), "settles at k = 2");
  assert.equal(CHIPS.settles("3-4"), "settles at k = 3 to 4");
  assert.equal(CHIPS.cross("1/wrong/right"), "run 1 wrong, run 2 right");
});
