// A list of many items, a page at a time, in the order of any column.

import { button, chip, el, live, scrolled } from "../lib/dom.js";
import { sorted } from "../lib/items.js";
import { counted } from "../lib/names.js";

/** Items on a page: on a telephone each is a block, and the plots stand below them. */
export const pageSize = () => (window.innerWidth < 700 ? 15 : 50);

/** A column: `value` is what it is sorted by, `cell` what it shows.
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {string} [hint]
 * @property {(item: T) => string | number | null} value
 * @property {(item: T) => Node | string | number} cell
 * @property {string} [cls]
 */

/** The items as a table with its pages.
 * @template T
 * @param {readonly T[]} items those that are wanted, of `all`
 * @param {{ columns: Column<T>[], all: number, sort: string, page: number, id: (item: T) => string,
 *   change: (change: { sort?: string, page?: number }) => void }} how
 * @returns {{ node: HTMLElement, shown: T[], order: T[] }} the items of the page, and all of them in their order */
export function itemTable(items, how) {
  const { columns, all, sort, id, change } = how;
  const order = sorted(items, sort, Object.fromEntries(columns.map(({ name, value }) => [name, value])));
  const size = pageSize();
  const last = Math.max(0, Math.ceil(order.length / size) - 1);
  const page = Math.min(how.page, last);
  const shown = order.slice(page * size, (page + 1) * size);
  const table = el("table", "grm-item-list");
  table.append(headOf(columns, sort, change), el("tbody"));
  table.tBodies[0].append(...shown.map((item) => rowOf(columns, item, id(item))));
  const frame = scrolled(el("div", "grm-item-frame"), "Items");
  frame.append(table);
  const node = el("div", "grm-item-page");
  node.append(frame, pager({ count: order.length, all, page, last, size }, change));
  return { node, shown, order };
}

/** @template T @param {Column<T>[]} columns @param {string} sort @param {(change: { sort: string, page: number }) => void} change */
function headOf(columns, sort, change) {
  const line = el("tr");
  for (const { name, title, hint, cls } of columns) {
    const cell = el("th", cls);
    const isDown = sort === `-${name}`;
    const isBy = isDown || sort === name;
    // Numbers begin with the largest, words with A; a third press brings the first order back.
    const steps = cls === "grm-num" ? [`-${name}`, name, ""] : [name, `-${name}`, ""];
    const next = steps[(steps.indexOf(isBy ? sort : "") + 1) % 3];
    const sorter = button(title, "grm-sort", () => change({ sort: next, page: 0 }));
    if (hint) sorter.title = hint;
    if (isBy) sorter.dataset.by = isDown ? "↓" : "↑";
    cell.setAttribute("aria-sort", isBy ? (isDown ? "descending" : "ascending") : "none");
    cell.append(sorter);
    line.append(cell);
  }
  const head = el("thead");
  head.append(line);
  return head;
}

/** @template T @param {Column<T>[]} columns @param {T} item @param {string} id */
function rowOf(columns, item, id) {
  const line = el("tr");
  line.dataset.id = id;
  for (const { title, cell, cls } of columns) {
    const node = el("td", cls);
    node.dataset.name = title;
    node.append(/** @type {Node | string} */ (cell(item)));
    line.append(node);
  }
  return line;
}

/** @param {{ count: number, all: number, page: number, last: number, size: number }} at
 * @param {(change: { page: number }) => void} change */
function pager({ count, all, page, last, size }, change) {
  const node = el("div", "grm-pages");
  const from = count ? page * size + 1 : 0;
  const some = count === all ? "" : ` (of ${all.toLocaleString("en")})`;
  const range = last ? `${from} to ${Math.min(count, from + size - 1)} of ` : "";
  const said = live(
    "span",
    "grm-note",
    `${range}${counted(count, "item").replace(/^\d+/, count.toLocaleString("en"))}${some}`,
  );
  const back = button("Back", "grm-small", () => change({ page: page - 1 }));
  const next = button("Next", "grm-small", () => change({ page: page + 1 }));
  back.disabled = page === 0;
  next.disabled = page === last;
  node.append(said, ...(last ? [back, next] : []));
  return node;
}

/** @type {Record<string, string>} */
const SIGNS = { right: "✓", wrong: "✗", tie: "=" };

/** Right, wrong or tie, as sign and word. @param {string | null} right */
export function rightMark(right) {
  if (right === null) return "–";
  const node = el("span", `grm-is grm-is-${right}`);
  node.append(Object.assign(el("i", "", SIGNS[right]), { ariaHidden: "true" }), ` ${right}`);
  return node;
}

/** The winner's letter; `tie` where nobody wins. @param {number | null} winner @param {boolean} isRead */
export const winnerMark = (winner, isRead) => (winner === null ? (isRead ? "tie" : "unread") : chip(winner));

/** Letters of the best by label. @param {readonly number[]} best */
export function bestMarks(best) {
  const node = el("span", "grm-chips");
  node.append(...best.map((i) => chip(i)));
  return best.length ? node : "–";
}
