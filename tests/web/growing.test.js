import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Turns } from "../../assets/web/lib/rpc.js";
import { follow } from "../../assets/web/pages/runs/growing.js";

/** A page that shows run "a" with 8 samples, on a server whose answers the test sets. */
function made(isUsed = false) {
  const server = { runs: [{ id: "a", title: "a (1 session)" }], size: 8 };
  const done = [];
  globalThis.document = { hidden: false, activeElement: { tagName: "BODY" } };
  const state = {
    ask: { choices: async () => server.runs, size: async () => server.size },
    nodes: { body: { isConnected: true, contains: () => isUsed }, grown: { textContent: "", hidden: true } },
    selection: { id: "a", beside: [] },
    turns: new Turns(),
    runs: server.runs,
    size: 8,
  };
  const reload = async () => {
    state.size = server.size;
    done.push("reload");
  };
  follow(state, { reload, drawBar: () => done.push("bar") });
  return { server, state, done };
}

async function wait(ms) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("a run that grew is read again, once for each growth; another run only renews the lists", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { server, done } = made();
  await wait(15_000);
  assert.deepEqual(done, []);
  server.size = 16;
  await wait(15_000);
  await wait(15_000);
  assert.deepEqual(done, ["reload"]);
  server.runs = [...server.runs, { id: "b", title: "b (1 session)" }];
  await wait(15_000);
  await wait(15_000);
  assert.deepEqual(done, ["reload", "bar"]);
});

test("what is used is left alone, and a button says what is new", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { server, state, done } = made(true);
  server.size = 9;
  await wait(15_000);
  assert.deepEqual(done, []);
  assert.deepEqual(state.nodes.grown, { textContent: "Show 1 new sample", hidden: false });
});

test("a server that does not answer, and a page that is not seen, change nothing", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { server, done } = made();
  server.size = null;
  await wait(15_000);
  server.size = 16;
  globalThis.document.hidden = true;
  await wait(15_000);
  assert.deepEqual(done, []);
  globalThis.document.hidden = false;
  await wait(15_000);
  assert.deepEqual(done, ["reload"]);
});
