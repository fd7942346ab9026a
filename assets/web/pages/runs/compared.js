// Several runs on the same items: what differs in them, what came of it, and every item side by side.

import * as address from "../../lib/address.js";
import { anchor, button, chip, choice, el, labelled } from "../../lib/dom.js";
import { narrowedPairs, showsOf } from "../../lib/items.js";
import { heading, percent } from "../../lib/names.js";
import { bestMarks, itemTable, rightMark } from "../../views/items.js";
import { panel } from "../../views/panel.js";
import { framed, headed } from "../../views/table.js";
import { chipsOf, itemCell, wordsField } from "./list.js";

/** @typedef {import("../../types").ComparedRuns} ComparedRuns */
/** @typedef {import("../../types").ComparedItem} Item */
/** @typedef {import("./state").Selection} Selection */
/** What a comparison needs of its page.
 * @typedef {object} Place
 * @property {Selection} selection
 * @property {(run: string) => string} link to a run
 * @property {() => void} name puts the selection into the address
 * @property {(order: readonly Item[]) => void} listed gets the items in their order
 */

const OUTCOMES = ["right", "wrong", "tie"];

/** @param {ComparedRuns} made @param {Place} place */
export function comparison(made, place) {
  const list = pairList(made, place);
  const figures = el("section", "grm-panel");
  figures.append(el("h3", "", "Runs"), runTable(made, place), ...made.said.map((text) => el("p", "grm-note", text)));
  const crosses = el("section", "grm-panel");
  crosses.append(
    el("h3", "", "Right and wrong, item by item"),
    ...made.runs.slice(1).map((_, at) => crossTable(made, at + 1, list)),
  );
  const plots = el("div", "grm-run-plots");
  plots.append(
    ...(made.crosses.length ? [crosses] : []),
    ...made.panels.map((each) => panel(each, place.selection.id)),
  );
  const both = el("div", "grm-run-body");
  both.append(list.node, plots);
  const whole = el("div", "grm-compared");
  whole.append(figures, both);
  return whole;
}

/** Only the settings that differ, then the figures. @param {ComparedRuns} made @param {Place} place */
function runTable({ settings, runs }, { link }) {
  const isLabelled = runs.some(({ accuracy }) => accuracy);
  const figures = isLabelled ? ["Accuracy, k = 1", "Accuracy, all samples", "Against run 1, points"] : [];
  const table = headed("grm-points grm-run-table", ["Run", ...settings.map(heading), ...figures]);
  [...table.rows[0].cells].slice(0, 1 + settings.length).forEach((cell) => {
    cell.className = "grm-words";
  });
  runs.forEach(({ id, title, values, alone, accuracy, difference }, at) => {
    const line = el("tr");
    const name = el("td", "grm-words", `${at + 1} · `);
    name.append(anchor(title, link(id), "grm-link"));
    line.append(name, ...values.map((value) => el("td", "grm-words", value)));
    if (isLabelled) line.append(...[percent(alone, 1), accuracy, difference || "–"].map((text) => el("td", "", text)));
    table.append(line);
  });
  return framed(table, "Runs that are compared", "grm-table-wide");
}

/** How many items are right, wrong or tied in run 1 and in another; each count opens its items.
 * @param {ComparedRuns} made @param {number} run @param {ReturnType<typeof pairList>} list */
function crossTable({ crosses }, run, list) {
  const mine = crosses.filter((cross) => cross.run === run);
  const kinds = OUTCOMES.filter(
    (kind) => kind !== "tie" || mine.some(({ one, other }) => one === kind || other === kind),
  );
  const table = headed("grm-points grm-cross", ["", ...kinds.map((kind) => `Run ${run + 1} ${kind}`)]);
  for (const one of kinds) {
    const line = el("tr");
    line.append(el("th", "grm-words", `run 1 ${one}`));
    for (const other of kinds) {
      const count = mine.find((cross) => cross.one === one && cross.other === other)?.count ?? 0;
      const cell = el("td");
      const open = button(count.toLocaleString("en"), "grm-small", () =>
        list.narrow({ cross: `${run}/${one}/${other}`, show: "" }),
      );
      open.disabled = !count;
      open.setAttribute("aria-label", `${count} items: run 1 ${one}, run ${run + 1} ${other}`);
      cell.append(open);
      line.append(cell);
    }
    table.append(line);
  }
  return framed(table, `Run 1 and run ${run + 1}`, "grm-table-wide");
}

/** @param {ComparedRuns} made @param {Place} place */
function pairList(made, place) {
  const { selection } = place;
  const node = el("section", "grm-panel grm-run-items");
  const list = el("div");
  const chips = el("span", "grm-chips");
  const words = wordsField(selection.words);
  const show = choice(showsOf(made.runs.length), (value) => narrow({ show: value, cross: "" }), "run-show");
  /** @param {Partial<Selection>} change */
  const narrow = (change) => {
    Object.assign(selection, { page: 0 }, change);
    draw();
    if (change.cross) node.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    place.name();
    show.value = selection.show;
    chips.replaceChildren(...chipsOf(selection, narrow));
    const { node: table, order } = itemTable(narrowedPairs(made.items, selection), {
      columns: columnsOf(made),
      all: made.items.length,
      sort: selection.sort,
      page: selection.page,
      id: ({ sessions }) => sessions[0],
      change: (change) => narrow({ page: 0, ...change }),
    });
    list.replaceChildren(table);
    place.listed(order);
  };
  words.addEventListener("input", () => narrow({ words: words.value }));
  const tools = el("div", "grm-session-bar");
  tools.append(words, labelled("Show", show), chips);
  node.append(el("h3", "", "Items in all runs"), tools, list);
  draw();
  return { node, narrow };
}

/** @param {ComparedRuns} made @returns {import("../../views/items").Column<Item>[]} */
function columnsOf({ runs, items }) {
  /** @type {import("../../views/items").Column<Item>[]} */
  const columns = [
    {
      name: "item",
      title: "Item",
      value: ({ item }) => item,
      cell: (item) => itemCell(item, address.sessionLink(item.sessions[0])),
      cls: "grm-item-name",
    },
  ];
  if (items.some(({ subset }) => subset))
    columns.push({ name: "subset", title: "Subset", value: ({ subset }) => subset, cell: ({ subset }) => subset });
  if (items.some(({ best }) => best.length))
    columns.push({
      name: "label",
      title: "Label",
      value: ({ best }) => best[0] ?? null,
      cell: ({ best }) => bestMarks(best),
    });
  runs.forEach((_, at) => {
    const value = (/** @type {Item} */ { winners }) => winners[at];
    columns.push({ name: `run${at + 1}`, title: `Run ${at + 1}`, value, cell: (item) => verdictCell(item, at) });
    const margin = (/** @type {Item} */ { margins }) => margins[at];
    columns.push({
      name: `margin${at + 1}`,
      title: "Margin",
      value: margin,
      cell: (item) => margin(item) ?? "–",
      cls: "grm-num",
    });
  });
  return columns;
}

/** The winner of a run as a link to its session, and whether that is right. @param {Item} item @param {number} at */
function verdictCell({ winners, right, sessions }, at) {
  const node = el("span", "grm-run-verdict");
  const winner = winners[at];
  const isTie = winner === null && right[at] === "tie"; // one word says both
  const link = el("a", "", winner === null ? (isTie ? "tie" : "none") : null);
  if (winner !== null) link.append(chip(winner));
  link.href = address.sessionLink(sessions[at]);
  link.setAttribute("aria-label", `Run ${at + 1}'s session`);
  node.append(link);
  if (right[at] !== null && !isTie) node.append(rightMark(right[at]));
  return node;
}
