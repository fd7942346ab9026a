// The list of sessions. What is wanted of it stands in the address.

import * as address from "../lib/address.js";
import { confirmed } from "../lib/confirm.js";
import { anchor, button, el, fillChoice, input, labelled, live } from "../lib/dom.js";
import { onKey } from "../lib/keys.js";
import { counted, short } from "../lib/names.js";
import { calls, failed, Turns } from "../lib/rpc.js";
import { pieces } from "../lib/snippet.js";
import { rightMark, winnerMark } from "../views/items.js";

/** @typedef {import("../types").Listed} Listed */
/** @typedef {import("../types").SessionList} SessionList */
/** @typedef {import("../types").SessionsSettings} Settings */
/** @typedef {import("../types").Wanted} Wanted */
/** @typedef {import("../lib/page").Place<Settings | null, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

const SIZE = 50;
const COLUMNS = ["", "Session", "Run", "n", "k", "Parsed", "Winner", "Margin", "Right", "State", "Judged (UTC)", ""];
const PASSAGES = 12;

/** @param {Place} place */
export function mount({ element, props, server }) {
  const state = begun(props.value || { sorts: ["newest"], may: false }, calls(server));
  const { nodes } = state;
  const box = el("div", "grm-sessions");
  box.append(bar(state), nodes.run, nodes.undo, nodes.compare, nodes.passages);
  box.append(nodes.said, nodes.list, nodes.pages, audit(state));
  element.append(box);
  find(state, {});
}

/** @param {Settings} settings @param {import("../types").SessionsServer} ask */
function begun(settings, ask) {
  const said = live("p", "grm-note");
  return {
    settings,
    ask,
    turns: new Turns(),
    selection: selectionOf(address.params()),
    /** @type {string[]} ids of the sessions to compare, two at most */
    picked: [],
    nodes: {
      said,
      undo: el("p", "grm-undo"),
      compare: el("a", "grm-compare"),
      list: el("div", "grm-session-list"),
      pages: el("div", "grm-pages"),
      passages: el("section", "grm-passages"),
      run: el("p", "grm-chips"),
      tag: el("select"),
      model: el("select"),
      sort: el("select"),
    },
  };
}

/** What an address asks for. @param {URLSearchParams} params @returns {Wanted} */
export function selectionOf(params) {
  /** @param {string} name */
  const text = (name) => params.get(name) || "";
  return {
    words: text("words"),
    tag: text("tag"),
    model: text("model"),
    run: text("run"),
    sort: text("sort") || "newest",
    labelled: params.get("labelled") === "1",
    binned: params.get("binned") === "1",
    offset: 0,
  };
}

/** The address that asks for it. @param {Wanted} selection @returns {address.Params} */
export const named = ({ words, tag, model, run, sort, labelled, binned }) => ({
  words,
  tag,
  model,
  run,
  labelled: labelled ? "1" : "",
  binned: binned ? "1" : "",
  sort: sort === "newest" ? "" : sort,
});

/** @param {State} state */
function bar(state) {
  const { selection, nodes } = state;
  const words = "Words of queries, responses, principles and critiques";
  const search = input(
    { type: "search", value: selection.words, placeholder: words, id: "search" },
    "Search queries, responses, principles and critiques",
  );
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => find(state, { words: search.value }), 250);
  });
  for (const name of /** @type {const} */ (["tag", "model", "sort"])) {
    const node = nodes[name];
    node.id = `sessions-${name}`;
    node.addEventListener("change", () => find(state, { [name]: node.value }));
  }
  /** @param {"labelled" | "binned"} name */
  const check = (name) => {
    const node = input({ type: "checkbox", checked: selection[name], id: `sessions-${name}` });
    node.addEventListener("change", () => find(state, { [name]: node.checked }));
    return node;
  };
  const box = el("div", "grm-session-bar");
  box.append(search, labelled("Tag", nodes.tag), labelled("Model", nodes.model), labelled("Sort", nodes.sort));
  box.append(labelled("With labels", check("labelled")), labelled("Show deleted", check("binned")));
  return box;
}

/** @param {State} state @param {Partial<Wanted>} change */
async function find(state, change) {
  const { selection, nodes } = state;
  Object.assign(selection, { offset: 0 }, change);
  const isLast = state.turns.next();
  const page = await state.ask.find(selection);
  if (!isLast() || !page) return;
  address.name(named(selection));
  selection.offset = page.offset;
  /** @param {string[]} values @returns {[string, string][]} */
  const same = (values) => values.map((value) => [value, value]);
  fillChoice(nodes.tag, [["", "any"], ...same(page.tags)], selection.tag);
  fillChoice(nodes.model, [["", "any"], ...same(page.models)], selection.model);
  fillChoice(nodes.sort, same(state.settings.sorts), selection.sort);
  nodes.said.textContent = page.text;
  drawRun(state);
  drawList(state, page);
  if (selection.offset === 0) findPassages(state, 0, isLast);
}

/** The run that the list is narrowed to. @param {State} state */
function drawRun(state) {
  const { nodes } = state;
  const { run } = state.selection;
  nodes.run.hidden = !run;
  if (!run) return;
  const clear = button("sessions of one run ✕", "grm-small", () => find(state, { run: "" }));
  nodes.run.replaceChildren(clear, anchor("Open on Runs", address.link("runs", { id: run }), "grm-link"));
}

// ---- passages that hold the words

/** @param {State} state @param {number} offset @param {() => boolean} isLast */
async function findPassages(state, offset, isLast) {
  const { selection, nodes, ask } = state;
  const hits = selection.words.trim() ? await ask.passages(selection, offset) : [];
  if (!isLast()) return;
  const node = nodes.passages;
  if (!offset) node.replaceChildren(...(hits?.length ? [el("h2", "", "Where the words stand")] : []));
  node.querySelector(".grm-more")?.remove();
  node.append(...withoutTitles(hits ?? []).map((hit) => passage(hit, selection.words)));
  if (hits?.length === PASSAGES) {
    node.append(button("More", "grm-small grm-more", () => findPassages(state, offset + PASSAGES, isLast)));
  }
}

/** A title repeats how the query begins. @param {import("../types").Found[]} hits */
function withoutTitles(hits) {
  const queries = new Set(hits.flatMap(({ session, field }) => (field === "query" ? [session] : [])));
  return hits.filter(({ session, field }) => field !== "title" || !queries.has(session));
}

/** A link to the very place: the words are marked there. @param {import("../types").Found} hit @param {string} words */
function passage({ session, title, sample, field, snippet: text }, words) {
  const node = el("a", "grm-passage");
  node.href = address.sessionLink(session, { sample: sample === null ? "" : sample + 1, words });
  const where = sample === null ? field : `sample ${sample + 1}, ${field}`;
  node.append(el("strong", "", title || "(no title)"), el("span", "grm-note", where), snippet(text));
  return node;
}

// ---- the list

/** @param {State} state @param {SessionList} page */
function drawList(state, page) {
  const { list, pages } = state.nodes;
  const table = el("table");
  const head = el("tr");
  const body = el("tbody");
  const top = el("thead");
  for (const name of COLUMNS) head.append(el(name ? "th" : "td", "", name));
  top.append(head);
  const byItem = state.selection.sort === "item";
  page.rows.forEach((session, at) => {
    const isFirst = byItem && session.item !== page.rows[at - 1]?.item;
    if (isFirst) body.append(groupRow(page.rows.filter(({ item }) => item === session.item)));
    body.append(row(state, session));
  });
  table.append(top, body);
  list.replaceChildren(...(page.rows.length ? [table] : []));
  pages.replaceChildren();
  /** @param {string} text @param {number} offset */
  const turnTo = (text, offset) => pages.append(button(text, "grm-small", () => find(state, { offset })));
  if (page.offset > 0) turnTo("Back", page.offset - SIZE);
  if (page.offset + page.rows.length < page.count) turnTo("Next", page.offset + SIZE);
  drawCompare(state);
}

/** What the sessions of one item have in common. @param {Listed[]} sessions */
function groupRow(sessions) {
  const line = el("tr", "grm-group");
  const cell = el("th");
  cell.colSpan = COLUMNS.length;
  const winners = new Set(sessions.map(({ winner }) => winner));
  const agree = sessions.length < 2 ? "" : winners.size === 1 ? ", all name the same winner" : ", they differ";
  cell.append(sessions[0].item, el("span", "grm-note", ` ${counted(sessions.length, "session")}${agree}`));
  line.append(cell);
  return line;
}

/** @param {State} state @param {Listed} session */
function row(state, session) {
  const line = el("tr");
  line.dataset.id = session.id;
  const k = session.samples === session.k ? session.k : `${session.samples} of ${session.k}`;
  line.append(markCell(state, session), titleCell(state, session), runCell(state, session));
  line.append(el("td", "grm-num", session.n), el("td", "grm-num", k), el("td", "grm-num", session.valid));
  const winner = el("td");
  const right = el("td");
  winner.append(session.n > 1 ? winnerMark(session.winner, session.valid > 0) : "–");
  right.append(rightMark(session.right));
  line.append(winner, el("td", "grm-num", session.margin === null ? "–" : short(session.margin)), right);
  line.append(el("td", "", session.state), el("td", "grm-when", session.created), actions(state, session));
  [...line.children].forEach((cell, at) => {
    if (at > 2 && COLUMNS[at]) /** @type {HTMLElement} */ (cell).dataset.name = COLUMNS[at];
  });
  return line;
}

/** Who judged and how, which narrows the list to that run; others' judgments say which file they came from.
 * @param {State} state @param {Listed} session */
function runCell(state, session) {
  const cell = el("td", "grm-model");
  const narrow = button(session.model, "grm-plain", () => find(state, { run: session.run }));
  narrow.title = "Only the sessions of this run";
  cell.append(narrow, el("span", "grm-note", session.settings));
  if (session.foreign) cell.append(" ", el("span", "grm-tag", `imported: ${session.foreign}`));
  return cell;
}

/** @param {State} state @param {Listed} session */
function markCell(state, session) {
  const { picked, nodes } = state;
  const cell = el("td");
  const mark = input(
    { type: "checkbox", checked: picked.includes(session.id) },
    `Choose to compare: ${session.title}`,
  );
  mark.addEventListener("change", () => {
    if (mark.checked) picked.push(session.id);
    else picked.splice(picked.indexOf(session.id), 1);
    while (picked.length > 2) picked.shift();
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (nodes.list.querySelectorAll("tr[data-id]"))) {
      const box = line.querySelector("input");
      if (box) box.checked = picked.includes(line.dataset.id ?? "");
    }
    drawCompare(state);
  });
  const around = el("label", "grm-hit");
  around.append(mark);
  cell.append(around);
  return cell;
}

/** @param {State} state @param {Listed} session */
function titleCell(state, session) {
  const cell = el("td");
  cell.append(anchor(session.title || "(no title)", address.sessionLink(session.id)));
  for (const tag of session.tags)
    cell.append(
      " ",
      button(tag, "grm-tag", () => find(state, { tag })),
    );
  if (session.snippet) cell.append(snippet(session.snippet));
  return cell;
}

/** @param {string} text */
function snippet(text) {
  const node = el("div", "grm-snippet");
  node.append(...pieces(text).map(([piece, isMatch]) => (isMatch ? el("mark", "", piece) : piece)));
  return node;
}

// ---- what can be done with a session

/** @param {State} state @param {Listed} session */
function actions(state, session) {
  const cell = el("td", "grm-actions");
  if (!state.settings.may) return cell;
  /** @param {string} text @param {() => unknown} act */
  const put = (text, act) => cell.append(button(text, "grm-small", act), " ");
  if (state.selection.binned) {
    put("Restore", () => change(state, "restore", session, null));
    put("Delete for good", async () => {
      const agreed = await confirmed("Delete this session and its samples for good?", "Delete");
      if (agreed) change(state, "delete", session, null);
    });
    return cell;
  }
  put("Rename", () => edit(state, cell, session, "rename", session.title, "Title"));
  put("Tags", () => edit(state, cell, session, "tag", session.tags.join(", "), "Tags, with commas between them"));
  put("Delete", () => change(state, "bin", session, null));
  return cell;
}

/** @param {State} state @param {HTMLElement} cell @param {Listed} session
 * @param {string} what @param {string} now @param {string} label */
function edit(state, cell, session, what, now, label) {
  const field = input({ type: "text", value: now }, label);
  const save = () => change(state, what, session, field.value);
  onKey(field, (event) => {
    if (event.key === "Enter") save();
    if (event.key === "Escape") find(state, { offset: state.selection.offset });
  });
  cell.replaceChildren(field, " ", button("Save", "grm-small", save));
  field.focus();
  field.select();
}

/** @param {State} state @param {string} what @param {Listed} session @param {string | null} value */
async function change(state, what, session, value) {
  const { said, undo } = state.nodes;
  const done = await state.ask.change(what, session.id, value);
  if (failed(done)) {
    said.textContent = done?.error || "The server did not answer; nothing was changed.";
    return;
  }
  undo.replaceChildren();
  if (what === "bin") {
    undo.append(
      `Deleted: ${session.title || "(no title)"} `,
      button("Undo", "grm-small", () => change(state, "restore", session, null)),
      el("span", "grm-note", " It stays under “Show deleted” until it is deleted for good."),
    );
  }
  find(state, { offset: state.selection.offset });
}

/** Who did what, read when it is unfolded. @param {State} state */
function audit(state) {
  const box = el("details", "grm-audit");
  const lines = el("div", "grm-session-list");
  box.append(el("summary", "", "Audit log"), lines);
  box.addEventListener("toggle", async () => {
    if (!box.open) return;
    const log = await state.ask.log();
    if (failed(log)) {
      lines.textContent = log?.error || "The server did not answer.";
      return;
    }
    const table = el("table");
    for (const { at, who, what, target } of log.lines) {
      const line = el("tr");
      line.append(el("td", "grm-when", at), el("td", "", who), el("td", "", what), el("td", "", target));
      table.append(line);
    }
    lines.replaceChildren(table);
  });
  return box;
}

/** @param {State} state */
function drawCompare({ picked, nodes: { compare } }) {
  compare.hidden = picked.length !== 2;
  compare.textContent = "Compare the two chosen sessions";
  if (picked.length === 2) compare.href = address.link("compare", { a: picked[0], b: picked[1] });
}
