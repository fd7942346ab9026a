// What the Inspect page knows: one object, made once and passed to every part of the page.

import { el } from "../../lib/dom.js";
import { tabMemory } from "../../lib/memory.js";
import { calls, Turns } from "../../lib/rpc.js";

/** @typedef {import("../../types").Row} Row */
/** @typedef {import("../../types").Detail} Detail */
/** @typedef {import("../../types").View} View */
/** @typedef {import("../../types").Voted & Partial<import("../../types").Drawn>} Voted */
/** @typedef {import("../../types").Transfer} Transfer */
/** @typedef {{ transfer: Transfer, stop: null, grow: import("../../types").Grow }} Events */
/** @typedef {import("../../lib/page").Place<View | null, Events>} Place */
/** @typedef {View & { session: string, n: number, k: number }} Shown */
/** @typedef {{ method: string, k: number | null, k_meta: number | null }} Dials null: all samples, half of the valid ones */
/** @typedef {number | "lab" | null} Mode a response that is read about, the Lab, or sample by sample */
/** @typedef {ReturnType<typeof begun>} State */

/** What a part of the page asks of the others; the page itself sets them.
 * @typedef {object} Acts
 * @property {() => void} drawMatrix
 * @property {() => void} drawCards
 * @property {() => void} drawPlot
 * @property {(i: number) => void} focusRow the row that takes the keyboard
 * @property {(places: number[], at?: number) => void} open these samples as cards
 * @property {(by: number) => void} step to the next samples in the order of the matrix
 * @property {(mode: Mode) => void} read
 * @property {(change: Partial<Dials>) => void} turn the dials
 * @property {() => void} showKeys
 */

export const METHODS = ["naive", "guided", "guided-weighted"];
const DETAILS_MOST = 200;
const RIGHT = ["case", "progress", "verdict", "plot", "dials", "findings", "modes", "cards"];

/** @param {View | null} view @returns {Shown} */
export const shownOf = (view) => ({ session: "", n: 0, k: 0, ...(view || { rows: [] }) });

/** All samples, every score: what the matrix shows until it is narrowed. */
export const everything = () => ({
  show: "all",
  response: "any",
  low: 1,
  high: 10,
  words: "",
  /** @type {Set<number> | null} samples with a principle or critique that holds the words */
  holding: null,
  /** @type {Set<number> | null} chosen on a plot of the Lab */
  picked: null,
});

/** The parts of the page by name: above all what can be done, left the matrix with its tools, right all that is read; on a narrow screen one column
 * in the order of CSS. */
function places() {
  const root = el("div", "grm-root");
  const left = el("div", "grm-left");
  const right = el("div", "grm-right");
  /** @type {Record<string, HTMLElement>} */
  const parts = {};
  for (const name of ["tools", "matrix"]) parts[name] = el("div", `grm-${name}`);
  left.append(...Object.values(parts));
  for (const name of RIGHT) {
    parts[name] = el("section", `grm-${name}`);
    right.append(parts[name]);
  }
  parts.bar = el("section", "grm-bar");
  root.append(el("h1", "grm-hidden", "Inspect"), parts.bar, left, right); // seen only while a session is open
  return { root, parts };
}

/** @param {Place} place */
export function begun({ element, server, trigger }) {
  /** @type {import("../../types").InspectServer} */
  const ask = calls(server);
  return {
    element,
    trigger,
    ask,
    ...places(),
    /** Rows, progress and findings, as the server pushes them. */
    value: shownOf(null),
    /** Verdict, kept samples and curve under the present dials. @type {Partial<Voted>} */
    voted: {},
    /** The samples that are shown as cards, in the order they were chosen. @type {number[]} */
    chosen: [],
    /** Whether the person chose them. */
    touched: false,
    /** The row that takes the keyboard. */
    focus: 0,
    /** The order of the rows. */
    sort: "arrival",
    tools: everything(),
    /** @type {Dials} */
    dials: { method: "naive", k: null, k_meta: null },
    /** @type {Mode} */
    mode: null,
    /** Whether words that differ from the first card are marked. */
    comparing: false,
    /** The session whose principles were taken over. */
    comparedWith: "",
    /** Samples whose raw text is open. @type {Set<number>} */
    rawShown: new Set(),
    /** Samples whose reasoning is open. @type {Set<number>} */
    reasoningShown: new Set(),
    /** Whether the plot is shown at full size. */
    isGrown: tabMemory.read("plot", false),
    /** The timer that replays the vote; 0 while nothing plays. */
    playing: 0,
    cardTurns: new Turns(),
    voteTurns: new Turns(),
    /** @type {Map<string, Detail>} */
    details: new Map(),
    act: /** @type {Acts} */ ({}),
  };
}

/** How many samples stand side by side. @param {State} state */
export const columns = ({ value }) =>
  window.innerWidth >= 1400 ? (value.n > 4 ? 2 : 3) : window.innerWidth >= 900 ? 2 : 1;

/** The texts of a sample; kept, unless it failed and may be sampled again. @param {State} state @param {number} i */
export async function detailOf({ value, details, ask }, i) {
  const row = value.rows.find((each) => each.i === i);
  const key = [value.session, i, row?.reason].join("/");
  if (!details.has(key)) {
    if (details.size > DETAILS_MOST) details.delete(details.keys().next().value ?? "");
    const detail = await ask.sample(value.session, i);
    if (detail) details.set(key, detail);
  }
  return details.get(key);
}
