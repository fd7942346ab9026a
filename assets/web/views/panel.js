// A panel: a question, its plot, what is to be known of it, and the numbers behind it.

import { el } from "../lib/dom.js";
import { plot } from "../lib/plot.js";
import { csvButton, numbers } from "./table.js";

/** @typedef {import("../types").Panel} Panel */

/**
 * @param {Panel} data
 * @param {string} of ends the name of the CSV file
 * @param {((points: any[]) => unknown) | null} [onSelect] gets the customdata of the points that are clicked or framed
 */
export function panel(data, of, onSelect) {
  const box = el("section", "grm-panel");
  box.dataset.name = data.name;
  box.append(el("h3", "", data.title));
  if (data.figure) box.append(plot(data.figure, data.title, onSelect));
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", data.note), csvButton(`${data.name}-${of}`, data));
  const table = el("details");
  table.open = !data.figure && data.rows.length > 0;
  table.append(el("summary", "", "Table"), numbers(data));
  box.append(under, table);
  return box;
}
