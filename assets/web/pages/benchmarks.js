// Runs of reward benchmarks: headline, tables, curves, and every item with its session; and judges under attack.

import * as address from "../lib/address.js";
import { anchor, choice, el, fillChoice, hint, labelled, problem } from "../lib/dom.js";
import { fixed, percent } from "../lib/names.js";
import { calls, failed, Turns, why } from "../lib/rpc.js";
import { panel } from "../views/panel.js";
import { headed } from "../views/table.js";
import { attacked } from "./benchmarks/attacks.js";

/** @typedef {import("../types").Benchmark} Benchmark */
/** @typedef {import("../types").BenchmarkRun} Run */
/** @typedef {import("../types").BenchmarkItem} Item */
/** @typedef {import("../types").BenchmarkSettings} Settings */
/** @typedef {import("../lib/page").Place<Settings | null, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */
/** @typedef {"id" | "beside" | "method" | "tie" | "invalid"} Name */

const BRIEF =
  "By naive voting over all samples, ties and unreadable judgments as the benchmark has them; " +
  "at random: what random scores would get.";
const MOST = 200;
/** What the server calls a run of `attack`. */
const ATTACK = "attack";

/** @param {Place} place */
export async function mount({ element, props, server }) {
  const state = begun(calls(server));
  const box = el("div", "grm-page grm-bench");
  box.append(bar(state, props.value || { methods: [], ties: [], invalid: [] }), state.body);
  element.append(box);
  state.runs = (await state.ask.choices()) || [];
  load(state);
}

/** @param {import("../types").BenchmarksServer} ask */
function begun(ask) {
  const params = address.params();
  /** @param {string} name @param {string} [otherwise] */
  const text = (name, otherwise = "") => params.get(name) || otherwise;
  return {
    ask,
    turns: new Turns(),
    selection: {
      id: text("id"),
      beside: text("beside"),
      method: text("method", "naive"),
      tie: text("tie"),
      invalid: text("invalid"),
    },
    /** @type {Run[]} */
    runs: [],
    body: el("div"),
    /** @type {Partial<Record<Name, HTMLSelectElement>>} */
    boxes: {},
  };
}

/** @param {State} state @param {Settings} settings */
function bar(state, { methods, ties, invalid }) {
  const { selection, boxes } = state;
  const node = el("div", "grm-session-bar");
  /** @param {string[]} values @returns {[string, string][]} */
  const same = (values) => values.map((value) => [value, value]);
  /** @type {[string, string]} */
  const own = ["", "as the benchmark"];
  /** @type {[Name, string, [string, string][]][]} */
  const fields = [
    ["id", "Run", []],
    ["beside", "Compare with", []],
    ["method", "Vote", same(methods)],
    ["tie", "Ties", [own, ...same(ties)]],
    ["invalid", "Unreadable", [own, ...same(invalid)]],
  ];
  for (const [name, label, options] of fields) {
    const select = (value = "") => {
      selection[name] = value;
      if (name === "id") selection.beside = "";
      load(state);
    };
    const box = choice(options, select, `bench-${name}`);
    box.value = selection[name];
    boxes[name] = box;
    node.append(labelled(label, box));
  }
  return node;
}

/** @param {State} state */
function fillRuns({ runs, selection, boxes }) {
  const mine = runs.find(({ id }) => id === selection.id);
  const others = runs.filter(({ id, benchmark }) => mine && id !== mine.id && benchmark === mine.benchmark);
  /** @param {Run[]} list @returns {[string, string][]} */
  const options = (list) => list.map(({ id, title }) => [id, title]);
  if (boxes.id) fillChoice(boxes.id, [["", "choose"], ...options(runs)], selection.id);
  if (boxes.beside) fillChoice(boxes.beside, [["", "nothing"], ...options(others)], selection.beside);
}

/** @param {State} state */
async function load(state) {
  const { selection, body } = state;
  const isLast = state.turns.next();
  address.name(selection);
  fillRuns(state);
  body.replaceChildren(selection.id ? hint("Voting over all items …") : start(state, isLast));
  if (!selection.id) return;
  const attack = state.runs.some(({ id, benchmark }) => id === selection.id && benchmark === ATTACK);
  for (const name of /** @type {const} */ (["beside", "method", "tie", "invalid"])) {
    const field = state.boxes[name]?.closest("label");
    if (field) field.hidden = attack;
  }
  if (attack) {
    const report = await state.ask.attacks(selection.id);
    if (isLast()) body.replaceChildren(...(failed(report) ? [problem(why(report))] : attacked(report)));
    return;
  }
  const report = await state.ask.run(
    selection.id,
    selection.beside,
    selection.method,
    selection.tie,
    selection.invalid,
  );
  if (!isLast()) return;
  if (failed(report)) body.replaceChildren(problem(why(report)));
  else drawRun(state, report);
}

// ---- nothing chosen yet: what there is, each with its headline as soon as it is known; or how a run gets here

/** @param {State} state @param {() => boolean} isLast */
function start(state, isLast) {
  if (!state.runs.length) return howTo();
  const part = el("section", "grm-panel");
  const table = headed("grm-items", ["Run", "Headline", "At random"]);
  const lines = state.runs.map(({ id, title }) => {
    const line = el("tr");
    const name = el("td");
    const numbers = [el("td", "grm-num", "…"), el("td", "grm-num", "…")];
    name.append(anchor(title, address.link("benchmarks", { id }), "grm-link"));
    line.append(name, ...numbers);
    table.append(line);
    return { id, numbers };
  });
  part.append(el("h2", "", "Benchmarks and attacks that were run"), table, el("p", "grm-note", BRIEF));
  tell(state, lines, isLast);
  return part;
}

/** Nothing to show yet. */
function howTo() {
  const part = el("section", "grm-panel");
  const here = el("p", "");
  here.append("Drop the official file of a benchmark on ", anchor("Batch", address.link("batch"), "grm-link"));
  here.append(" and say which it is. The result stands here when it is judged.");
  part.append(
    el("h2", "", "No benchmark has been run yet"),
    here,
    el("p", "", "Or from a terminal, while the page stays open:"),
    el("pre", "", "python app.py bench NAME --data PATH --db FILE"),
    el("p", "", "See how well a judge withstands responses that ask for their score:"),
    el("pre", "", "python app.py attack --db FILE"),
  );
  return part;
}

/** @param {State} state @param {{ id: string, numbers: HTMLElement[] }[]} lines @param {() => boolean} isLast */
async function tell(state, lines, isLast) {
  for (const { id, numbers } of lines) {
    if (!isLast()) return;
    const answer = await state.ask.brief(id);
    const brief = failed(answer) ? null : answer;
    numbers[0].textContent = percent(brief?.headline, 1);
    numbers[1].textContent = percent(brief?.chance, 1);
  }
}

// ---- a run

/** @param {State} state @param {Benchmark} report */
function drawRun(state, report) {
  const against = report.beside === null ? "" : ` against ${percent(report.beside, 1)}`;
  const head = el("h2", "grm-headline", `${report.benchmark}: ${percent(report.headline, 1)}${against}`);
  const grid = el("div", "grm-lab");
  grid.append(...report.panels.map((each) => panel(each, report.benchmark)));
  const notes = report.said.map((text) => el("p", "grm-note", text));
  state.body.replaceChildren(head, ...notes, grid, items(state, report));
}

/** Which items are listed. @type {Record<string, (item: Item) => boolean>} */
export const SHOWN = {
  wrong: ({ credit }) => credit !== null && credit < 0.5,
  right: ({ credit }) => credit === 1,
  all: () => true,
  unreadable: ({ read }) => !read,
  "no winner": ({ read, winner }) => read && winner === null,
  "differs from the other run": ({ other, credit }) => other !== null && other !== credit,
};

/** @param {State} state @param {Benchmark} report */
function items(state, report) {
  const part = el("section", "grm-panel");
  const list = el("div", "grm-table-wide");
  const count = el("span", "grm-note");
  const compared = report.beside !== null;
  const names = Object.keys(SHOWN).filter((name) => compared || !name.startsWith("differs"));
  const options = names.map((name) => /** @type {[string, string]} */ ([name, name]));
  /** @param {string} name */
  const show = (name) => {
    const chosen = report.items.filter(SHOWN[name]);
    const first = chosen.length > MOST ? `, the first ${MOST} shown` : "";
    count.textContent = `${chosen.length} of ${report.items.length}${first}`;
    const table = headed("grm-items", ["Item", "Subset", "Winner", "Credit", ...(compared ? ["Other run"] : [])]);
    table.append(...chosen.slice(0, MOST).map((item) => itemRow(item, state.selection.method, compared)));
    list.replaceChildren(table);
  };
  const which = choice(options, show, "bench-items");
  const tools = el("div", "grm-session-bar");
  tools.append(labelled("Items", which), count);
  part.append(el("h3", "", "Items"), tools, list);
  show(which.value);
  return part;
}

/** @param {Item} item @param {string} method @param {boolean} compared */
function itemRow(item, method, compared) {
  const line = el("tr");
  const name = el("td");
  name.append(anchor(item.id, address.sessionLink(item.session, { method }), "grm-link"));
  line.append(name, el("td", "", item.subset), el("td", "", item.read ? item.winner || "none" : "unreadable"));
  line.append(el("td", "grm-num", fixed(item.credit, 2)));
  if (compared) line.append(el("td", "grm-num", fixed(item.other, 2)));
  return line;
}
