// Scores as cells: the deeper the colour, the higher the score; the best of a row is bold.

import { chip, el } from "../lib/dom.js";
import { framed } from "./table.js";

/** @typedef {import("../types").Row} Row */

/** @param {number} score @param {boolean} best */
export function scoreCell(score, best) {
  const cell = el("td", `grm-score${best ? " grm-best" : ""}`, score);
  cell.style.setProperty("--s", String(score / 10));
  return cell;
}

/** The cells of a row; where nothing could be read, one that says why. @param {Row} row @param {number} n */
export function scoreCells(row, n) {
  if (!row.scores) {
    const cell = el("td", "grm-failed", row.reason);
    cell.colSpan = n;
    return [cell];
  }
  const best = Math.max(...row.scores);
  return row.scores.map((score) => scoreCell(score, score === best && n > 1));
}

/** The first row: #, then the letters. @param {number} n */
export function headRow(n) {
  const head = el("tr");
  head.append(el("th", "", "#"));
  for (let i = 0; i < n; i++) {
    const cell = el("th");
    cell.append(chip(i));
    head.append(cell);
  }
  return head;
}

/** All rows at once, nothing to choose. @param {readonly Row[]} rows @param {number} n @param {string} label */
export function smallMatrix(rows, n, label) {
  const table = el("table");
  table.append(headRow(n));
  for (const row of rows) {
    const line = el("tr");
    line.append(el("td", "grm-index", row.i + 1), ...scoreCells(row, n));
    table.append(line);
  }
  return framed(table, label, "grm-matrix grm-matrix-small");
}
