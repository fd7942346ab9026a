// A panel: a question, its plot, what is to be known of it, and the numbers behind it.

import { el } from "../lib/dom.js";
import { plot } from "../lib/plot.js";
import { csvButton, numbers } from "./table.js";

/** @typedef {import("../types").Panel} Panel */

/**
 * @param {Panel} found
 * @param {string} of ends the name of the CSV file
 * @param {((points: any[]) => unknown) | null} [onSelect] gets the customdata of the points that are clicked or framed
 */
export function panel(found, of, onSelect) {
  const box = el("section", "grm-panel");
  box.dataset.name = found.name;
  box.append(el("h3", "", found.title));
  if (found.figure) box.append(plot(found.figure, found.title, onSelect));
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", found.note), csvButton(`${found.name}-${of}`, found));
  const table = el("details");
  table.open = !found.figure && found.rows.length > 0;
  table.append(el("summary", "", "Table"), numbers(found));
  box.append(under, table);
  return box;
}
