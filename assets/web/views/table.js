// Numbers in columns, and the CSV of the same.

import { csvOf, lookOf } from "../lib/csv.js";
import { button, download, el, scrolled, tableRow } from "../lib/dom.js";
import { heading } from "../lib/names.js";

/** @typedef {import("../types").Table} Table */

/** A table that scrolls in its own frame. @param {Table} table */
export function numbers({ columns, rows }) {
  const table = el("table", "grm-points");
  const head = el("tr");
  const looks = columns.map((_, i) => lookOf(rows.map((row) => row[i])));
  const kinds = looks.map((look) => (look.words ? "grm-words" : ""));
  columns.forEach((name, i) => {
    head.append(el("th", kinds[i], heading(name)));
  });
  table.append(head);
  for (const row of rows) {
    const line = el("tr");
    row.forEach((value, i) => {
      line.append(el("td", kinds[i], looks[i].cell(value)));
    });
    table.append(line);
  }
  return framed(table, "Numbers of the plot", "grm-table");
}

/** @param {HTMLTableElement} table @param {string} label @param {string} cls */
export function framed(table, label, cls) {
  const frame = scrolled(el("div", cls), label);
  frame.append(table);
  return frame;
}

/** @param {string} name of the file, without its ending @param {Table} table */
export const csvButton = (name, { columns, rows }) =>
  button("CSV", "grm-small", () => download(`${name}.csv`, "text/csv", csvOf(columns, rows)));

/** A table with this first row. @param {string} cls @param {Iterable<string | number>} names */
export function headed(cls, names) {
  const table = el("table", cls);
  table.append(tableRow("th", names));
  return table;
}
