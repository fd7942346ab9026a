// A static site of runs or of the Demo: items with their plots, each session as on Inspect, and a search. The
// address says what is open; nothing is asked of any server.

import * as address from "../lib/address.js";
import { anchor, button, el, hint, input, problem } from "../lib/dom.js";
import { narrowing } from "../lib/items.js";
import { onKey } from "../lib/keys.js";
import { counted } from "../lib/names.js";
import { titled } from "../lib/title.js";
import { cameFrom, leave } from "../lib/trail.js";
import { mount as mountDemo } from "../pages/demo.js";
import { mount as mountInspect } from "../pages/inspect.js";
import { comparison } from "../pages/runs/compared.js";
import { runList } from "../pages/runs/list.js";
import { namesOf, selectionOf } from "../pages/runs/state.js";
import { markWords } from "../shell/marks.js";
import { showTrail } from "../shell/trail.js";
import { pageSize } from "../views/items.js";
import { panel } from "../views/panel.js";
import { content, passages } from "./data.js";
import { serverOf } from "./server.js";

/** @typedef {import("../types").SiteContent} Content */
/** @typedef {import("../types").SiteRun} Run */

const FOUND_MOST = 30;
const AROUND = 80; // characters on either side of a word that was found

export async function start() {
  const body = /** @type {HTMLElement} */ (document.getElementById("site"));
  const made = await content();
  if (!made) {
    body.append(problem("The folder data beside this page is missing."));
    return;
  }
  const params = address.params();
  const session = params.get("session") || "";
  const words = params.get("find") || "";
  makeSearch(words);
  if (session || words || made.tour.length) titled(made.title);
  if (words && !session) await drawFound(body, made, words);
  else if (session) drawSession(body, made, session);
  else if (made.tour.length) mountDemo(placeOf(body, made));
  else drawRuns(body, made, params);
}

/** What a page's module is mounted with. @param {HTMLElement} element @param {Content} made */
const placeOf = (element, made) => ({
  element,
  props: { value: /** @type {any} */ (null) },
  server: serverOf(made),
  watch: () => undefined,
  trigger: () => undefined,
});

// ---- the frame

/** @param {string} words */
function makeSearch(words) {
  const form = /** @type {HTMLElement} */ (document.getElementById("site-search"));
  const field = input({ type: "search", name: "find", value: words, placeholder: "Words of any text" }, "Search");
  onKey(field, (event) => {
    if (event.key === "Enter" && field.value.trim()) window.location.href = address.link("", { find: field.value });
  });
  form.append(field);
}

// ---- runs

/** One run, or all of them compared. @param {HTMLElement} body @param {Content} made @param {URLSearchParams} params */
function drawRuns(body, made, params) {
  const { compared, runs } = made;
  const run = runs.find(({ id }) => id === params.get("id"));
  const page = el("div", "grm-page grm-runs");
  const title = compared && !run ? made.title : (run ?? runs[0]).title;
  const place = placeIn(page, params, title);
  titled(title);
  if (compared && run) page.append(anchor(`← ${made.title}`, address.link(""), "grm-link"));
  page.append(el("h2", "", title));
  if (compared && !run) page.append(comparison(compared, { ...place, link: (id) => address.link("", { id }) }));
  else page.append(...runParts(run ?? runs[0], made, place));
  body.append(page);
  const last = cameFrom();
  const line = last ? page.querySelector(`tr[data-id="${CSS.escape(last)}"]`) : null;
  line?.classList.add("grm-came-from");
  line?.scrollIntoView({ block: "center" });
}

/** What a list stands on: the selection in the address, and the way back to it from a session.
 * @param {HTMLElement} page @param {URLSearchParams} params @param {string} title */
function placeIn(page, params, title) {
  const selection = selectionOf(params);
  /** @type {string[]} */
  let order = [];
  page.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest(".grm-item-list a"))) return;
    leave({ back: window.location.href, title, size: pageSize(), sessions: order });
  });
  return {
    selection,
    name: () => address.name(namesOf(selection)),
    /** @param {readonly ({ session: string } | { sessions: string[] })[]} items */
    listed: (items) => {
      order = items.map((item) => ("sessions" in item ? item.sessions[0] : item.session));
    },
  };
}

/** @param {Run} run @param {Content} made @param {ReturnType<typeof placeIn>} place */
function runParts({ items, panels }, made, place) {
  const counts = new Map(made.findings.map((each) => [each.session, each]));
  const list = runList({
    ...place,
    run: items,
    link: (session) => address.sessionLink(session),
    findings: async (sessions) => sessions.flatMap((session) => counts.get(session) ?? []),
  });
  const narrow = (/** @type {unknown[]} */ points) => {
    const text = points.find((point) => typeof point === "string");
    if (text) list.narrow(narrowing(String(text)));
  };
  const plots = el("div", "grm-run-plots");
  plots.append(...panels.map((each) => panel(each, "site", narrow)));
  const both = el("div", "grm-run-body");
  both.append(list.node, plots);
  return [el("p", "grm-run-said", items.said), both];
}

// ---- a session

/** @param {HTMLElement} body @param {Content} made @param {string} session */
function drawSession(body, made, session) {
  const view = el("div");
  view.id = "view";
  const title = made.titles[made.sessions.indexOf(session)];
  const trail = el("nav", "shell-trail grm-site-trail");
  trail.setAttribute("aria-label", "The list this was opened from");
  showTrail(trail);
  body.append(trail, el("h1", "grm-site-title", title ?? "There is no such session here."), view);
  if (title === undefined) return;
  mountInspect(placeOf(view, made));
  markWords();
}

// ---- what is found

/** @param {HTMLElement} body @param {Content} made @param {string} text */
async function drawFound(body, made, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const waiting = hint("Reading all texts …");
  body.append(waiting);
  const hits = (await passages()).filter(({ body: passage }) => {
    const all = passage.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const page = el("section", "grm-page grm-passages");
  page.append(el("h2", "", `${counted(hits.length, "passage")} with “${text}”`));
  let shown = 0;
  const more = button("More", "grm-small grm-more", () => show());
  const show = () => {
    more.before(...hits.slice(shown, shown + FOUND_MOST).map((hit) => foundLine(made, hit, words)));
    shown += FOUND_MOST;
    more.hidden = shown >= hits.length;
  };
  page.append(more);
  show();
  waiting.replaceWith(page);
}

/** @param {Content} made @param {import("../types").SitePassage} hit @param {string[]} words */
function foundLine({ sessions, titles }, { session, sample, field, body }, words) {
  const params = { sample: sample === null ? "" : sample + 1, words: words.join(" ") };
  const node = anchor("", address.sessionLink(sessions[session], params), "grm-passage");
  const where = sample === null ? field : `sample ${sample + 1}, ${field}`;
  const at = body.toLowerCase().indexOf(words[0]);
  const from = Math.max(0, at - AROUND);
  const end = at + words[0].length;
  const snippet = el("div", "grm-snippet");
  snippet.append(`${from ? "… " : ""}${body.slice(from, at)}`, el("mark", "", body.slice(at, end)));
  snippet.append(`${body.slice(end, end + AROUND)} …`);
  node.append(el("strong", "", titles[session]), el("span", "grm-note", where), snippet);
  return node;
}
