// Who wins, and the sessions behind every number.

import * as address from "../lib/address.js";
import { anchor, button, chip, choice, download, el, fillChoice, hint, input, labelled, live } from "../lib/dom.js";
import { counted, fixed, percent, short, span } from "../lib/names.js";
import { calls, failed, Turns, why } from "../lib/rpc.js";
import { framed, headed } from "../views/table.js";

/** @typedef {import("../types").Board} Board */
/** @typedef {import("../types").Ranked} Ranked */
/** @typedef {import("../types").Game} Game */
/** @typedef {import("../types").Choice} Choice */
/** @typedef {import("../types").ModelsSettings} Settings */
/** @typedef {import("../lib/page").Place<Settings | null, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */
/** @typedef {{ outcome: string, model: string, other?: string, subset?: string | null, title: string }} Cell */

const EXAMPLE =
  '{"id": "soup", "query": "How do I rescue an oversalted soup?", "subset": "cooking",\n "answers": ' +
  '{"model-a": "Add a potato …", "model-b": "Dilute it …", "model-c": "Start again."}}';
const COMMAND = "python app.py score ANSWERS.jsonl --k 8 --out SAMPLES.jsonl --db FILE";
const RATINGS =
  "Bradley-Terry ratings, mean 1000; 400 more are odds of 10 to 1. Intervals, also of the rank, are 95% bootstraps " +
  "over items; an arrow marks an end without a bound. Mean position: where the voting samples saw the response, and what " +
  "even shuffling gives.";
const COLUMNS = ["Rank", "Model", "Rating, 95% interval", "Rating", "95%", "Win rate", "Won", "Tied", "Lost"];

/** @param {Place} place */
export async function mount({ element, props, server }) {
  const state = begun(calls(server), props.value?.methods || ["naive"]);
  const { selection, nodes } = state;
  const box = el("div", "grm-page grm-models");
  box.append(bar(state), nodes.body);
  element.append(box);
  state.runs = (await state.ask.choices()) || [];
  if (!selection.id && state.runs.length === 1) selection.id = state.runs[0].id;
  const isKnown = !selection.id || state.runs.some(({ id }) => id === selection.id);
  const runs = isKnown ? state.runs : [{ id: selection.id, title: "an unknown run" }, ...state.runs];
  fillChoice(nodes.run, [["", "Choose a run"], ...pairs(runs)], selection.id);
  load(state, {});
}

/** @param {Choice[]} runs @returns {[string, string][]} */
const pairs = (runs) => runs.map(({ id, title }) => [id, title]);

/** @param {import("../types").ModelsServer} ask @param {string[]} methods */
function begun(ask, methods) {
  const params = address.params();
  return {
    ask,
    methods,
    turns: new Turns(),
    lists: new Turns(),
    selection: {
      id: params.get("id") || "",
      method: params.get("method") || methods[0],
      k: params.get("k") || "",
      /** @type {string | null} '' is the items of no subset, null all */
      subset: params.get("subset"),
    },
    /** @type {Choice[]} */
    runs: [],
    nodes: {
      body: el("div"),
      run: el("select"),
      method: el("select"),
      subset: el("select"),
      subsetField: el("label"),
    },
  };
}

/** @param {State} state */
function bar(state) {
  const { selection, nodes } = state;
  nodes.run = choice([], (id) => load(state, { id, subset: null }), "models-run");
  nodes.method = choice(
    state.methods.map((name) => /** @type {[string, string]} */ ([name, name])),
    (method) => load(state, { method }),
    "models-method",
  );
  nodes.subset = choice([], (value) => load(state, { subset: value ? value.slice(1) : null }), "models-subset");
  const k = input({ type: "number", min: "1", max: "1024", placeholder: "all", value: selection.k, id: "models-k" });
  k.addEventListener("change", () => load(state, { k: k.value }));
  nodes.subsetField = labelled("Subset", nodes.subset);
  nodes.subsetField.hidden = true; // until a run has some
  const node = el("div", "grm-session-bar");
  node.append(labelled("Run", nodes.run), labelled("Vote", nodes.method), labelled("k", k), nodes.subsetField);
  return node;
}

/** What every call begins with. @param {State} state @returns {[string, string, number | null, string | null]} */
const scope = ({ selection: { id, method, k, subset } }) => [id, method, k === "" ? null : Number(k), subset];

/** @param {string} name */
const subsetName = (name) => name || "(no subset)";

/** @param {string} text */
const refusal = (text) => el("p", "grm-line grm-bad", text);

/** @param {State} state @param {Partial<State["selection"]>} change */
async function load(state, change) {
  const { selection, nodes, methods } = state;
  Object.assign(selection, change);
  const isLast = state.turns.next();
  nameView(selection, methods[0]);
  nodes.method.value = selection.method;
  if (!selection.id) {
    nodes.subsetField.hidden = true;
    nodes.body.replaceChildren(howTo(state.runs.length > 0));
    return;
  }
  nodes.body.replaceChildren(hint("Voting over all items …"));
  const board = await state.ask.board(...scope(state));
  if (!isLast()) return;
  if (failed(board)) {
    nodes.body.replaceChildren(refusal(why(board)));
    return;
  }
  fillSubsets(state, board.subsets);
  drawBoard(state, board);
}

/** @param {State["selection"]} selection @param {string} usual method */
function nameView({ id, method, k, subset }, usual) {
  const url = address.withParams(window.location.href, { id, method: method === usual ? "" : method, k });
  if (subset === null) url.searchParams.delete("subset");
  else url.searchParams.set("subset", subset); // '' too: it stands for the items of no subset
  address.show(url);
}

/** @param {State} state @param {string[]} names */
function fillSubsets({ nodes, selection }, names) {
  nodes.subsetField.hidden = !names.length;
  const options = names.map((name) => /** @type {[string, string]} */ ([`=${name}`, subsetName(name)]));
  fillChoice(nodes.subset, [["", "all"], ...options], selection.subset === null ? "" : `=${selection.subset}`);
}

/** Nothing to show yet. @param {boolean} some whether there are runs */
function howTo(some) {
  const part = el("section", "grm-panel");
  const here = el("p", "", "In the file each object stands on one line. Drop it on ");
  here.append(anchor("Batch", address.link("batch"), "grm-link"));
  here.append(", or judge it from a terminal, while the page stays open:");
  part.append(
    el(
      "h2",
      "",
      some ? "Choose a run, or add responses of models" : "No run names the models that wrote its responses yet",
    ),
    el(
      "p",
      "",
      "Write the responses of two or more models to the same queries into a file, one object a line. " +
        "The GRM judges them without their names.",
    ),
    el("pre", "", EXAMPLE),
    here,
    el("pre", "", COMMAND),
  );
  return part;
}

// ---- the leaderboard

/** @typedef {(where: Element, cell: Cell) => void} Open */

/** @param {State} state @param {Board} board */
function drawBoard(state, board) {
  const list = live("section", "grm-behind");
  /** @type {Open} */
  const open = (where, cell) => drawGames(state, list, where, cell);
  const head = el("p", "grm-note", board.summary);
  if (board.unscored) {
    const text = `${board.unscored}${board.unscored === 1 ? " more item was" : " more items were"} not scored`;
    const cell = { outcome: "unscored", model: "", title: "Not scored: no sample could be read" };
    head.append(
      " ",
      button(text, "grm-small grm-unscored", () => open(head, cell)),
    );
  }
  const heats = el("div", "grm-heat-tables");
  heats.append(winMatrix(state, board, open), ...(board.by_subset.length ? [bySubset(state, board, open)] : []));
  state.nodes.body.replaceChildren(el("h2", "", board.title), head, standing(state, board, open), heats);
}

/** A section with a title, a table that scrolls inside it, a note and the CSV of the same numbers.
 * @param {State} state @param {string} name @param {string} title @param {HTMLTableElement} table @param {string} text */
function section(state, name, title, table, text) {
  const box = el("section", "grm-panel");
  const under = el("div", "grm-under");
  box.dataset.name = name;
  const save = button("CSV", "grm-small", async () => {
    const csv = await state.ask.table(...scope(state), name);
    if (!failed(csv)) download(`${name}-${state.selection.id}.csv`, "text/csv", csv.csv);
  });
  under.append(el("p", "grm-note", text), save);
  box.append(el("h3", "", title), framed(table, title, "grm-table-wide"), under);
  return box;
}

/** A number that opens its sessions; the words tell a screen reader what it counts.
 * @param {string | number} text @param {Cell} cell @param {Open} open */
function opener(text, cell, open) {
  /** @type {HTMLButtonElement} */
  const node = button(text, "grm-cell", () => open(node.closest("section") ?? node, cell));
  node.setAttribute("aria-label", cell.title);
  node.title = cell.title;
  return node;
}

/** @param {State} state @param {Board} board @param {Open} open */
function standing(state, board, open) {
  const table = headed("grm-board", [...COLUMNS, "Mean position (even)"]);
  const ends = board.models.flatMap(({ low, rating, high }) => [low, rating, high]);
  const at = scaleOf(/** @type {number[]} */ (ends.filter((end) => end !== null)));
  table.append(...board.models.map((model) => boardRow(model, at, open)));
  return section(state, "models", "Who wins?", table, RATINGS);
}

/** From a rating to its place in percent; the ends are left to arrows. @param {number[]} values */
export function scaleOf(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return (/** @type {number} */ value) => 3 + (94 * (value - low)) / Math.max(high - low, 1);
}

/** @param {Ranked} one @param {(value: number) => number} at @param {Open} open */
function boardRow(one, at, open) {
  const line = el("tr");
  const rank = el("td", "grm-num", fixed(one.rank, 0));
  const name = el("td", "grm-name");
  const bars = el("td");
  const all = { outcome: "met", model: one.model, title: `${one.model}: all its sessions` };
  rank.append(el("span", "grm-note", ` ${span(one.rank_low, one.rank_high)}`));
  name.append(opener(one.model, all, open));
  if (one.note) name.append(el("div", "grm-note", one.note));
  bars.append(intervalBar(one, at));
  line.append(rank, name, bars);
  line.append(
    ...[fixed(one.rating, 0), interval(one), percent(one.win_rate)].map((text) => el("td", "grm-num", text)),
  );
  /** @type {[number, string][]} */
  const counts = [
    [one.wins, "won"],
    [one.ties, "tied"],
    [one.losses, "lost"],
  ];
  for (const [count, outcome] of counts) {
    const cell = el("td", "grm-num");
    const title = `${one.model}: ${counted(count, "comparison")} ${outcome}`;
    cell.append(count ? opener(count, { outcome, model: one.model, title }, open) : "0");
    line.append(cell);
  }
  const position = one.position === null ? "–" : `${fixed(one.position, 2)} (${fixed(one.position_fair, 2)})`;
  line.append(el("td", "grm-num", position));
  return line;
}

/** @param {Pick<Ranked, "rating" | "low" | "high">} one */
export function interval({ rating, low, high }) {
  if (rating === null) return "–";
  /** @param {number | null} end */
  const text = (end) => (end === null ? "no bound" : fixed(end, 0));
  return `${text(low)} to ${text(high)}`;
}

/** @param {Ranked} one @param {(value: number) => number} at */
function intervalBar({ rating, low, high }, at) {
  const track = el("div", "grm-interval");
  track.setAttribute("aria-hidden", "true"); // the numbers stand beside it
  if (rating === null) return track;
  const from = low === null ? 0 : at(low);
  const to = high === null ? 100 : at(high);
  const range = el("i", "grm-whisker");
  const dot = el("i", "grm-mark");
  Object.assign(range.style, { left: `${from}%`, width: `${Math.max(to - from, 0.5)}%` });
  dot.style.left = `${at(rating)}%`;
  track.append(range, dot);
  if (low === null) track.append(el("i", "grm-open grm-open-low", "◂"));
  if (high === null) track.append(el("i", "grm-open grm-open-high", "▸"));
  return track;
}

// ---- heat tables: blue above a half, orange below; the digits say the same

/** @param {number | null} share @param {number} count @param {Cell} cell @param {Open} open */
function heat(share, count, cell, open) {
  const node = el("td", `grm-heat ${(share ?? 0) >= 0.5 ? "grm-heat-high" : "grm-heat-low"}`);
  node.style.setProperty("--s", (Math.abs((share ?? 0) - 0.5) * 2).toFixed(3));
  const number = opener(percent(share), cell, open);
  number.append(el("span", "grm-note", ` of ${count}`));
  node.append(number);
  return node;
}

/** @param {State} state @param {Board} board @param {Open} open */
function winMatrix(state, { models, wins, ties }, open) {
  const names = models.map(({ model }) => model);
  const many = names.length > 8;
  const table = headed("grm-heats", ["Won against", ...names.map((name, i) => (many ? i + 1 : name))]);
  names.forEach((name, i) => {
    const line = el("tr");
    line.append(el("th", "", many ? `${i + 1} ${name}` : name));
    names.forEach((other, j) => {
      const [won, level, lost] = [wins[i][j], ties[i][j], wins[j][i]];
      const count = won + level + lost;
      if (i === j || !count) {
        line.append(el("td", "grm-note", i === j ? "" : "never met"));
        return;
      }
      const title = `${name} against ${other}: won ${won}, tied ${level}, lost ${lost} of ${count}`;
      line.append(heat((won + level / 2) / count, count, { outcome: "met", model: name, other, title }, open));
    });
    table.append(line);
  });
  const text =
    "Share of comparisons that the row's model wins against the column's, a tie counting half, and their number.";
  return section(state, "pairs", "Who beats whom?", table, text);
}

/** @param {State} state @param {Board} board @param {Open} open */
function bySubset(state, board, open) {
  const table = headed("grm-heats", ["Win rate", ...board.subsets.map(subsetName)]);
  for (const { model } of board.models) {
    const line = el("tr");
    line.append(el("th", "", model));
    for (const subset of board.subsets) {
      const one = board.by_subset.find((each) => each.model === model && each.subset === subset);
      if (!one?.comparisons) {
        line.append(el("td", "grm-note", "–"));
        continue;
      }
      const counts = `won ${one.wins}, tied ${one.ties}, lost ${one.losses} of ${one.comparisons}`;
      const title = `${model} in ${subsetName(subset)}: ${counts}`;
      line.append(heat(one.win_rate, one.comparisons, { outcome: "met", model, subset, title }, open));
    }
    table.append(line);
  }
  const text =
    "Share of comparisons won against all other models in the subset, a tie counting half, and their number.";
  return section(state, "subsets", "Where does it win?", table, text);
}

// ---- the sessions behind a number

/** @param {State} state @param {HTMLElement} list @param {Element} where @param {Cell} cell */
async function drawGames(state, list, where, cell) {
  const isLast = state.lists.next();
  const [run, method, k, subset] = scope(state);
  const { outcome, model, other = "" } = cell;
  list.replaceChildren(hint("Looking for the sessions …"));
  (where.closest(".grm-heat-tables") || where).after(list);
  const within = cell.subset === undefined ? subset : cell.subset;
  const sessions = await state.ask.sessions(run, method, k, within, outcome, model, other);
  if (!isLast()) return;
  if (failed(sessions)) {
    list.replaceChildren(refusal(why(sessions)));
    return;
  }
  const head = el("div", "grm-under");
  const rows = el("ol", "grm-games");
  head.append(
    el("h3", "", `${cell.title} · ${counted(sessions.count, "session")}`),
    button("Close", "grm-small", () => list.remove()),
  );
  rows.append(...sessions.rows.map((row) => game(row, model, other)));
  list.replaceChildren(head, rows);
  if (sessions.count > sessions.rows.length) list.append(el("p", "grm-note", `The first ${sessions.rows.length}.`));
  list.scrollIntoView({ block: "nearest" });
}

/** @param {Game} row @param {string} model @param {string} other */
function game(row, model, other) {
  const line = el("li");
  const votes = el("span", "grm-chips");
  for (const { place, name, total } of row.models) {
    const node = chip(place);
    node.classList.toggle("grm-mine", name === model || name === other);
    node.append(el("span", "", ` ${name}`), el("b", "", short(total)));
    votes.append(node);
  }
  line.append(
    el("span", "grm-result", results(row, Boolean(other))),
    anchor(row.title || row.id, address.sessionLink(row.id)),
    el("span", "grm-note", [row.subset, `${row.k} read`].filter(Boolean).join(" · ")),
    votes,
  );
  return line;
}

/** What came of a session for the model: words against one other, words with counts against all.
 * @param {Pick<Game, "won" | "tied" | "lost">} row @param {boolean} single */
export function results({ won, tied, lost }, single) {
  const counts = Object.entries({ won, tied, lost }).filter(([, count]) => count);
  return counts.map(([word, count]) => (single ? word : `${word} ${count}`)).join(", ");
}
