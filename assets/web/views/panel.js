// A panel: a question, its plot, what is to be known of it, and the numbers behind it.

import { button, el } from "../lib/dom.js";
import { plot, savePlot } from "../lib/plot.js";
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
  const name = `${data.name}-${of}`;
  const saves = el("span", "grm-saves");
  if (data.figure) {
    const area = plot(data.figure, data.title, onSelect);
    box.append(area);
    for (const format of /** @type {const} */ (["svg", "png"])) {
      saves.append(button(format.toUpperCase(), "grm-small", () => savePlot(area, format, name)));
    }
  }
  saves.append(csvButton(name, data));
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", data.note), saves);
  if (!data.figure) {
    if (data.rows.length) box.append(numbers(data));
    box.append(under);
    return box;
  }
  const table = el("details");
  table.append(el("summary", "", "Table"), numbers(data));
  box.append(under, table);
  return box;
}
