// The frame of every page: state of the engine, open runs, search, settings. Its nodes come with the page.

import { el } from "../lib/dom.js";
import { calls, failed } from "../lib/rpc.js";
import { titled } from "../lib/title.js";
import { markWords } from "../shell/marks.js";
import { makePalette } from "../shell/palette.js";
import { makeSettings } from "../shell/settings.js";
import { showTrail } from "../shell/trail.js";

/** @typedef {import("../types").Frame} Frame */
/** @typedef {import("../lib/page").Place<null, object>} Place */

const SOON = 1000; // milliseconds until the next look while something is under way
const LATER = 5000;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {Place} place */
export function mount({ element, server }) {
  /** @type {import("../types").ShellServer} */
  const ask = calls(server);
  if (!document.getElementById("engine")) return; // a page that is framed by another app
  const settings = makeSettings();
  const palette = makePalette(ask, settings);
  document.body.append(settings.node, palette.node);
  byId("shell-settings").addEventListener("click", settings.show);
  byId("shell-find").addEventListener("click", palette.show);
  byId("shell-skip").addEventListener("click", skip);
  makeMenu();
  showTrail(byId("shell-trail"));
  markWords();
  titled("");
  headed(byId("shell").dataset.page ?? "");
  watch(element, ask);
}

/** A heading for those who hear the page; Inspect and the Demo show their own. @param {string} name */
function headed(name) {
  if (!["Inspect", "Demo"].includes(name)) document.querySelector("main")?.prepend(el("h1", "grm-hidden", name));
}

function skip() {
  const main = document.querySelector("main") ?? document.querySelector("gradio-app");
  if (!(main instanceof HTMLElement)) return;
  main.tabIndex = -1;
  main.focus();
}

/** On a narrow screen the pages are folded. */
function makeMenu() {
  const menu = byId("shell-menu");
  menu.addEventListener("click", () => {
    const isOpen = menu.getAttribute("aria-expanded") !== "true";
    menu.setAttribute("aria-expanded", String(isOpen));
  });
}

/** Looks at the engine and the runs again and again while the page is seen.
 * @param {HTMLElement} element @param {import("../types").ShellServer} ask */
function watch(element, ask) {
  const look = async () => {
    if (!element.isConnected) return;
    let wait = LATER;
    if (!document.hidden) {
      const frame = await ask.state().catch(() => null);
      if (!failed(frame)) draw(frame);
      else draw({ kind: "bad", word: "Offline", lines: [], message: "The server does not answer.", running: [] });
      if (failed(frame) || frame.kind === "busy" || frame.running.length) wait = SOON;
    }
    window.setTimeout(look, wait);
  };
  look();
}

/** @param {Frame} frame */
function draw({ kind, word, lines, message, running }) {
  byId("engine").dataset.kind = kind;
  byId("engine-word").textContent = word;
  const said = byId("engine-message");
  if (said.textContent !== message) said.textContent = message;
  said.hidden = !message;
  const count = byId("shell-count");
  count.hidden = !running.length;
  count.textContent = String(running.length);
  count.setAttribute("aria-label", `${running.length} running`);
  const list = running.map(({ title, done, k }) => el("p", "grm-note", `${title}: ${done} of ${k} samples`));
  const heads = running.length ? [el("h3", "", "Running now"), ...list] : [];
  byId("engine-said").replaceChildren(
    el("h3", "", "Engine"),
    ...lines.map((line) => el("p", `grm-line grm-${line.kind}`, line.text)),
    ...heads,
  );
}
