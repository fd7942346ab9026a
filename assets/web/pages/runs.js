// Runs of many items: the items of one beside its plots, or several runs on the same items. All stands in the address.

import * as address from "../lib/address.js";
import { anchor, button, choice, download, el, fillChoice, hint, labelled, problem } from "../lib/dom.js";
import { narrowing } from "../lib/items.js";
import { calls, failed, Turns, why } from "../lib/rpc.js";
import { titled } from "../lib/title.js";
import { cameFrom, leave } from "../lib/trail.js";
import { pageSize } from "../views/items.js";
import { panel } from "../views/panel.js";
import { comparison } from "./runs/compared.js";
import { follow, sizeOf } from "./runs/growing.js";
import { runList } from "./runs/list.js";
import { everything, namesOf, selectionOf } from "./runs/state.js";

/** @typedef {import("../types").Choice} Choice */
/** @typedef {import("../types").Failed} Failed */
/** @typedef {import("../lib/page").Place<object, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

const HOW =
  "A run judges many items under the same settings; with labels it also shows accuracy. " +
  "Batch brings one here, and so do the commands score --db and import.";

const SITE = "Static site";

/** @param {Place} place */
export async function mount({ element, server }) {
  const state = begun(calls(server));
  const { nodes } = state;
  const bar = el("div", "grm-session-bar");
  bar.append(labelled("Run", nodes.run), labelled("Compare with", nodes.beside), nodes.others);
  bar.append(nodes.principles, nodes.site, nodes.grown);
  const box = el("div", "grm-page grm-runs");
  box.append(bar, nodes.body);
  element.append(box);
  nodes.run.addEventListener("change", () => load(state, { ...everything(), id: nodes.run.value, beside: [] }));
  nodes.beside.addEventListener("change", () => compareWith(state, [...state.selection.beside, nodes.beside.value]));
  nodes.site.addEventListener("click", () => takeAway(state));
  nodes.body.addEventListener("click", (event) => remember(state, event), true);
  nodes.body.append(hint("Looking for runs …"));
  nodes.grown.addEventListener("click", async () => {
    nodes.grown.hidden = true;
    state.runs = (await state.ask.choices()) || state.runs;
    load(state, {}, true);
  });
  state.runs = (await state.ask.choices()) || [];
  load(state, {});
  follow(state, { reload: () => load(state, {}, true), drawBar: () => drawBar(state) });
}

/** @param {import("../types").RunsServer} ask */
export function begun(ask) {
  const principles = el("a", "grm-link", "Its principles");
  const grown = button("", "grm-small", () => undefined);
  principles.hidden = grown.hidden = true;
  return {
    ask,
    turns: new Turns(),
    selection: selectionOf(address.params()),
    /** @type {Choice[]} */
    runs: [],
    /** Samples of what is shown. @type {number | null} */
    size: null,
    /** The title of what is shown. */
    title: "",
    /** The sessions of the list in their order. @type {string[]} */
    order: [],
    nodes: {
      body: el("div"),
      principles,
      grown,
      run: choice([], () => undefined, "run-id"),
      beside: choice([], () => undefined, "run-beside"),
      others: el("span", "grm-chips"),
      site: makeSite(),
    },
  };
}

function makeSite() {
  const node = button(SITE, "grm-small", () => undefined);
  node.title = "Items, plots and every session, to open from a disk or any web server";
  return node;
}

/** What is shown as a static site. @param {State} state */
async function takeAway({ selection: { id, beside }, nodes: { site }, ask }) {
  site.disabled = true;
  site.textContent = "Writing the site …";
  const made = await ask.site([id, ...beside]);
  site.disabled = false;
  site.textContent = failed(made) ? why(made) : SITE;
  if (failed(made)) return;
  const bytes = Uint8Array.from(atob(made.base64), (letter) => letter.charCodeAt(0));
  download(made.name, "application/zip", bytes);
}

/** @param {State} state @param {string[]} beside */
function compareWith(state, beside) {
  load(state, { ...everything(), beside: [...new Set(beside)].filter((id) => id && id !== state.selection.id) });
}

/** @param {State} state @param {Partial<State["selection"]>} change
 * @param {boolean} [isQuiet] what is shown stays until what comes in its place is there */
async function load(state, change, isQuiet = false) {
  const { selection, nodes } = state;
  Object.assign(selection, change);
  const isLast = state.turns.next();
  name(state);
  drawBar(state);
  nodes.grown.hidden = true;
  if (!selection.id) nodes.body.replaceChildren(...start(state.runs));
  else if (!isQuiet) nodes.body.replaceChildren(hint("Reading all items …"));
  if (!selection.id) return;
  if (selection.beside.length) await compare(state, isLast, isQuiet);
  else await single(state, isLast, isQuiet);
}

/** @param {State} state */
const name = ({ selection }) => address.name(namesOf(selection));

/** @param {State} state */
function drawBar(state) {
  const { selection, runs, nodes } = state;
  const options = runs.map(({ id, title }) => /** @type {[string, string]} */ ([id, title]));
  const others = options.filter(([id]) => id !== selection.id && !selection.beside.includes(id));
  fillChoice(nodes.run, [["", "choose"], ...options], selection.id);
  fillChoice(nodes.beside, [["", selection.beside.length ? "add a run" : "nothing"], ...others], "");
  nodes.others.replaceChildren(
    ...selection.beside.map((id) => {
      const title = runs.find((run) => run.id === id)?.title ?? id;
      const remove = () =>
        compareWith(
          state,
          selection.beside.filter((other) => other !== id),
        );
      const chip = button(`${title} ✕`, "grm-small grm-narrow", remove);
      chip.setAttribute("aria-label", `Do not compare with ${title}`);
      return chip;
    }),
  );
  nodes.site.hidden = !selection.id;
  nodes.site.textContent = SITE;
  nodes.principles.hidden = !selection.id || selection.beside.length > 0;
  nodes.principles.href = address.link("principles", { run: selection.id });
}

/** A link to a session that is followed leaves the way back. @param {State} state @param {MouseEvent} event */
function remember({ order, title }, event) {
  if (!(/** @type {Element} */ (event.target).closest(".grm-item-list a"))) return;
  leave({ back: window.location.href, title, size: pageSize(), sessions: order });
}

/** @param {State} state @param {Failed | null} answer */
const refuse = ({ nodes }, answer) => nodes.body.replaceChildren(problem(why(answer)));

// ---- one run

/** @param {State} state @param {() => boolean} isLast @param {boolean} isQuiet */
async function single(state, isLast, isQuiet) {
  const { selection, ask } = state;
  const [size, items] = await Promise.all([sizeOf(state), ask.items(selection.id)]);
  if (!isLast() || (isQuiet && failed(items))) return;
  if (failed(items)) return refuse(state, items);
  state.size = size;
  const title = state.runs.find(({ id }) => id === selection.id)?.title ?? selection.id;
  begin(state, title);
  const list = runList({
    run: items,
    selection,
    link: (session) => address.sessionLink(session),
    name: () => name(state),
    listed: (order) => {
      state.order = order.map(({ session }) => session);
    },
    findings: (sessions) => ask.findings(sessions),
  });
  const plots = el("div", "grm-run-plots");
  const body = el("div", "grm-run-body");
  body.append(list.node, plots);
  const show = () => put(state, isQuiet, el("h2", "", title), el("p", "grm-run-said", items.said), body);
  if (!isQuiet) show();
  await drawPanels(state, plots, isLast, (text) => {
    list.narrow(narrowing(text));
    list.node.scrollIntoView({ block: "nearest" });
  });
  if (isQuiet && isLast()) show();
}

/** Shows what was made; what was read before stays where it is if this is the same, grown.
 * @param {State} state @param {boolean} isQuiet @param {...Node} parts */
function put({ nodes: { body } }, isQuiet, ...parts) {
  const top = window.scrollY;
  const read = body.querySelector(".grm-item-frame")?.scrollTop ?? 0;
  body.replaceChildren(...parts);
  if (!isQuiet) {
    showLast(body);
    return;
  }
  window.scrollTo(0, top);
  const frame = body.querySelector(".grm-item-frame");
  if (frame) frame.scrollTop = read;
}

/** The first panel while the others are computed.
 * @param {State} state @param {HTMLElement} plots @param {() => boolean} isLast @param {(text: string) => void} narrow */
async function drawPanels({ selection, ask }, plots, isLast, narrow) {
  const more = hint("Voting over all items …");
  plots.append(more);
  const onSelect = (/** @type {unknown[]} */ points) => {
    const text = points.find((point) => typeof point === "string");
    if (text) narrow(String(text));
  };
  for (const part of ["first", "rest"]) {
    const answer = await ask.run(selection.id, part);
    if (!isLast()) return;
    if (failed(answer)) {
      more.replaceWith(problem(why(answer)));
      return;
    }
    more.before(...answer.panels.map((each) => panel(each, selection.id, onSelect)));
  }
  more.remove();
}

// ---- several runs

/** @param {State} state @param {() => boolean} isLast @param {boolean} isQuiet */
async function compare(state, isLast, isQuiet) {
  const { selection, ask } = state;
  const [size, made] = await Promise.all([sizeOf(state), ask.compared([selection.id, ...selection.beside])]);
  if (!isLast() || (isQuiet && failed(made))) return;
  if (failed(made)) return refuse(state, made);
  state.size = size;
  begin(state, `${made.runs.length} runs compared`);
  const node = comparison(made, {
    selection,
    link: (id) => address.link("runs", { id }),
    name: () => name(state),
    listed: (order) => {
      state.order = order.map(({ sessions }) => sessions[0]);
    },
  });
  put(state, isQuiet, el("h2", "", state.title), node);
}

/** @param {State} state @param {string} title */
function begin(state, title) {
  state.title = title;
  titled(title);
}

/** Marks the item that was come back from. @param {HTMLElement} body */
function showLast(body) {
  const session = cameFrom();
  const line = session && body.querySelector(`tr[data-id="${CSS.escape(session)}"]`);
  if (!line) return;
  line.classList.add("grm-came-from");
  line.scrollIntoView({ block: "center" });
}

// Nothing chosen yet: what there is, and how more gets here.
/** @param {Choice[]} runs */
function start(runs) {
  const list = el("nav", "grm-recent");
  list.append(el("h2", "", runs.length ? "Runs" : "No runs yet."));
  list.append(...runs.map(({ id, title }) => anchor(title, address.link("runs", { id }))));
  return [hint(HOW), list];
}
