import assert from "node:assert/strict";
import { test } from "node:test";
import { calls, failed, Turns, why } from "../../assets/web/lib/rpc.js";

test("arguments travel as one list, no answer is null", async () => {
  const sent = [];
  const ask = calls({
    find: async (list) => {
      sent.push(list);
    },
  });
  assert.equal(await ask.find({ words: "x" }), null);
  await ask.find();
  await ask.find(["a"]);
  assert.deepEqual(sent, [[{ words: "x" }], [], [["a"]]]);
});

test("an answer that says why not is no answer", () => {
  assert.deepEqual(
    [failed(null), failed({ error: "no" }), failed({ error: "" }), failed([])],
    [true, true, false, false],
  );
  assert.equal(why(null), "The server did not answer.");
  assert.equal(why({ error: "no" }), "no");
});

test("a late answer does not replace a later one", () => {
  const turns = new Turns();
  const first = turns.next();
  const now = turns.now();
  assert.deepEqual([first(), now()], [true, true]);
  turns.next();
  assert.deepEqual([first(), now()], [false, false]);
});
