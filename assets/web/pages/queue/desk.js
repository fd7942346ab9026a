// Around the items: making a queue, agreement, the failure report.

import * as address from "../../lib/address.js";
import { anchor, button, choice, download, el, input, labelled, problem } from "../../lib/dom.js";
import { failed, why } from "../../lib/rpc.js";
import { panel } from "../../views/panel.js";
import { numbers } from "../../views/table.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Differ} Differ */
/** @typedef {import("../../types").Example} Example */
/** @typedef {import("../../types").FailureReport} Report */
/** @typedef {import("../../types").Table} Table */

const STEPS = [
  "Make a queue: sessions chosen by rules (verdict against the label, flips, ties, findings), some at random as a control.",
  "Per session, first blind: which response is best? Query and responses only.",
  "Then the GRM's samples: what went wrong in each, whether its principles fit, what to note. Every label is saved at once.",
  "Agreement shows where annotators differ once both are done; the failure report counts what went wrong.",
];

/** What stands there before a queue is chosen: the queues with their progress, and what the work is.
 * @param {State} state */
export function welcome({ me, choices, act }) {
  const part = el("div", "grm-welcome");
  const steps = el("ol");
  const hint = me.name
    ? "Choose a queue, or make a new one."
    : "Say who you are: labels carry the name of who made them.";
  part.append(el("p", "grm-hint", hint));
  for (const one of choices.queues) {
    const row = button("", "grm-queue-row", () => {
      me.queue = one.id;
      act.begin();
    });
    const count = `${one.done} of ${one.total} done, ${one.mine} by you`;
    row.append(el("b", "", one.title), el("span", "", count));
    part.append(row);
  }
  steps.append(...STEPS.map((text) => el("li", "", text)));
  part.append(el("h3", "", "How the desk works"), steps);
  return part;
}

/** Shows something in place of the item. @param {State} state @param {...Node} shown */
function leaveItem(state, ...shown) {
  const { body, foot, side } = state.nodes;
  state.item = null;
  body.replaceChildren();
  foot.replaceChildren();
  side.replaceChildren(...shown);
  return state.turns.next();
}

// ---- a new queue

/** @param {State} state */
export async function drawMake(state) {
  const isLast = state.turns.next();
  state.choices = (await state.ask.overview(state.me.name)) || state.choices;
  if (isLast()) leaveItem(state, makeForm(state));
}

/** @param {State} state */
function makeForm({ choices, settings, ask, me, act }) {
  const title = input({ type: "text", maxLength: 120 });
  const [overlap, control] = ["20", "10"].map((value) => input({ type: "number", min: "0", max: "100", value }));
  const idle = () => {};
  const runs = choices.runs.map(({ id, title: name }) => /** @type {[string, string]} */ ([id, name]));
  const tags = choices.tags.map((name) => /** @type {[string, string]} */ ([name, name]));
  const run = choice([["", "all sessions"], ...runs], idle);
  const tag = choice([["", "any tag"], ...tags], idle);
  const rules = settings.rules.map((value) => input({ type: "checkbox", value }));
  const list = el("div", "grm-rules");
  for (const rule of rules) {
    const label = el("label");
    label.append(rule, ` ${rule.value}`);
    list.append(label);
  }
  const message = problem("");
  const make = button("make it", "grm-small", async () => {
    make.disabled = true; // a second click would make a second queue
    const answer = await ask.make({
      title: title.value,
      run: run.value,
      tag: tag.value,
      rules: rules.filter(({ checked }) => checked).map(({ value }) => value),
      overlap: Number(overlap.value) / 100,
      control: Number(control.value) / 100,
      seed: 0,
    });
    make.disabled = false;
    if (failed(answer)) {
      message.textContent = why(answer);
      return;
    }
    me.queue = answer.id;
    act.begin();
  });
  const form = el("div", "grm-panel grm-make");
  const hint = "Rules, in this order; without any, all sessions in random order.";
  form.append(el("h3", "", "A new queue"), labelled("title", title), labelled("from", run), labelled("with", tag));
  form.append(el("p", "grm-note", hint), list, labelled("% seen by two", overlap));
  form.append(labelled("% random control", control), make, message);
  return form;
}

// ---- agreement

/** @param {State} state */
export async function drawAgreement(state) {
  const isLast = state.turns.now();
  const agreement = await state.ask.agreed(state.me.queue, state.me.name);
  if (!isLast()) return;
  if (failed(agreement)) {
    leaveItem(state, problem(why(agreement)));
    return;
  }
  const differ = el("section", "grm-panel");
  const hidden = `peers stay hidden for the others (${agreement.waiting}).`;
  differ.append(
    el("h3", "", `To settle: ${agreement.differ.length}`),
    el("p", "grm-note", `${agreement.items} items are finished by all who had them; ${hidden}`),
    ...agreement.differ.map((one) => differLine(state, one)),
  );
  const all = tableBox("Krippendorff's alpha, all annotators", agreement.alphas);
  leaveItem(state, all, tableBox("Cohen's kappa, every two", agreement.kappas), differ);
}

/** @param {string} title @param {Table} table */
function tableBox(title, table) {
  const part = el("section", "grm-panel");
  const none = "Nothing was labelled by two people yet.";
  part.append(el("h3", "", title), table.rows.length ? numbers(table) : el("p", "grm-note", none));
  return part;
}

/** What annotators differ about. @param {Pick<Differ, "kind" | "sample" | "place">} one */
export function differText({ kind, sample, place }) {
  if (kind === "best") return "best response";
  return `sample ${(sample ?? 0) + 1}${place === null ? "" : `, principle ${place + 1}`}`;
}

/** @param {State} state @param {Differ} one */
function differLine({ ask, me, nodes, act }, one) {
  const line = el("p", "grm-differ");
  const labels = Object.entries(one.labels).map(([author, label]) => `${author} ${label}`);
  const open = button("open", "grm-small", async () => {
    nodes.side.replaceChildren();
    const answer = await ask.look(me.queue, me.name, one.item);
    if (!failed(answer)) act.show(answer);
  });
  line.append(`item ${one.item + 1}, ${differText(one)}: ${labels.join(", ")} `, open);
  return line;
}

// ---- the failure report

/** @param {State} state */
export async function drawReport(state) {
  // The first time, a sentence model is loaded for the clusters.
  const isLast = leaveItem(state, el("p", "grm-note", "Counting …"));
  const report = await state.ask.failed(state.me.queue);
  if (!isLast()) return;
  if (failed(report)) leaveItem(state, problem(why(report)));
  else leaveItem(state, ...reportParts(report, state.me.queue));
}

/** @param {Report} report @param {string} queue */
function reportParts(report, queue) {
  const grid = el("div", "grm-lab grm-failures");
  const save = el("div", "grm-documents");
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
