// What the GRM thinks of, for a session, a run, or two of them against each other. The scope stands in the address.

import * as address from "../lib/address.js";
import {
  anchor,
  button,
  choice,
  download,
  el,
  fillChoice,
  hint,
  input,
  labelled,
  problem,
  tableRow,
} from "../lib/dom.js";
import { memory } from "../lib/memory.js";
import { COLOURS, fixed, heading, percent, short } from "../lib/names.js";
import { label } from "../lib/plot.js";
import { calls, failed, Turns, why } from "../lib/rpc.js";
import { panel } from "../views/panel.js";
import { csvButton, framed, numbers } from "../views/table.js";

/** @typedef {import("../types").Choice} Choice */
/** @typedef {import("../types").ClusterSide} ClusterSide */
/** @typedef {import("../types").Panel} Panel */
/** @typedef {import("../types").Scopes} Scopes */
/** @typedef {import("../types").Thoughts} Thoughts */
/** @typedef {import("../lib/page").Place<object, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */
/** @typedef {keyof Scopes} Kind */
/** @typedef {{ list: HTMLElement, thoughts: Thoughts }} Reading the list of what was chosen, and what it lists */

/** @type {Kind[]} */
const KINDS = ["session", "run"];
const START =
  "Choose a session or a run to see which principles the GRM states, and how the vote goes with each of them and without.";
const ASSOCIATION =
  "Margin for the winner, over samples that state it and samples that do not: an association, not a cause.";
const READ_MOST = 200;
const NAME_MOST = 80;
const LEGEND_MOST = 30; // as the server cuts names in the map's legend
const OTHERS = "all others"; // the last trace of the map, where clusters are more than colours
const PER_SIDE = ["share of samples", "mean weight", "first sample", "margin with", "margin without"];
PER_SIDE.push("95% of the difference", "flips the verdict");
/** @type {(keyof ClusterSide)[]} */
const FIELDS = ["share", "weight", "first", "with", "without", "low", "high", "flips"];

/** @param {Place} place */
export async function mount({ element, server }) {
  const state = begun(calls(server));
  const box = el("div", "grm-page");
  box.append(bar(state), state.nodes.body);
  element.append(box);
  state.nodes.body.append(hint("Looking for sessions and runs …"));
  state.scopes = (await state.ask.choices()) || state.scopes;
  fillScopes(state);
  load(state, {});
}

/** @param {import("../types").PrinciplesServer} ask */
function begun(ask) {
  const params = address.params();
  const run = params.get("run");
  return {
    ask,
    turns: new Turns(),
    selection: {
      kind: /** @type {Kind} */ (run ? "run" : "session"),
      name: run || params.get("session") || "",
      other: params.get("other") || "",
    },
    /** @type {Scopes} */
    scopes: { session: [], run: [] },
    nodes: { body: el("div"), kind: el("select"), name: el("select"), other: el("select") },
  };
}

/** @param {State} state */
function bar(state) {
  const { nodes } = state;
  /** @param {string} value */
  const turnTo = (value) => {
    Object.assign(state.selection, { kind: value, name: "", other: "" });
    fillScopes(state);
    load(state, {});
  };
  nodes.kind = choice(
    KINDS.map((kind) => /** @type {[string, string]} */ ([kind, kind])),
    turnTo,
    "principles-kind",
  );
  nodes.name = choice([], (name) => load(state, { name }), "principles-name");
  nodes.other = choice([], (other) => load(state, { other }), "principles-other");
  nodes.name.setAttribute("aria-label", "Session or run");
  const node = el("div", "grm-session-bar");
  node.append(labelled("Principles of a", nodes.kind), nodes.name, labelled("compared with", nodes.other));
  return node;
}

/** @param {State} state */
function fillScopes({ selection, scopes, nodes }) {
  nodes.kind.value = selection.kind;
  const list = scopes[selection.kind];
  /** @param {HTMLSelectElement} node @param {string} first @param {string} now */
  const put = (node, first, now) => {
    const items = !now || list.some(({ id }) => id === now) ? list : [{ id: now, title: now }, ...list];
    const options = items.map(({ id, title }) => /** @type {[string, string]} */ ([id, title || id]));
    fillChoice(node, [["", first], ...options], now);
  };
  put(nodes.name, "choose", selection.name);
  put(nodes.other, "nothing", selection.other);
}

/** @param {State} state @param {Partial<State["selection"]>} change */
async function load(state, change) {
  const { selection, nodes } = state;
  Object.assign(selection, change);
  const isLast = state.turns.next();
  const named = Object.fromEntries(KINDS.map((kind) => [kind, kind === selection.kind ? selection.name : ""]));
  address.name({ ...named, other: selection.other });
  nodes.body.replaceChildren(...(selection.name ? [hint("Reading and embedding principles …")] : start(state.scopes)));
  if (!selection.name) return;
  const thoughts = await state.ask.principles(selection.kind, selection.name, selection.other);
  if (!isLast()) return;
  if (failed(thoughts)) nodes.body.replaceChildren(problem(why(thoughts)));
  else drawThoughts(state, thoughts);
}

// Nothing chosen yet: what there is.
/** @param {Scopes} scopes */
function start(scopes) {
  const list = el("nav", "grm-recent");
  /** @param {Kind} kind @param {string} title */
  const put = (kind, title) => {
    if (scopes[kind].length) list.append(el("h2", "", title));
    for (const one of scopes[kind].slice(0, 12)) {
      list.append(anchor(one.title || one.id, address.link("principles", { [kind]: one.id })));
    }
  };
  put("run", "Runs of many items");
  put("session", "Newest sessions");
  return [hint(START), list];
}

/** @param {State} state @param {Thoughts} thoughts */
function drawThoughts(state, thoughts) {
  const { name } = state.selection;
  const reading = { thoughts, list: el("div", "grm-chosen") };
  const [map, ...others] = thoughts.panels;
  const top = el("div", "grm-lab");
  const side = el("div", "grm-panel");
  side.append(el("h3", "", "How many and how different"), numbersTable(thoughts));
  callByName(state, thoughts, map);
  top.append(
    panel(map, name, (places) => drawList(reading, top, places, `${places.length} chosen on the map`)),
    side,
    ...others.map((each) => panel(each, name)),
  );
  const title = el("h2", "", "Clusters and the vote");
  const tables = clusterTable(state, reading);
  const head = el("h2", "", "Map of the principles");
  state.nodes.body.replaceChildren(title, tables, head, top, saveAll(state), settingsTable(state));
}

/** The map's legend says what clusters were renamed to. @param {State} state @param {Thoughts} thoughts @param {Panel} map */
function callByName(state, { clusters }, map) {
  const traces = /** @type {{ name?: string }[]} */ (map.figure?.data ?? []);
  for (const [i, trace] of traces.entries()) {
    const own = clusters[i] && nameOf(state, clusters[i].name);
    if (own && own !== clusters[i].name && trace.name !== OTHERS) trace.name = label(own, LEGEND_MOST);
  }
}

/** Every stated principle with its cluster and place on the map. @param {State} state */
function saveAll({ ask, selection: { kind, name, other } }) {
  const node = el("div", "grm-documents");
  const file = `principles-${name}`;
  const csv = button("CSV", "grm-small", async () => {
    const text = await ask.table(kind, name, other, "csv");
    if (text) download(`${file}.csv`, "text/csv", text);
  });
  const parquet = button("Parquet", "grm-small", async () => {
    const text = await ask.table(kind, name, other, "parquet");
    if (!text) return;
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    download(`${file}.parquet`, "application/vnd.apache.parquet", bytes);
  });
  node.append(el("span", "grm-note", "All principles with their clusters:"), csv, parquet);
  return node;
}

/** Asked for when it is opened: it reads many sessions. @param {State} state */
function settingsTable({ ask }) {
  const box = el("details", "grm-all-settings");
  const inside = el("div");
  box.append(el("summary", "", "The same numbers by model, template, temperature and order"), inside);
  box.addEventListener("toggle", async () => {
    if (!box.open || inside.childElementCount) return;
    inside.append(hint("Reading the newest settings …"));
    const table = await ask.settings();
    if (failed(table)) inside.replaceChildren(problem(why(table)));
    else inside.replaceChildren(numbers(table), csvButton("principles-by-setting", table));
  });
  return box;
}

/** @param {Thoughts} thoughts */
function numbersTable(thoughts) {
  const table = el("table", "grm-settings");
  thoughts.numbers[0].forEach((first, i) => {
    const line = el("tr");
    line.append(el("th", "", first.name));
    line.append(...thoughts.numbers.map((side) => el("td", "grm-num", short(side[i].value))));
    line.append(el("td", "grm-note", first.definition));
    table.append(line);
  });
  return table;
}

// ---- clusters; their names can be edited and are kept in this browser

/** @param {State} state @param {string} cluster */
const keyOf = ({ selection: { kind, name, other } }, cluster) => [kind, name, other, cluster].join("/");

/** @returns {Record<string, string>} */
const names = () => memory.read("clusters", {});

/** @param {State} state @param {string} cluster */
const nameOf = (state, cluster) => names()[keyOf(state, cluster)] || cluster;

/** @param {State} state @param {string} cluster @param {string} text */
function rename(state, cluster, text) {
  const kept = names();
  const own = text.trim();
  if (own && own !== cluster) kept[keyOf(state, cluster)] = own.slice(0, NAME_MOST);
  else delete kept[keyOf(state, cluster)];
  memory.write("clusters", kept);
}

/** @param {State} state @param {Reading} reading */
function clusterTable(state, reading) {
  const { titles, clusters } = reading.thoughts;
  const heads = titles.flatMap((_, s) =>
    PER_SIDE.map((name) => (titles.length > 1 ? `${name} · ${s ? "second" : "first"}` : name)),
  );
  const table = el("table", "grm-clusters");
  table.append(tableRow("th", ["cluster", "principles", ...heads].map(heading)));
  table.append(...clusters.map((_, i) => clusterRow(state, reading, i)));
  const columns = ["cluster", "name", ...titles.flatMap((_, s) => FIELDS.map((name) => name + (s ? "_second" : "")))];
  const rows = clusters.map(({ name, sides }, i) => [
    i + 1,
    nameOf(state, name),
    ...sides.flatMap((side) => FIELDS.map((field) => (side ? side[field] : null))),
  ]);
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", ASSOCIATION), csvButton(`clusters-${state.selection.name}`, { columns, rows }));
  const both = el("div", "grm-cluster-table");
  both.append(framed(table, "Clusters", "grm-table-wide"), under);
  return both;
}

/** @param {State} state @param {Reading} reading @param {number} i */
function clusterRow(state, reading, i) {
  const { clusters, statements } = reading.thoughts;
  const { name, sides } = clusters[i];
  const line = el("tr");
  const field = input({ type: "text", value: nameOf(state, name) }, `Name of cluster ${i + 1}`);
  field.addEventListener("change", () => rename(state, name, field.value));
  const dot = el("span", "grm-dot", i + 1);
  dot.style.setProperty("--c", COLOURS[Math.min(i, COLOURS.length - 1)]);
  const first = el("td");
  first.append(dot, field);
  const members = statements.flatMap((each, at) => (each.cluster === i ? [at] : []));
  const read = el("td");
  read.append(
    button(`View ${members.length}`, "grm-small", () => {
      const table = /** @type {HTMLElement} */ (line.closest(".grm-cluster-table"));
      drawList(reading, table, members, nameOf(state, name));
    }),
  );
  line.append(first, read, ...sides.flatMap(sideTexts).map((text) => el("td", "grm-num", text)));
  return line;
}

/** What a cluster does to the vote of one scope, as texts. @param {ClusterSide | null} side */
export function sideTexts(side) {
  if (side === null) return PER_SIDE.map(() => "–");
  const between = side.low === null ? "–" : `${fixed(side.low, 2)} to ${fixed(side.high, 2)}`;
  return [
    percent(side.share),
    fixed(side.weight, 2),
    side.first === null ? "" : String(side.first),
    fixed(side.with, 2),
    fixed(side.without, 2),
    between,
    percent(side.flips),
  ];
}

/** Below the table or the map, by which they were chosen.
 * @param {Reading} reading @param {HTMLElement} above @param {number[]} places @param {string} title */
function drawList({ thoughts, list }, above, places, title) {
  above.after(list);
  list.replaceChildren(el("h3", "", title));
  for (const place of places.slice(0, READ_MOST)) {
    const one = thoughts.statements[place];
    if (!one) continue;
    const line = el("div", "grm-principle");
    const links = el("span", "grm-links");
    for (const [session, index] of one.samples) {
      links.append(anchor(`sample ${index + 1}`, address.sessionLink(session, { sample: index + 1 })), " ");
    }
    if (one.count > one.samples.length) links.append(`and ${one.count - one.samples.length} more`);
    line.append(el("span", "", one.text), links);
    list.append(line);
  }
  if (places.length > READ_MOST) list.append(el("p", "grm-note", `The first ${READ_MOST} of ${places.length}.`));
  list.scrollIntoView({ block: "nearest" });
}
