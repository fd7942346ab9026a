// The items of one run: narrowed by words, by what became of them, and by what is clicked in the plots.

import { anchor, button, choice, el, input, labelled } from "../../lib/dom.js";
import { CHIPS, narrowed, SHOWS } from "../../lib/items.js";
import { counted, percent } from "../../lib/names.js";
import { bestMarks, itemTable, rightMark, winnerMark } from "../../views/items.js";

/** @typedef {import("../../types").RunItems} RunItems */
/** @typedef {import("../../types").RunItem} Item */
/** @typedef {import("../../types").Counted} Counted */
/** @typedef {import("../../lib/items").Narrow & { page: number }} Selection */
/** @typedef {import("../../views/items").Column<Item>} Column */

/** What a list needs of its page.
 * @typedef {object} Place
 * @property {RunItems} run
 * @property {Selection} selection
 * @property {(session: string) => string} link to a session
 * @property {() => void} name puts the selection into the address
 * @property {(order: readonly Item[]) => void} listed gets the items in their order
 * @property {((sessions: string[]) => Promise<Counted[] | null>) | null} findings null where they are not looked up
 */

const AT_ONCE = 10; // sessions whose texts are looked through in one call
const WORDS = "Words of an item";
const LABELLED = ["label", "alone", "right"];
const NEEDS_LABELS = new Set(["wrong", "right", "won", "lost"]);

/** Where the words are written that an item is to hold. @param {string} value */
export const wordsField = (value) => input({ type: "search", value, placeholder: WORDS, id: "run-words" }, WORDS);

/** The list with its tools; `narrow` changes what is listed. @param {Place} place */
export function runList(place) {
  const { selection, run } = place;
  const node = el("section", "grm-panel grm-run-items");
  const chips = el("span", "grm-chips");
  const list = el("div");
  /** @type {Map<string, Counted>} */
  const counts = new Map();
  const words = wordsField(selection.words);
  const shows = SHOWS.filter(([name]) => run.labelled || !NEEDS_LABELS.has(name));
  const show = choice(shows, (value) => narrow({ show: value }), "run-show");
  /** @param {Partial<Selection>} change */
  const narrow = (change) => {
    Object.assign(selection, { page: 0 }, change);
    draw();
  };
  const draw = () => {
    place.name();
    show.value = selection.show;
    chips.replaceChildren(...chipsOf(selection, narrow));
    const columns = columnsOf(place, counts);
    const {
      node: table,
      shown,
      order,
    } = itemTable(narrowed(run.items, selection), {
      columns,
      all: run.items.length,
      sort: selection.sort,
      page: selection.page,
      id: ({ session }) => session,
      change: (change) => narrow({ page: 0, ...change }),
    });
    list.replaceChildren(table);
    place.listed(order);
    look(place, shown, counts, list);
  };
  words.addEventListener("input", () => narrow({ words: words.value }));
  const tools = el("div", "grm-session-bar");
  tools.append(words, labelled("Show", show), chips);
  const how = el("span", "grm-note", "Click a bar of the plots to list its items.");
  node.append(el("h3", "", "Items"), how, tools, list);
  draw();
  return { node, narrow };
}

/** What is narrowed by a plot, each with a button that ends it.
 * @param {Selection} selection @param {(change: Partial<Selection>) => void} narrow */
export const chipsOf = (selection, narrow) =>
  Object.entries(CHIPS).flatMap(([name, said]) => {
    const value = selection[/** @type {"subset"} */ (name)];
    if (!value) return [];
    const chip = button(`${said(value)} ✕`, "grm-small grm-narrow", () => narrow({ [name]: "" }));
    chip.setAttribute("aria-label", `Remove: ${said(value)}`);
    return [chip];
  });

/** A column of numbers, with a dash where there is none.
 * @param {"margin" | "agreement" | "alone" | "settles" | "unread"} name @param {string} title @param {string} [hint]
 * @param {(value: number | null) => string | number} [shown] @returns {Column} */
const numbers = (name, title, hint, shown = (value) => value ?? "–") => ({
  name,
  title,
  hint,
  value: (item) => item[name],
  cell: (item) => shown(item[name]),
  cls: "grm-num",
});

/** @param {Place} place @param {Map<string, Counted>} counts @returns {Column[]} */
function columnsOf({ run, link, findings }, counts) {
  /** @type {Column[]} */
  const columns = [
    {
      name: "item",
      title: "Item",
      value: ({ item }) => item,
      cell: (item) => itemCell(item, link(item.session)),
      cls: "grm-item-name",
    },
    { name: "subset", title: "Subset", value: ({ subset }) => subset, cell: ({ subset }) => subset },
    { name: "label", title: "Label", value: ({ best }) => best[0] ?? null, cell: ({ best }) => bestMarks(best) },
    {
      name: "winner",
      title: "Winner",
      value: ({ winner }) => winner,
      cell: ({ winner, unread, samples }) => winnerMark(winner, unread < samples),
    },
    numbers("margin", "Margin"),
    numbers("agreement", "Agreement", "samples that put the winner first", percent),
    numbers("alone", "k = 1", "samples that are right alone, ties shared", percent),
    {
      name: "right",
      title: `k = ${run.k}`,
      hint: "the vote of all samples against the label",
      value: ({ right }) => right,
      cell: ({ right }) => rightMark(right),
    },
    numbers("settles", "Settles", "k from which on the winner stays"),
    numbers("unread", "Unread", "samples that could not be read"),
  ];
  const wanted = columns.filter(
    ({ name }) =>
      (run.labelled || !LABELLED.includes(name)) &&
      (name !== "subset" || run.subsets.some(Boolean)) &&
      (name !== "unread" || run.items.some(({ unread }) => unread)),
  );
  if (!findings) return wanted;
  const total = (/** @type {Item} */ { session }) => {
    const mine = counts.get(session);
    return mine ? 10_000 * mine.error + 100 * mine.warning + mine.note : null;
  };
  const hint = "looked up for the items that are shown";
  wanted.push({
    name: "findings",
    title: "Findings",
    hint,
    value: total,
    cell: (item) => findingMarks(counts.get(item.session)),
  });
  return wanted;
}

/** Its beginning as a link, its id below where that says more. @param {{ title: string, item: string }} item @param {string} href */
export function itemCell({ title, item }, href) {
  const node = el("div");
  node.append(anchor(title || item, href));
  if (title) node.append(el("span", "grm-note", item));
  return node;
}

/** The gravest kind and how many others there are. @param {Counted | undefined} counts */
function findingMarks(counts) {
  const kinds = /** @type {const} */ (["error", "warning", "note"]);
  const worst = kinds.find((kind) => counts?.[kind]);
  const node = el("span", "grm-findings-of", counts ? "none" : "…");
  if (!counts || !worst) return node;
  const others = counts.error + counts.warning + counts.note - counts[worst];
  node.title = kinds.map((kind) => counted(counts[kind], kind)).join(", ");
  node.replaceChildren(
    el("span", `grm-findings-of-${worst}`, counted(counts[worst], worst)),
    others ? ` +${others}` : "",
  );
  return node;
}

/** Looks up the findings of the items that are shown, once each and some at a time.
 * @param {Place} place @param {readonly Item[]} shown @param {Map<string, Counted>} counts @param {HTMLElement} list */
async function look({ findings }, shown, counts, list) {
  const missing = shown.map(({ session }) => session).filter((session) => !counts.has(session));
  const table = list.firstChild;
  for (let at = 0; findings && at < missing.length && list.firstChild === table; at += AT_ONCE) {
    for (const mine of (await findings(missing.slice(at, at + AT_ONCE))) ?? []) {
      counts.set(mine.session, mine);
      const line = list.querySelector(`tr[data-id="${CSS.escape(mine.session)}"]`);
      line?.querySelector(".grm-findings-of")?.replaceWith(findingMarks(mine));
    }
  }
}
