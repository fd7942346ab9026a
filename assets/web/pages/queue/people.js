// The GRM of a run against people's blind labels.

import { button, choice, download, el, fillChoice, labelled, problem } from "../../lib/dom.js";
import { failed, why } from "../../lib/rpc.js";
import { panel } from "../../views/panel.js";
import { leaveItem } from "./desk.js";

/** @typedef {import("./state").State} State */

/** @param {State} state @param {string} [run] */
export async function drawPeople(state, run = "") {
  const isLast = leaveItem(state, el("p", "grm-note", "Counting …"));
  const report = await state.ask.people(run, state.me.name);
  if (!isLast()) return;
  if (failed(report)) {
    leaveItem(state, problem(why(report)));
    return;
  }
  const line = el("div", "grm-desk-line");
  const runs = choice([], (id) => drawPeople(state, id));
  fillChoice(
    runs,
    report.runs.map(({ id, title }) => /** @type {[string, string]} */ ([id, title])),
    report.run,
  );
  line.append(
    labelled("Run", runs),
    button("HTML", "grm-small", () => download("against-people.html", "text/html", report.html)),
    button("Markdown", "grm-small", () => download("against-people.md", "text/markdown", report.markdown)),
    button("CSV", "grm-small", () => download("against-people.csv", "text/csv", report.csv)),
  );
  const grid = el("div", "grm-lab grm-failures");
  grid.append(...report.panels.map((one) => panel(one, report.run)));
  leaveItem(state, el("h2", "", "The GRM against people"), line, el("p", "", report.said), grid);
}
