// Around the items: the list of queues, the failure report.

import * as address from "../../lib/address.js";
import { anchor, button, download, el, problem } from "../../lib/dom.js";
import { failed, why } from "../../lib/rpc.js";
import { panel } from "../../views/panel.js";
import { framed, headed } from "../../views/table.js";
import { leaveNote } from "./notes.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Example} Example */
/** @typedef {import("../../types").FailureReport} Report */

const STEPS = [
  "Create a queue: sessions of a run, chosen by rules (verdict against the label, flips, ties, findings), some at random as a control.",
  "For each session, first blind: which response is best? Only the query and the responses are shown.",
  "Then the GRM's samples: what went wrong in each, whether its principles fit, and notes. Every label is saved at once.",
  "Agreement shows where annotators differ once all have finished, and settles it; notes become the codes of a code book.",
  "Reports count what went wrong, and how often the GRM chooses as people do.",
];

/** What stands there before a queue is chosen: the queues with their progress, and what the work is.
 * @param {State} state */
export function welcome({ me, choices, act }) {
  const part = el("div", "grm-welcome");
  const steps = el("ol");
  const hint = me.name
    ? "Choose a queue, or create one."
    : "Enter your name first: labels carry the name of whoever made them.";
  part.append(el("p", "grm-hint", hint));
  const open = (/** @type {string} */ id) => {
    me.queue = id;
    act.begin();
  };
  if (choices.queues.length) part.append(queueTable(choices.queues, open));
  steps.append(...STEPS.map((text) => el("li", "", text)));
  part.append(el("h2", "", "How the desk works"), steps);
  return part;
}

/** @param {import("../../types").QueueLine[]} queues @param {(id: string) => unknown} open */
function queueTable(queues, open) {
  const table = headed("grm-points grm-queues", ["Queue", "Items", "Done by all", "Done by you", "Created"]);
  for (const { id, title, total, done, mine, made } of queues) {
    const row = el("tr");
    const name = el("td", "grm-words");
    name.append(button(title, "grm-link", () => open(id)));
    row.append(name, ...[total, done, mine, made].map((text) => el("td", "", text)));
    table.append(row);
  }
  return framed(table, "Queues", "grm-table");
}

/** Shows something in place of the item. @param {State} state @param {...Node} shown */
export function leaveItem(state, ...shown) {
  const { body, keys, side, progress } = state.nodes;
  state.item = null;
  state.settling = null;
  state.isOver = false;
  leaveNote(state);
  body.replaceChildren();
  keys.replaceChildren();
  progress.replaceChildren();
  side.replaceChildren(...shown);
  return state.turns.next();
}

// ---- the failure report

/** @param {State} state */
export async function drawReport(state) {
  // The first time, a sentence model is loaded for the clusters.
  const isLast = leaveItem(state, el("p", "grm-note", "Counting …"));
  const report = await state.ask.failed(state.me.queue, state.me.name);
  if (!isLast()) return;
  if (failed(report)) leaveItem(state, problem(why(report)));
  else leaveItem(state, ...reportParts(report, state.me.queue));
}

/** @param {Report} report @param {string} queue */
function reportParts(report, queue) {
  const grid = el("div", "grm-lab grm-failures");
  const save = el("div", "grm-documents grm-failure-files");
  const lacks = report.lacks ? [el("p", "grm-note", report.lacks)] : [];
  grid.append(...report.panels.map((one) => panel(one, queue || "all")));
  save.append(
    button("HTML", "grm-small", () => download("failure-report.html", "text/html", report.html)),
    button("Markdown", "grm-small", () => download("failure-report.md", "text/markdown", report.markdown)),
  );
  return [el("p", "", report.said), ...lacks, save, grid, examplesBox(report.examples)];
}

/** @param {Record<string, Example[]>} examples */
function examplesBox(examples) {
  const box = el("section", "grm-panel");
  box.append(el("h3", "", "Examples"));
  for (const [label, list] of Object.entries(examples)) {
    if (list.length) box.append(el("h4", "", label));
    for (const { query, session, sample, scores } of list) {
      const line = el("p");
      const to = address.sessionLink(session, { sample: sample + 1 });
      line.append(anchor(`${query} (sample ${sample + 1}: ${scores})`, to, "grm-link"));
      box.append(line);
    }
  }
  return box;
}
