// A new queue: where its sessions come from, by which rules, and how many items that makes before it is created.

import { button, choice, el, input, labelled, problem } from "../../lib/dom.js";
import { counted } from "../../lib/names.js";
import { failed, Turns, why } from "../../lib/rpc.js";
import { leaveItem } from "./desk.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").NewQueue} NewQueue */
/** @typedef {import("../../types").Planned} Planned */

const CONTROL = "random control"; // what items are counted under that no rule chose
const HINT = "Rules apply in this order; without any, all sessions come in random order.";

/** @param {State} state */
export async function drawMake(state) {
  const isLast = state.turns.next();
  state.choices = (await state.ask.overview(state.me.name)) || state.choices;
  if (isLast()) leaveItem(state, makeForm(state));
}

/** @param {State} state */
function fields({ choices, settings }) {
  const runs = choices.runs.map(({ id, title }) => /** @type {[string, string]} */ ([id, title]));
  const tags = choices.tags.map((name) => /** @type {[string, string]} */ ([name, name]));
  const idle = () => {};
  const [overlap, control] = ["20", "10"].map((value) => input({ type: "number", min: "0", max: "100", value }));
  return {
    title: input({ type: "text", maxLength: 120 }),
    run: choice([["", "All sessions"], ...runs], idle),
    tag: choice([["", "Any tag"], ...tags], idle),
    rules: settings.rules.map((value) => input({ type: "checkbox", value })),
    overlap,
    control,
    grows: input({ type: "checkbox" }),
  };
}

/** @param {ReturnType<typeof fields>} form @returns {NewQueue} */
const wanted = ({ title, run, tag, rules, overlap, control, grows }) => ({
  title: title.value,
  run: run.value,
  tag: tag.value,
  rules: rules.filter(({ checked }) => checked).map(({ value }) => value),
  overlap: Number(overlap.value) / 100,
  control: Number(control.value) / 100,
  seed: 0,
  grows: grows.checked,
});

/** @param {State} state */
function makeForm(state) {
  const { ask, me, act } = state;
  const parts = fields(state);
  const size = el("p", "grm-size", "");
  const message = problem("");
  const make = button("Create queue", "grm-small grm-primary", async () => {
    make.disabled = true; // a second click would make a second queue
    const answer = await ask.make(wanted(parts));
    make.disabled = false;
    if (failed(answer)) {
      message.textContent = why(answer);
      return;
    }
    me.queue = answer.id;
    act.begin();
  });
  const turns = new Turns();
  const count = async () => {
    const isLast = turns.next();
    size.textContent = "Counting …";
    const plan = await ask.plan(wanted(parts));
    if (!isLast()) return;
    message.textContent = failed(plan) ? why(plan) : "";
    size.textContent = failed(plan) ? "" : sizeText(plan);
  };
  size.setAttribute("role", "status");
  const form = el("div", "grm-panel grm-make");
  form.append(el("h3", "", "New queue"), labelled("Title", parts.title), labelled("Run", parts.run));
  form.append(labelled("Tag", parts.tag), ticked(parts.grows, "Add items as the run grows"));
  form.append(el("p", "grm-note", HINT), ruleList(parts.rules));
  form.append(labelled("% read by two annotators", parts.overlap), labelled("% random control", parts.control));
  form.append(size, make, message);
  form.addEventListener("change", ({ target }) => {
    if (target === parts.run) parts.grows.checked = parts.run.value !== "";
    if (target !== parts.title) count();
  });
  count();
  return form;
}

/** @param {HTMLInputElement[]} rules */
function ruleList(rules) {
  const list = el("div", "grm-rules");
  list.append(...rules.map((rule) => ticked(rule, rule.value)));
  return list;
}

/** @param {HTMLInputElement} box @param {string} words */
function ticked(box, words) {
  const label = el("label", "grm-ticked");
  label.append(box, ` ${words}`);
  return label;
}

/** The size of a queue in words. @param {Planned} plan */
export function sizeText({ total, twice, sessions, pending, rules }) {
  const parts = Object.entries(rules);
  const from = parts.some(([rule]) => rule !== CONTROL)
    ? `: ${parts.map(([rule, n]) => `${n} ${rule}`).join(", ")}`
    : "";
  const waiting = pending ? ` ${counted(pending, "session")} still being judged.` : "";
  if (!total) return `No item yet: none of ${counted(sessions, "session")} fits these rules.${waiting}`;
  return `${counted(total, "item")} of ${counted(sessions, "session")}${from}. ${twice} read by two.${waiting}`;
}
