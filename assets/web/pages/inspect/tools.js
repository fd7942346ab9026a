// The matrix's tools: in which order its rows stand, and which are shown.

import { button, choice, el, fillChoice, input, labelled, live } from "../../lib/dom.js";
import { letter } from "../../lib/names.js";
import { arranged, filtered, hasMeta, isNarrowed, SHOWN, sortsOf } from "./rows.js";
import { everything } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {ReturnType<typeof makeTools>} Tools */

/** @param {State} state */
export function makeTools(state) {
  const { tools, act } = state;
  const sort = choice([], (value) => {
    state.sort = value;
    act.drawMatrix();
  });
  /** @param {Partial<State["tools"]>} change */
  const narrow = (change) => {
    Object.assign(tools, change);
    act.drawMatrix();
  };
  const show = choice(SHOWN, (value) => narrow({ show: value }));
  const response = choice([], (value) => narrow({ response: value }));
  const low = scoreBox("lowest score", 1, (score) => narrow({ low: score }));
  const high = scoreBox("highest score", 10, (score) => narrow({ high: score }));
  const words = input(
    { type: "search", placeholder: "of a principle or critique", id: "grm-words" },
    "Only samples with a principle or critique that holds these words",
  );
  words.addEventListener("input", () => findWords(state, words.value));
  const more = el("details", "grm-filters");
  const counted = live("span", "grm-counted");
  const range = el("span", "grm-range");
  range.append(response, low, " to ", high);
  more.append(el("summary", "", "Filter"), labelled("Words", words), labelled("Score", range));
  const made = { sort, show, response, low, high, words, more, counted };
  const clear = button("clear", "grm-small", () => {
    clearTools(state, made);
    act.drawMatrix();
  });
  state.parts.tools.append(labelled("Sort", sort), labelled("Show", show), more, counted, clear);
  return { ...made, clear };
}

/** @param {string} label @param {number} at where the box stands and what an empty one means
 * @param {(score: number) => void} act */
function scoreBox(label, at, act) {
  const node = input({ type: "number", min: "1", max: "10", value: String(at), className: "grm-score-box" }, label);
  node.addEventListener("input", () => act(Number(node.value) || at));
  return node;
}

/** @param {State} state @param {Omit<Tools, "clear">} nodes */
export function clearTools(state, { show, response, low, high, words }) {
  Object.assign(state.tools, everything());
  show.value = "all";
  response.value = "any";
  low.value = "1";
  high.value = "10";
  words.value = "";
}

/** @param {State} state @param {string} text */
export async function findWords({ ask, value, tools, act }, text) {
  const words = text.trim();
  tools.words = words;
  const indices = words ? await ask.holding(value.session, words) : null;
  if (words !== tools.words) return;
  tools.holding = indices && new Set(indices);
  act.drawMatrix();
}

/** @param {State} state @param {Tools} nodes */
export function fillTools(state, { sort, response }) {
  const { value, tools } = state;
  const key = `${value.n}/${hasMeta(value.rows)}`;
  if (state.parts.tools.dataset.key === key) return;
  state.parts.tools.dataset.key = key;
  const sorts = sortsOf(value);
  if (!sorts.some(([name]) => name === state.sort)) state.sort = "arrival";
  fillChoice(sort, sorts, state.sort);
  const letters = [...Array(value.n).keys()].map((r) => /** @type {[string, string]} */ ([String(r), letter(r)]));
  fillChoice(response, [["any", "any"], ...letters], tools.response);
}

/** The rows as the tools want them; says how many they are. @param {State} state @param {Tools} nodes */
export function wantedRows({ value, voted, tools, sort }, { counted, clear }) {
  const rows = arranged(filtered(value, voted, tools), sort, voted.winner);
  const isNarrow = isNarrowed(tools);
  const picked = tools.picked ? ", chosen on a plot" : "";
  counted.textContent = isNarrow ? `${rows.length} of ${value.rows.length} shown${picked}` : "";
  clear.hidden = !isNarrow;
  return rows;
}
