import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../../assets/web/lib/snippet.js";
import { actsOf, asked, leftWords, progressLine } from "../../assets/web/pages/batch.js";
import { SHOWN } from "../../assets/web/pages/benchmarks.js";
import { facts } from "../../assets/web/pages/inspect/cards.js";
import { interval, results, scaleOf } from "../../assets/web/pages/models.js";
import { sideTexts } from "../../assets/web/pages/principles.js";
import { sizeText } from "../../assets/web/pages/queue/make.js";
import { characters, placeOf, spanOf } from "../../assets/web/pages/queue/notes.js";
import { shownAs } from "../../assets/web/pages/queue/sample.js";
import { standing as standingLabel } from "../../assets/web/pages/queue/saving.js";
import { differText } from "../../assets/web/pages/queue/settle.js";
import { named, selectionOf } from "../../assets/web/pages/sessions.js";
import { named as namedResponses, reasoningBox, reasoningTitle } from "../../assets/web/views/card.js";
import { rankedByMeta, standing } from "../../assets/web/views/slides.js";

test("sessions: what is wanted comes back out of the address", () => {
  const selection = {
    words: "a&b",
    tag: "",
    model: "m",
    run: "r",
    sort: "oldest",
    labelled: true,
    binned: false,
    offset: 0,
  };
  const params = new URLSearchParams(Object.entries(named(selection)));
  assert.deepEqual(selectionOf(params), selection);
});

test("sessions: found words are apart from the passage, whatever it holds", () => {
  assert.deepEqual(pieces("<b> \ue000salt\ue001 and \ue000oil\ue001"), [
    ["<b> ", false],
    ["salt", true],
    [" and ", false],
    ["oil", true],
    ["", false],
  ]);
});

test("benchmarks: an item without credit is neither right nor wrong", () => {
  const item = { credit: null, read: false, winner: null, other: null };
  const lists = Object.keys(SHOWN).filter((name) => SHOWN[name](item));
  assert.deepEqual(lists, ["all", "unreadable"]);
});

test("models: an interval may be open, a rating unknown", () => {
  assert.equal(interval({ rating: 1000, low: null, high: 1100 }), "no bound to 1100");
  assert.equal(interval({ rating: null, low: null, high: null }), "–");
});

test("models: bars leave room for arrows at both ends", () => {
  const at = scaleOf([900, 1100]);
  assert.deepEqual([at(900), at(1000), at(1100)], [3, 50, 97]);
  assert.equal(scaleOf([1000])(1000), 3);
});

test("models: a session says what came of it", () => {
  assert.equal(results({ won: 2, tied: 0, lost: 1 }, false), "won 2, lost 1");
  assert.equal(results({ won: 0, tied: 1, lost: 0 }, true), "tied");
});

test("principles: a cluster that a side lacks is a row of dashes", () => {
  assert.deepEqual(sideTexts(null), Array(7).fill("–"));
});

test("demo: a tie is a tie, an unread sample no score", () => {
  const slide = { winners: ["A", null, null], totals: [[8, 3], [9, 9], []], best: "B" };
  assert.equal(standing(slide, 1), "k = 1: A leads, the label says B");
  assert.equal(standing(slide, 2), "k = 2: a tie, the label says B");
  assert.equal(standing({ ...slide, best: null }, 3), "k = 3: no readable score");
});

test("demo: the meta RM's best stands first, what cannot be read nowhere", () => {
  const rows = [
    { i: 0, scores: [1], meta: 0.1 },
    { i: 1, scores: null, meta: 9 },
    { i: 2, scores: [1], meta: 2 },
  ];
  assert.deepEqual(
    rankedByMeta(rows).map(({ i }) => i),
    [2, 0],
  );
});

test("inspect: a response is named by its own letter, one that was not shown is left alone", () => {
  assert.deepEqual(namedResponses("Response 2 beats response 1; Response 9 is none.", ["B", "A"]), [
    { at: "Response 2".length, own: 0 },
    { at: "Response 2 beats response 1".length, own: 1 },
  ]);
});

test("inspect: a card says how its sample was drawn", () => {
  const sample = { order: ["B", "A"], seed: 7, tokens: 12, seconds: 0.5, finish: "length", meta: -1 };
  const said = ["shown as B A", "seed 7", "12 tokens", "0.5 s", "finish: length", "meta -1.00"];
  assert.deepEqual(facts(sample, false), said);
});

test("queue: the same label again takes it back, a done item stays done", () => {
  assert.equal(standingLabel({ label: "good" }, "class", "good"), "");
  assert.equal(standingLabel({ label: "good" }, "class", "other"), "other");
  assert.equal(standingLabel({ label: "done" }, "done", "done"), "done");
});

test("queue: notes count characters, not UTF-16 units", () => {
  const raw = "a😀b";
  const span = spanOf(raw, { startOffset: 1, endOffset: 3 });
  assert.deepEqual(span, [1, 2]);
  assert.equal(characters(raw, span), "😀");
  assert.deepEqual(spanOf(raw, null), [0, 3]);
});

test("queue: a selection is found where it was made, and a rendered one falls back to its part", () => {
  const raw = "x the end. the end. y";
  assert.deepEqual(placeOf(raw, 2, 19, "the end", 9), { startOffset: 11, endOffset: 18 });
  assert.deepEqual(placeOf(raw, 2, 19, "the end", 1), { startOffset: 2, endOffset: 9 });
  assert.deepEqual(placeOf(raw, 2, 19, "The End", 1), { startOffset: 2, endOffset: 19 });
});

test("queue: the size of a queue says where its items come from", () => {
  const plan = { total: 5, twice: 1, sessions: 12, pending: 0, rules: { tie: 4, "random control": 1 } };
  assert.equal(sizeText(plan), "5 items of 12 sessions: 4 tie, 1 random control. 1 read by two.");
  const all = { total: 12, twice: 0, sessions: 12, pending: 3, rules: { "random control": 12 } };
  assert.equal(sizeText(all), "12 items of 12 sessions. 0 read by two. 3 sessions still being judged.");
  const none = { total: 0, twice: 0, sessions: 1, pending: 0, rules: {} };
  assert.equal(sizeText(none), "No item yet: none of 1 session fits these rules.");
});

test("queue: a response says where the sample saw it", () => {
  assert.equal(shownAs({ order: ["B", "A"], scores: [8, 3] }, 0), "shown as Response 2: 8/10");
  assert.equal(shownAs({ order: ["B", "A"], scores: null }, 1), "shown as Response 1");
});

test("queue: a disagreement names its thing", () => {
  assert.equal(differText({ kind: "best", sample: null, place: null }), "best response");
  assert.equal(differText({ kind: "principle", sample: 2, place: 0 }), "sample 3, principle 1");
});

test("reasoning is told by its length, and that it casts no vote; none is nothing", () => {
  assert.equal(reasoningTitle("😀!"), "reasoning, 2 characters: given apart, casts no vote");
  assert.equal(reasoningTitle("x"), "reasoning, 1 character: given apart, casts no vote");
  for (const reasoning of [null, ""]) assert.deepEqual(reasoningBox({ i: 0, reasoning }, true, assert.fail), []);
});

test("batch: what the button would ask for", () => {
  assert.equal(asked(1, 8), "1 item, 8 samples");
  assert.equal(asked(1200, 32), "1,200 items, 38,400 samples");
  assert.equal(asked(3, 1.5), "3 items");
});

test("batch: what can be done follows from where it stands", () => {
  assert.deepEqual(actsOf({ phase: "running", error: "" }), ["pause", "cancel"]);
  assert.deepEqual(actsOf({ phase: "waiting", error: "" }), ["pause", "cancel"]);
  assert.deepEqual(actsOf({ phase: "paused", error: "" }), ["resume", "cancel"]);
  assert.deepEqual(actsOf({ phase: "done", error: "" }), ["remove"]);
  assert.deepEqual(actsOf({ phase: "done", error: "1 items failed" }), ["retry", "remove"]);
  assert.deepEqual(actsOf({ phase: "cancelled", error: "" }), ["remove"]);
});

test("batch: progress says what is known, and nothing else", () => {
  const row = { samples: 24, total: 96, items_done: 3, items: 12, unreadable: 0, failed: 0 };
  const still = { ...row, rate: null, tokens_rate: null, seconds_left: null };
  assert.equal(progressLine(still), "24 of 96 samples (25%) · 3 of 12 items");
  const moving = { ...row, rate: 1.25, tokens_rate: 300.4, seconds_left: 130, unreadable: 2, failed: 1 };
  const said = "1.3 samples/s · 300 tokens/s · about 2 min left · 2 without a vote · 1 failed";
  assert.equal(progressLine(moving), `24 of 96 samples (25%) · 3 of 12 items · ${said}`);
  assert.equal(leftWords(89), "89 s");
  assert.equal(leftWords(60 * 200), "3 h 20 min");
});
