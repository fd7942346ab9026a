import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { agreement, sentence, vote } from "../../assets/web/lib/voting.js";

const CASES = JSON.parse(readFileSync(new URL("votes.json", import.meta.url), "utf8"));
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("a vote in the browser is the vote of Python, in numbers and in words", () => {
  assert.ok(CASES.length > 100);
  for (const { rows, dials, verdict, ...said } of CASES) {
    const voted = vote(rows, dials);
    if (verdict === null) {
      assert.equal(voted, null, "samples without a meta logit have no guided vote");
      continue;
    }
    const { totals, margin, ...exact } = verdict;
    const { totals: mine, margin: by, method, ...others } = voted;
    assert.equal(method, dials.method);
    assert.deepEqual(others, exact);
    assert.equal(mine === null, totals === null);
    (totals ?? []).forEach((total, r) => {
      near(mine[r], total);
    });
    if (margin === null) assert.equal(by, null);
    else near(by, margin);
    assert.equal(sentence(voted), said.sentence);
    assert.equal(agreement(voted, rows), said.agreement);
  }
});
