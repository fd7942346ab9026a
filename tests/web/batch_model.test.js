// The models that a file can be judged by, as the Batch page lists them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf } from "../../assets/web/pages/batch/model.js";

test("the app's own model comes first", () => {
  const names = ["a", "b", "c"];
  assert.deepEqual(
    choicesOf({ names, own: "b" }).map(([value]) => value),
    ["b", "a", "c"],
  );
  assert.deepEqual(
    choicesOf({ names, own: "" }).map(([value]) => value),
    names,
  );
});
