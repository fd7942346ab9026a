// The command palette: pages, actions, sessions, runs, and samples by their words.

import * as address from "../lib/address.js";
import { el, input } from "../lib/dom.js";
import { onKey } from "../lib/keys.js";
import { prefer } from "../lib/preferences.js";
import { failed, Turns } from "../lib/rpc.js";
import { pieces } from "../lib/snippet.js";

/** @typedef {{ kind: string, text: string, beside?: string, href?: string, act?: () => void }} Entry */
/** @typedef {ReturnType<typeof begun>} State */

const WAIT = 150; // milliseconds after the last key until the server is asked

/** @param {import("../types").ShellServer} ask @param {import("./settings.js").Settings} settings */
export function makePalette(ask, settings) {
  const state = begun(ask, settings);
  const { node, field, list } = state;
  let typing = 0;
  field.addEventListener("input", () => {
    draw(state);
    clearTimeout(typing);
    typing = window.setTimeout(() => find(state), WAIT);
  });
  onKey(field, (event) => press(state, event));
  list.addEventListener("click", (event) => {
    const line = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-at]"));
    if (line) run(state, state.entries[Number(line.dataset.at)], event.ctrlKey || event.metaKey);
  });
  const show = () => {
    if (node.open) return;
    field.value = "";
    state.hits = [];
    node.showModal();
    draw(state);
    find(state);
  };
  onKey(document, (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (node.open) node.close();
    else show();
  });
  return { node, show };
}

/** @param {import("../types").ShellServer} ask @param {import("./settings.js").Settings} settings */
function begun(ask, settings) {
  const node = el("dialog", "grm-dialog grm-palette");
  node.setAttribute("aria-label", "Go anywhere");
  const field = input({ type: "text", placeholder: "Go to a page, session or run, or find words", id: "grm-palette" });
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-controls", "grm-palette-list");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-label", "Go to a page, session or run, or find words");
  field.autocomplete = "off";
  const list = el("div", "grm-palette-list");
  list.id = "grm-palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Places and actions");
  node.append(field, list);
  return {
    ask,
    node,
    field,
    list,
    turns: new Turns(),
    fixed: [...pages(), ...actions(settings)],
    /** @type {Entry[]} what the server found */
    hits: [],
    /** @type {Entry[]} what is listed */
    entries: [],
    at: 0,
  };
}

/** @returns {Entry[]} */
function pages() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".shell-pages a"));
  return [...links].map((link) => ({
    kind: "Page",
    text: link.querySelector("svg")?.nextSibling?.textContent?.trim() ?? "",
    href: link.href,
  }));
}

/** @param {import("./settings.js").Settings} settings @returns {Entry[]} */
const actions = (settings) => [
  { kind: "Action", text: "Judge something new", href: address.link("") },
  { kind: "Action", text: "Keys of this page", act: () => document.dispatchEvent(new CustomEvent("grm:keys")) },
  { kind: "Action", text: "Settings", act: settings.show },
  { kind: "Action", text: "Light theme", act: () => prefer("theme", "light") },
  { kind: "Action", text: "Dark theme", act: () => prefer("theme", "dark") },
  { kind: "Action", text: "System theme", act: () => prefer("theme", "system") },
];

/** The entries that hold every word of what was typed. @template {{ text: string, kind: string }} T
 * @param {readonly T[]} entries @param {string} typed */
export function matching(entries, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ text, kind }) => words.every((word) => `${text} ${kind}`.toLowerCase().includes(word)));
}

/** @param {State} state */
async function find(state) {
  const isLast = state.turns.next();
  const reply = await state.ask.find(state.field.value.trim());
  if (!isLast()) return;
  state.hits = failed(reply)
    ? []
    : [
        ...reply.passages.map(({ session, sample, title, snippet }) => ({
          kind: sample === null ? "Session" : `Sample ${sample + 1}`,
          text: title || "(no title)",
          beside: snippet,
          href: address.sessionLink(session, sample === null ? {} : { sample: sample + 1 }),
        })),
        ...reply.runs.map(({ id, title }) => ({ kind: "Run", text: title, href: address.link("runs", { id }) })),
      ];
  draw(state);
}

/** @param {State} state */
function draw(state) {
  const { field, list, fixed, hits } = state;
  state.entries = [...matching(fixed, field.value), ...hits];
  state.at = Math.min(state.at, Math.max(0, state.entries.length - 1));
  if (!state.entries.length) state.at = 0;
  list.replaceChildren(...state.entries.map((entry, at) => line(entry, at)));
  if (!state.entries.length) list.append(el("p", "grm-note", "No matches."));
  mark(state, 0);
}

/** @param {Entry} entry @param {number} at */
function line({ kind, text, beside }, at) {
  const node = el("div", "grm-palette-line");
  node.id = `grm-palette-${at}`;
  node.dataset.at = String(at);
  node.setAttribute("role", "option");
  const words = el("span", "grm-palette-text", text);
  node.append(words, el("span", "grm-palette-kind", kind));
  if (beside) {
    const passage = el("span", "grm-palette-beside");
    passage.append(...pieces(beside).map(([piece, isFound]) => (isFound ? el("mark", "", piece) : piece)));
    node.append(passage);
  }
  return node;
}

/** @param {State} state @param {number} by */
function mark(state, by) {
  const { entries, list, field } = state;
  const count = entries.length;
  state.at = count ? (state.at + by + count) % count : 0;
  [...list.children].forEach((node, at) => {
    node.setAttribute("aria-selected", String(at === state.at));
  });
  if (count) {
    field.setAttribute("aria-activedescendant", `grm-palette-${state.at}`);
    list.children[state.at].scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

/** @param {State} state @param {KeyboardEvent} event */
function press(state, event) {
  if (event.key === "ArrowDown") mark(state, 1);
  else if (event.key === "ArrowUp") mark(state, -1);
  else if (event.key === "Enter") run(state, state.entries[state.at], event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
}

/** @param {State} state @param {Entry | undefined} entry @param {boolean} isApart whether in a tab of its own */
function run(state, entry, isApart) {
  if (!entry) return;
  state.node.close();
  if (entry.act) entry.act();
  else if (entry.href && isApart) window.open(entry.href);
  else if (entry.href) window.location.assign(entry.href);
}
