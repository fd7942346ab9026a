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
  const { selection, nodes } = state;
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
  fillChoice(run, [["", "choose"], ...options], selection.id);
  fillChoice(beside, [["", "nothing"], ...options], selection.beside);
  load(state, {});
}

/** @param {import("../types").RunsServer} ask */
function begun(ask) {
  const params = address.params();
  const principles = el("a", "grm-link", "its principles");
  principles.hidden = true;
  return {
    ask,
    turns: new Turns(),
    selection: { id: params.get("id") || "", beside: params.get("beside") || "" },
    /** @type {Choice[]} */
    runs: [],
    nodes: { body: el("div"), principles },
  };
}

/** @param {State} state @param {Partial<State["selection"]>} change */
async function load(state, change) {
  const { selection, nodes } = state;
  Object.assign(selection, change);
  const isLast = state.turns.next();
  address.name(selection);
  nodes.principles.hidden = !selection.id;
  nodes.principles.href = address.link("principles", { run: selection.id });
  nodes.body.replaceChildren(...(selection.id ? [hint("Voting over all items …")] : start(state.runs)));
  if (!selection.id) return;
  const grid = el("div", "grm-lab");
  const more = hint("Voting over all items …");
  for (const part of ["first", "rest"]) {
    const answer = await state.ask.run(selection.id, selection.beside, part);
    if (!isLast()) return;
    if (failed(answer)) {
      more.replaceWith(problem(why(answer)));
      if (part === "first") nodes.body.replaceChildren(problem(why(answer)));
      return;
    }
    grid.append(...answer.panels.map((each) => panel(each, selection.id)));
    if (part !== "first") continue;
    titled(answer.title);
    nodes.body.replaceChildren(el("h2", "", answer.title), grid, more);
  }
  more.remove();
}

// Nothing chosen yet: what there is, and how more gets here.
/** @param {Choice[]} runs */
function start(runs) {
  const list = el("nav", "grm-recent");
  list.append(el("h3", "", runs.length ? "Runs that are here" : "No run is here yet."));
  list.append(...runs.map(({ id, title }) => anchor(title, address.link("runs", { id }))));
  return [hint(HOW), list];
}
