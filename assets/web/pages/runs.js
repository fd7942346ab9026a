// A run of many items. The run and the one beside it stand in the address.

import * as address from "../lib/address.js";
import { anchor, choice, el, fillChoice, hint, labelled, problem } from "../lib/dom.js";
import { calls, failed, Turns, why } from "../lib/rpc.js";
import { titled } from "../lib/title.js";
import { panel } from "../views/panel.js";

/** @typedef {import("../types").Choice} Choice */
/** @typedef {import("../lib/page").Place<object, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

const HOW =
  "A run judges many items under the same settings; with labels it also shows accuracy. " +
  "`score --db` and `import` bring one here.";

/** @param {Place} place */
export async function mount({ element, server }) {
  const state = begun(calls(server));
  const { wanted, nodes } = state;
  const run = choice([], (id) => load(state, { id }), "run-id");
  const beside = choice([], (other) => load(state, { beside: other }), "run-beside");
  const bar = el("div", "grm-session-bar");
  bar.append(labelled("run", run), labelled("beside (such as greedy)", beside), nodes.principles);
  const box = el("div", "grm-page");
  box.append(bar, nodes.body);
  element.append(box);
  nodes.body.append(hint("Looking for runs …"));
  state.runs = (await state.ask.choices()) || [];
  const options = state.runs.map(({ id, title }) => /** @type {[string, string]} */ ([id, title]));
  fillChoice(run, [["", "choose"], ...options], wanted.id);
  fillChoice(beside, [["", "nothing"], ...options], wanted.beside);
  load(state, {});
}

/** @param {import("../types").RunsServer} ask */
function begun(ask) {
  const given = address.params();
  const principles = el("a", "grm-link", "its principles");
  principles.hidden = true;
  return {
    ask,
    turns: new Turns(),
    wanted: { id: given.get("id") || "", beside: given.get("beside") || "" },
    /** @type {Choice[]} */
    runs: [],
    nodes: { body: el("div"), principles },
  };
}

/** @param {State} state @param {Partial<State["wanted"]>} change */
async function load(state, change) {
  const { wanted, nodes } = state;
  Object.assign(wanted, change);
  const isLast = state.turns.next();
  address.name(wanted);
  nodes.principles.hidden = !wanted.id;
  nodes.principles.href = address.link("principles", { run: wanted.id });
  nodes.body.replaceChildren(...(wanted.id ? [hint("Voting over all items …")] : start(state.runs)));
  if (!wanted.id) return;
  const found = await state.ask.run(wanted.id, wanted.beside);
  if (!isLast()) return;
  if (failed(found)) {
    nodes.body.replaceChildren(problem(why(found)));
    return;
  }
  const grid = el("div", "grm-lab");
  grid.append(...found.panels.map((each) => panel(each, wanted.id)));
  const notes = found.said.map((text) => el("p", "grm-note", text));
  titled(found.title);
  nodes.body.replaceChildren(el("h2", "", found.title), ...notes, grid);
}

// Nothing chosen yet: what there is, and how more gets here.
/** @param {Choice[]} runs */
function start(runs) {
  const list = el("nav", "grm-recent");
  list.append(el("h3", "", runs.length ? "Runs that are here" : "No run is here yet."));
  list.append(...runs.map(({ id, title }) => anchor(title, address.link("runs", { id }))));
  return [hint(HOW), list];
}
