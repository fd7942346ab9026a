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

/** Whether a key belongs to the browser or the system. @param {KeyboardEvent} event */
export const withModifier = (event) => event.ctrlKey || event.metaKey || event.altKey;

function remembered() {
  try {
    return window.localStorage.getItem(MEMORY) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
function remember(on) {
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
  const node = el("dialog", "grm-keys");
  const list = el("table");
  const label = el("label");
  let on = remembered();
  const box = input({ type: "checkbox", checked: on, id: "grm-keys-on" });
  const all = [...rows, ["?", "this list"], ["Esc", "close; in a field: leave it"]];
  for (const [keys, what] of /** @type {[string, string][]} */ (all)) {
    const line = el("tr");
    const cell = el("td");
    for (const key of keys.split(" ")) cell.append(el("kbd", "", key), " ");
    line.append(cell, el("td", "", what));
    list.append(line);
  }
  box.addEventListener("change", () => {
    on = box.checked;
    remember(on);
  });
  label.append(box, " single keys are on");
  node.append(
    el("h3", "", "Keys"),
    list,
    label,
    button("Close", "grm-small", () => node.close()),
  );
  return {
    node,
    show: () => {
      if (!node.open) node.showModal();
    },
    live: () => on && !node.open,
  };
}

/** @typedef {ReturnType<typeof keySheet>} KeySheet */
