// Files of items that are judged in the background: what was understood of one, how it is asked, and the line of all.

import * as address from "../lib/address.js";
import { anchor, button, choice, el, hint, input, labelled, live, problem } from "../lib/dom.js";
import { letter, percent, short } from "../lib/names.js";
import { calls, failed, why } from "../lib/rpc.js";
import { framed, headed } from "../views/table.js";
import { modelField } from "./batch/model.js";

/** @typedef {import("../types").BatchView} BatchView */
/** @typedef {import("../types").BatchForm} Form */
/** @typedef {import("../types").BatchRow} Row */
/** @typedef {import("../types").BatchList} BatchList */
/** @typedef {import("../types").Draft} Draft */
/** @typedef {import("../types").JudgedItem} JudgedItem */
/** @typedef {import("../lib/page").Place<BatchView | null, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

/** The nodes of a batch that change.
 * @typedef {object} Nodes
 * @property {HTMLElement} box
 * @property {HTMLElement} phase
 * @property {HTMLProgressElement} bar
 * @property {HTMLElement} progress
 * @property {HTMLElement} error
 * @property {HTMLElement} acts
 * @property {HTMLElement} items
 * @property {string} shown what can be done with it, as its buttons say
 */

const HOW =
  "Drop a file above: it is read in the form that it has, and shown here before anything is judged. " +
  "A batch goes on while this page is closed, and after the app restarts.";
const SIZE = 50;
const BUSY = ["running", "waiting"];

/** @param {Place} place */
export function mount({ element, props, server, watch }) {
  const value = props.value;
  if (!value) return;
  const state = begun(calls(server), value.form);
  const box = el("div", "grm-page grm-batch");
  box.append(state.nodes.draft, state.nodes.line);
  element.append(box);
  const update = () => {
    if (!element.contains(box)) element.append(box);
    drawDraft(state, props.value?.draft ?? null);
  };
  watch("value", update);
  update();
  follow(state, element);
}

/** @param {import("../types").BatchServer} ask @param {Form} form */
function begun(ask, form) {
  const said = live("p", "grm-note");
  return {
    ask,
    form,
    fields: formFields(form),
    /** What was chosen for the columns of a file, by their names.
     * @type {Map<string, string>} */
    roles: new Map(),
    open: address.params().get("id") || "",
    offset: 0,
    /** @type {Map<string, Nodes>} */
    rows: new Map(),
    nodes: {
      draft: el("section", "grm-panel grm-draft"),
      line: el("section", "grm-line-of-batches"),
      said,
      list: el("div", "grm-batches"),
      judge: el("p", "grm-note"),
    },
  };
}

// ---- the file, and how it is to be judged

/** Adaptive k: how likely an item that ends early may have another verdict with all its samples.
 * @type {[string, string][]} */
const RISKS = [
  ["", "never: k samples an item"],
  ["0.05", "when settled, risk 5%"],
  ["0.01", "when settled, risk 1%"],
  ["0.2", "when settled, risk 20%"],
];

/** @param {Form} form */
function formFields(form) {
  /** @param {string[]} values @returns {[string, string][]} */
  const same = (values) => values.map((value) => [value, value]);
  const number = (/** @type {string} */ id, /** @type {number} */ value, /** @type {string} */ step) =>
    input({ type: "number", id: `batch-${id}`, value: String(value), step });
  const principles = el("textarea");
  principles.id = "batch-principles";
  principles.rows = 3;
  principles.placeholder = "the GRM writes its own";
  const order = choice(same(form.orders), () => {}, "batch-order");
  const context = choice(
    form.contexts,
    (value) => {
      order.disabled = value === "single";
    },
    "batch-context",
  );
  const template = choice(same(form.templates), () => {}, "batch-template");
  order.value = form.order;
  context.value = form.context;
  order.disabled = form.context === "single";
  template.value = form.template;
  return {
    k: number("k", form.k, "1"),
    temperature: number("temperature", form.temperature, "0.05"),
    seed: number("seed", form.seed, "1"),
    order,
    context,
    template,
    principles,
    risk: choice(RISKS, () => {}, "batch-risk"),
    meta: input({ type: "checkbox", id: "batch-meta", checked: Boolean(form.meta), disabled: !form.meta }),
  };
}

/** @param {State} state @param {Draft | null} draft */
function drawDraft(state, draft) {
  const { nodes, form } = state;
  if (!draft) {
    nodes.draft.replaceChildren(
      hint(form.may ? HOW : "No batch can be started here: the database is open for reading only."),
    );
    return;
  }
  const head = el("h2", "", draft.name);
  if (draft.error) {
    nodes.draft.replaceChildren(head, problem(draft.error), ...columnForm(state, draft));
    return;
  }
  nodes.draft.replaceChildren(
    head,
    el("p", "grm-said", draft.said),
    ...draft.left_out.map((text) => el("p", "grm-note", `left out, ${text}`)),
    ...(draft.fields.length ? [fieldTable(draft)] : []),
    ...columnForm(state, draft),
    firstItems(draft),
    settings(state, draft),
  );
}

/** @param {Draft} draft */
function fieldTable({ fields }) {
  const box = el("details");
  box.open = true;
  const list = el("ul", "grm-mapped");
  for (const { key, fields: mine } of fields) {
    const line = el("li", mine.length ? "" : "grm-unused");
    line.append(el("code", "", key), el("span", "", ` → ${mine.join(", ") || "not used"}`));
    list.append(line);
  }
  box.append(el("summary", "", "Fields"), list);
  return box;
}

/** A person's choice of what the columns hold: open where the file could not be read without it.
 * @param {State} state @param {Draft} draft */
function columnForm(state, draft) {
  const { columns, file, fields, error } = draft;
  if (!columns.length) return [];
  const box = el("details", "grm-columns");
  const list = el("div", "grm-column-list");
  const said = live("p", "grm-bad");
  const pairs = ["", ...state.form.roles].map((role) => /** @type {[string, string]} */ ([role, role || "not used"]));
  const choices = columns.map(({ key }) => {
    const node = choice(pairs, () => state.roles.set(key, node.value));
    node.setAttribute("aria-label", `What ${key} holds`);
    node.value = state.roles.get(key) ?? roleOf(fields.find((one) => one.key === key)?.fields ?? []);
    return node;
  });
  columns.forEach(({ key, text }, i) => {
    const line = el("label", "grm-column");
    line.append(el("code", "", key), el("span", "grm-note", text), choices[i]);
    list.append(line);
  });
  const read = button("Read with these columns", "grm-small", async () => {
    read.disabled = true;
    const reply = await state.ask.mapped(
      file,
      columns.map(({ key }, i) => ({ key, role: choices[i].value })),
    );
    read.disabled = false;
    if (failed(reply)) said.textContent = why(reply);
    else drawDraft(state, reply);
  });
  box.open = Boolean(error);
  box.append(el("summary", "", "Say what the columns hold"), list, read, said);
  return [box];
}

/** The role that a column had by its name. @param {string[]} fields */
export function roleOf(fields) {
  if (fields.includes("query")) return "query";
  if (fields.includes("responses")) return "response";
  return fields.includes("labels") ? "best response" : (fields[0] ?? "");
}

/** @param {Draft} draft */
function firstItems({ first, count }) {
  const box = el("details");
  box.open = true;
  const list = el("ol", "grm-first");
  for (const item of first) {
    const line = el("li");
    line.append(el("div", "grm-note", item.id), el("p", "grm-text grm-query", item.query));
    const responses = el("ul");
    item.responses.forEach((text, i) => {
      const label = item.labels ? ` (${short(item.labels[i])})` : "";
      const one = el("li", "grm-text");
      one.append(el("b", "", `${letter(i)}${label} `), text);
      responses.append(one);
    });
    line.append(responses);
    if (item.beside) line.append(el("p", "grm-note", item.beside));
    list.append(line);
  }
  box.append(el("summary", "", count > first.length ? `The first ${first.length} of ${count} items` : "Items"), list);
  return box;
}

/** @param {State} state @param {Draft} draft */
function settings(state, draft) {
  const { fields, form, ask } = state;
  const box = el("div", "grm-asked");
  const row = el("div", "grm-asked-fields");
  const model = modelField(ask);
  row.append(
    labelled("Model", model.box),
    labelled("Samples (k)", fields.k),
    labelled("Stop early", fields.risk),
    labelled("Temperature", fields.temperature),
    labelled("Seed", fields.seed),
    labelled("Responses", fields.context),
    labelled("Order shown", fields.order),
    labelled("Template", fields.template),
    labelled(form.meta ? `Meta RM (${form.meta})` : "No meta RM here", fields.meta),
  );
  const own = el("label", "grm-own");
  own.append(el("span", "grm-note", "Your own principles (optional, one a line)"), fields.principles);
  const said = live("p", "grm-bad");
  const start = button("", "grm-start", async () => {
    start.disabled = true;
    said.textContent = "";
    const reply = await ask.begin(draft.id, {
      model: model.name(),
      k: Number(fields.k.value),
      temperature: Number(fields.temperature.value),
      seed: Number(fields.seed.value),
      order: fields.order.value,
      context: fields.context.value,
      template: fields.template.value,
      principles: fields.principles.value,
      meta: fields.meta.checked,
      risk: fields.risk.value ? Number(fields.risk.value) : null,
    });
    start.disabled = false;
    if (failed(reply)) {
      said.textContent = why(reply);
      return;
    }
    openBatch(state, reply.id);
    state.nodes.draft.replaceChildren(hint(`${draft.name} is in the list below. Drop another file to add one.`));
    refresh(state);
  });
  start.id = "batch-start";
  const count = () => {
    const most = fields.risk.value ? "up to " : "";
    start.textContent = `Judge ${asked(draft.count, Number(fields.k.value), most)}`;
  };
  fields.k.oninput = count;
  fields.risk.addEventListener("change", count);
  count();
  box.append(row, own, start, said);
  return box;
}

/** What a press of the button would ask for; `most`: words before a number that may turn out smaller.
 * @param {number} items @param {number} k @param {string} most */
export function asked(items, k, most = "") {
  const thing = `${items.toLocaleString("en")} item${items === 1 ? "" : "s"}`;
  return k > 0 && Number.isInteger(k) ? `${thing}, ${most}${(items * k).toLocaleString("en")} samples` : thing;
}

// ---- the line

/** Look again as long as the page is there. @param {State} state @param {HTMLElement} element */
async function follow(state, element) {
  while (element.isConnected) {
    const busy = document.hidden ? true : await refresh(state);
    await new Promise((ready) => setTimeout(ready, busy ? 1000 : 4000));
  }
}

/** Whether something is under way. @param {State} state */
async function refresh(state) {
  const reply = await state.ask.batches();
  if (failed(reply)) {
    state.nodes.said.textContent = why(reply);
    return true;
  }
  drawLine(state, reply);
  await drawItems(state);
  return reply.rows.some(({ phase }) => BUSY.includes(phase));
}

/** @param {State} state @param {BatchList} list */
function drawLine(state, list) {
  const { nodes, rows } = state;
  if (!nodes.line.isConnected || !nodes.line.children.length) {
    nodes.line.append(el("h2", "", "Batches"), nodes.judge, nodes.said, nodes.list);
  }
  nodes.judge.textContent = list.rows.length ? "" : `Judged by ${list.judge}.`; // every batch names its model
  const busy = list.rows.some(({ phase }) => phase === "running");
  const waits = busy && list.people ? "Someone is scoring on Inspect; batches wait until that is done." : "";
  nodes.said.textContent = list.trouble || waits || (list.rows.length ? "" : "Nothing has been started yet.");
  const ids = new Set(list.rows.map(({ id }) => id));
  for (const [id, { box }] of rows) {
    if (ids.has(id)) continue;
    box.remove();
    rows.delete(id);
  }
  list.rows.forEach((row, place) => {
    const shown = rows.get(row.id) ?? rowNodes(state, row);
    rows.set(row.id, shown);
    updateRow(state, shown, row);
    if (nodes.list.children[place] !== shown.box)
      nodes.list.insertBefore(shown.box, nodes.list.children[place] ?? null);
  });
}

/** @param {State} state @param {Row} row @returns {Nodes} */
function rowNodes(state, row) {
  const box = el("article", "grm-panel grm-batch-row");
  box.dataset.id = row.id;
  const head = el("div", "grm-under");
  const phase = el("span", "grm-phase");
  const title = el("h3", "", row.title);
  title.append(" ", phase);
  const bar = el("progress");
  bar.setAttribute("aria-label", `${row.title}: samples`);
  const progress = el("p", "grm-tally");
  const error = problem("");
  const acts = el("div", "grm-documents");
  const links = el("nav", "grm-documents");
  const items = el("div", "grm-batch-items");
  const pages = { batch: "Items", runs: "Runs", principles: "Principles" };
  links.append(
    button(pages.batch, "grm-small", () => {
      openBatch(state, state.open === row.id ? "" : row.id);
      drawItems(state);
    }),
    anchor(pages.runs, address.link("runs", { id: row.run }), "grm-link"),
    anchor(pages.principles, address.link("principles", { run: row.run }), "grm-link"),
    ...(row.benchmark ? [anchor("Benchmarks", address.link("benchmarks", { id: row.run }), "grm-link")] : []),
  );
  head.append(title, acts);
  box.append(head, bar, progress, error, el("p", "grm-note", row.about), links, items);
  return { box, phase, bar, progress, error, acts, items, shown: "" };
}

/** @param {State} state @param {Nodes} nodes @param {Row} row */
function updateRow(state, nodes, row) {
  const word = row.place ? `waiting, ${row.place === 1 ? "next" : `number ${row.place}`}` : row.phase;
  nodes.phase.textContent = word;
  nodes.phase.dataset.phase = row.phase;
  nodes.bar.max = Math.max(1, row.total);
  nodes.bar.value = row.samples;
  nodes.progress.textContent = progressLine(row);
  nodes.error.textContent = row.error;
  nodes.error.hidden = !row.error;
  const names = actsOf(row);
  if (!state.form.may || nodes.shown === names.join()) return;
  nodes.shown = names.join();
  nodes.acts.replaceChildren(...names.map((name) => act(state, row, name)));
}

/** What can be done with a batch. @param {Pick<Row, "phase" | "error">} row */
export function actsOf({ phase, error }) {
  if (BUSY.includes(phase)) return ["pause", "cancel"];
  if (phase === "paused") return ["resume", "cancel"];
  if (phase === "failed") return ["resume", "remove"];
  return phase === "done" && error ? ["retry", "remove"] : ["remove"];
}

/** @param {State} state @param {Row} row @param {string} name */
function act(state, row, name) {
  const what = name === "retry" ? "resume" : name;
  const sure = {
    cancel: `Cancel ${row.title}? Samples that were drawn are kept; the rest will not be drawn.`,
    remove: `Remove ${row.title} from this list? Its sessions are kept.`,
  };
  const node = button(name[0].toUpperCase() + name.slice(1), "grm-small", async () => {
    if (what in sure && !window.confirm(sure[/** @type {"cancel" | "remove"} */ (what)])) return;
    node.disabled = true;
    const reply = await state.ask.act(what, row.id);
    node.disabled = false;
    if (failed(reply)) state.nodes.said.textContent = why(reply);
    else drawLine(state, reply);
  });
  return node;
}

/** How far a batch is, in words. @param {Row} row */
export function progressLine(row) {
  const parts = [
    `${row.samples.toLocaleString("en")} of ${row.total.toLocaleString("en")} samples (${percent(row.samples / Math.max(1, row.total))})`,
    `${row.items_done.toLocaleString("en")} of ${row.items.toLocaleString("en")} items`,
  ];
  if (row.rate) parts.push(`${row.rate.toFixed(row.rate < 10 ? 1 : 0)} samples/s`);
  if (row.tokens_rate) parts.push(`${Math.round(row.tokens_rate).toLocaleString("en")} tokens/s`);
  if (row.seconds_left !== null) parts.push(`about ${leftWords(row.seconds_left)} left`);
  if (row.unreadable) parts.push(`${row.unreadable.toLocaleString("en")} without a vote`);
  if (row.failed) parts.push(`${row.failed.toLocaleString("en")} failed`);
  return parts.join(" · ");
}

/** A duration for a person. @param {number} seconds */
export function leftWords(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// ---- the items of a batch, each a click from its session

/** @param {State} state @param {string} id */
function openBatch(state, id) {
  state.rows.get(state.open)?.items.replaceChildren();
  state.open = id;
  state.offset = 0;
  address.name({ id });
}

/** @param {State} state */
async function drawItems(state) {
  const { open, offset } = state;
  const nodes = state.rows.get(open);
  if (!nodes) return;
  const reply = await state.ask.items(open, offset);
  if (failed(reply) || state.open !== open || state.offset !== offset) return;
  const key = JSON.stringify(reply);
  if (nodes.items.dataset.key === key && nodes.items.children.length) return;
  nodes.items.dataset.key = key;
  if (!reply.count) {
    nodes.items.replaceChildren(hint("No sample has arrived yet."));
    return;
  }
  const table = headed("grm-items", ["Item", "Samples", "Vote", "Label"]);
  table.append(...reply.rows.map(itemRow));
  const turn = (/** @type {number} */ by) => () => {
    state.offset = reply.offset + by;
    drawItems(state);
  };
  const pages = el("div", "grm-pages");
  const last = reply.offset + reply.rows.length;
  pages.append(el("span", "grm-note", `${reply.offset + 1} to ${last} of ${reply.count}, the newest first`));
  if (reply.offset) pages.append(button("Newer", "grm-small", turn(-SIZE)));
  if (last < reply.count) pages.append(button("Older", "grm-small", turn(SIZE)));
  nodes.items.replaceChildren(framed(table, "Items", "grm-table-wide"), pages);
}

/** @param {JudgedItem} item */
function itemRow(item) {
  const line = el("tr");
  const name = el("td");
  const vote = item.winner || (item.valid ? "tie" : "none");
  name.append(anchor(item.title || item.session, address.sessionLink(item.session), "grm-link"));
  line.append(name, el("td", "grm-num", `${item.samples} of ${item.k}`), el("td", "", vote));
  line.append(el("td", "", item.right === null ? "" : item.right ? "right" : "wrong"));
  return line;
}
