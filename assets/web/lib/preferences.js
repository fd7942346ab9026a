// What a person chose for this browser: theme, motion, how texts are shown, single keys. early.js applies the first two.

import { memory } from "./memory.js";

/** @typedef {"system" | "light" | "dark"} Theme */
/** @typedef {"system" | "reduced"} Motion */

/** @returns {Theme} */
export const theme = () => memory.read("theme", /** @type {Theme} */ ("system"));

/** @returns {Motion} */
export const motion = () => memory.read("motion", /** @type {Motion} */ ("system"));

/** Whether texts are shown as they were written. */
export const isSource = () => memory.read("source", false);

/** @param {"theme" | "motion" | "source"} name @param {string | boolean} value */
export function prefer(name, value) {
  memory.write(name, value);
  document.dispatchEvent(new CustomEvent("grm:preferences"));
}

/** Whether nothing is to move by itself. */
export const isStill = () => motion() === "reduced" || window.matchMedia("(prefers-reduced-motion: reduce)").matches;
