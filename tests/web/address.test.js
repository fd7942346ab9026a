import assert from "node:assert/strict";
import { test } from "node:test";
import { link, withParams } from "../../assets/web/lib/address.js";

const AT = "http://localhost/prefix/queue?queue=q&__theme=dark";

test("what is empty leaves the address, what is not ours stays", () => {
  assert.equal(withParams(AT, { queue: "" }).href, "http://localhost/prefix/queue?__theme=dark");
  assert.equal(withParams(AT, { queue: null, k: 4 }).href, "http://localhost/prefix/queue?__theme=dark&k=4");
});

test("names of people and sessions cannot break out of their parameter", () => {
  const url = withParams(AT, { queue: "a&b=c#d" });
  assert.equal(url.searchParams.get("queue"), "a&b=c#d");
  assert.equal(url.hash, "");
});

test("links stay under the prefix", () => {
  const home = new URL("http://localhost/prefix/");
  assert.equal(link("compare", { a: "1", b: "2" }, home), "http://localhost/prefix/compare?a=1&b=2");
  assert.equal(link("", { session: "s" }, home), "http://localhost/prefix/?session=s");
});
