// Long texts are folded; a handle shows them whole. What was opened stays open on its page while the tab is.

import { button, el } from "./dom.js";
import { tabMemory } from "./memory.js";

const WORDS_MOST = 160;
const LINES_MOST = 24;
const CHARACTERS_MOST = 1500;
const KEPT_MOST = 400; // opened texts that a tab remembers

/** Whether a text is long, and how much all of it is. @param {string} text */
export function lengthOf(text) {
  const words = text.match(/\S+/g)?.length ?? 0;
  const isSpaced = text.length < 20 * words; // else words say little of it
  return {
    isLong: words > WORDS_MOST || text.length > CHARACTERS_MOST || text.split("\n").length > LINES_MOST,
    all: `all ${(isSpaced ? words : text.length).toLocaleString("en")} ${isSpaced ? "words" : "characters"}`,
  };
}

const OPENED = "opened";

/** The page that a text is on, as the memory names it. */
const here = () => `${window.location.pathname}?${new URLSearchParams(window.location.search).get("session") ?? ""}`;

/** @param {string} name @param {boolean} isOpen */
function keep(name, isOpen) {
  const names = /** @type {string[]} */ (tabMemory.read(OPENED, [])).filter((each) => each !== name);
  tabMemory.write(OPENED, isOpen ? [...names, name].slice(-KEPT_MOST) : names);
}

/** The node, folded where its text is long. @param {HTMLElement} node @param {string} text
 * @param {string} name by which the page remembers that it was opened */
export function fold(node, text, name) {
  const { all, isLong } = lengthOf(text);
  if (!isLong) return node;
  const kept = `${here()}/${name}`;
  const box = el("div", "grm-fold");
  const handle = button("", "grm-small grm-handle", () => turn(box.dataset.folded === "true"));
  const say = (/** @type {boolean} */ isOpen) => {
    box.dataset.folded = String(!isOpen);
    handle.setAttribute("aria-expanded", String(isOpen));
    handle.textContent = isOpen ? "Show less" : `Show ${all}`;
  };
  const turn = (/** @type {boolean} */ isOpen) => {
    say(isOpen);
    keep(kept, isOpen);
    if (!isOpen) box.scrollIntoView({ block: "nearest" });
  };
  say(/** @type {string[]} */ (tabMemory.read(OPENED, [])).includes(kept));
  // What takes the keyboard is seen.
  node.addEventListener("focusin", () => {
    if (box.dataset.folded === "true") turn(true);
  });
  box.append(node, handle);
  return box;
}

/** Opens whatever folds this node away. @param {Element} node */
export function unfold(node) {
  const box = node.closest('.grm-fold[data-folded="true"]');
  if (box) box.querySelector(":scope > .grm-handle")?.dispatchEvent(new MouseEvent("click"));
}
