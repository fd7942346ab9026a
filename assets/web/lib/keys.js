// Keys of a page: which one was meant, and the sheet that lists them.

import { button, el, input } from "./dom.js";

const MEMORY = "grm-lens-keys"; // "on" or "off", as it always was

/** The act that a key stands for: the n-th key of a row has the row's n-th act.
 * @typedef {readonly [keys: string, what: string, ...acts: (() => unknown)[]]} KeyRow
 * @param {readonly KeyRow[]} rows @param {string} pressed */
export function actOf(rows, pressed) {
  for (const [keys, , ...acts] of rows) {
    const at = keys.split(" ").indexOf(pressed);
    if (at >= 0) return acts[at];
  }
  return undefined;
}

/** What of an event says which key was pressed.
 * @typedef {Pick<KeyboardEvent, "key" | "code" | "shiftKey"> & Partial<KeyboardEvent>} Pressed */

/** Places of keys on an American keyboard, by `code`: without and with Shift.
 * @type {Record<string, readonly [string, string]>} */
const PLACES = {
  BracketLeft: ["[", ""],
  BracketRight: ["]", ""],
  Minus: ["-", ""],
  Equal: ["=", "+"],
  Slash: ["/", "?"],
};

/** @param {Pressed} event */
function placeOf({ code, shiftKey }) {
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return letter[1].toLowerCase();
  const digit = /^Digit([0-9])$/.exec(code);
  const [plain, shifted] = digit ? [digit[1], ""] : (PLACES[code] ?? ["", ""]);
  return shiftKey ? shifted : plain;
}

/** What a pressed key may be called: first as the keyboard writes it, whether Caps Lock is on or not, then by its place on
 * an American one, for keyboards that write other letters. @param {Pressed} event @returns {string[]} */
export function namesOf(event) {
  const { key } = event;
  if (key.length > 1 && key !== "Dead" && key !== "Unidentified") return [key];
  const place = event.getModifierState?.("AltGraph") ? "" : placeOf(event);
  return [...new Set([key.length === 1 ? key.toLowerCase() : "", place])].filter(Boolean);
}

/** The act of a pressed key, by the first of its names that has one.
 * @template T @param {Pressed} event @param {(name: string) => T | undefined} act */
export function meant(event, act) {
  for (const name of namesOf(event)) {
    const action = act(name);
    if (action) return action;
  }
  return undefined;
}

/** Whether an input method is composing a word: its keys, Enter and Escape too, are about the word. Safari says so of the
 * Enter that takes the word only by its number. @param {Pick<KeyboardEvent, "isComposing" | "keyCode">} event */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Keys pressed inside a node, without those that compose a word.
 * @template {HTMLElement | Document} T @param {T} node @param {(event: KeyboardEvent) => unknown} act */
export const onKey = (node, act) =>
  node.addEventListener("keydown", (event) => {
    if (!isComposing(/** @type {KeyboardEvent} */ (event))) act(/** @type {KeyboardEvent} */ (event));
  });

/** Whether a key belongs to the browser or the system. @param {KeyboardEvent} event */
export const withModifier = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** Whether single keys are followed, on all pages of this browser. */
export function areKeysOn() {
  try {
    return window.localStorage.getItem(MEMORY) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
export function turnKeys(on) {
  try {
    window.localStorage.setItem(MEMORY, on ? "on" : "off");
  } catch {
    // private windows forget it
  }
}

/** The list of a page's keys, with the switch that turns single keys off on all pages (WCAG 2.1.4).
 * `live()`: whether a single key is to be followed.
 * @param {readonly (readonly [string, string, ...unknown[]])[]} rows keys and what they do */
export function keySheet(rows) {
  const node = el("dialog", "grm-dialog grm-keys");
  const list = el("table");
  const label = el("label");
  const box = input({ type: "checkbox", id: "grm-keys-on" });
  const all = [...rows, ["?", "this list"], ["Esc", "close; in a field: leave it"]];
  for (const [keys, what] of /** @type {[string, string][]} */ (all)) {
    const line = el("tr");
    const cell = el("td");
    for (const key of keys.split(" ")) cell.append(el("kbd", "", key), " ");
    line.append(cell, el("td", "", what));
    list.append(line);
  }
  box.addEventListener("change", () => turnKeys(box.checked));
  label.append(box, " single keys are on");
  node.append(
    el("h3", "", "Keys"),
    list,
    label,
    button("Close", "grm-small", () => node.close()),
  );
  const show = () => {
    box.checked = areKeysOn();
    if (!node.open) node.showModal();
  };
  document.addEventListener("grm:keys", () => {
    if (node.isConnected) show();
  });
  return { node, show, live: () => areKeysOn() && !document.querySelector("dialog[open]") };
}

/** @typedef {ReturnType<typeof keySheet>} KeySheet */
