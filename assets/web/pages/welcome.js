// The first screen: what this is, examples to begin with, or something of one's own.

import { button, el } from "../lib/dom.js";
import { counted } from "../lib/names.js";

/** @typedef {import("../types").Start} Start */
/** @typedef {import("../types").Chosen} Chosen */
/** @typedef {import("../lib/page").Place<Start | null, { example: Chosen }>} Place */

const LEAD = "See why an AI judge prefers one answer to another.";
const MORE =
  "It judges the responses many times over. You read its principles, critique and scores in every sample, and see " +
  "whether the verdict holds as more of them vote.";

/** @param {Place} place */
export function mount({ element, props, trigger }) {
  const { starters = [], note = "" } = props.value ?? {};
  const box = el("div", "grm-welcome-start");
  const cards = el("div", "grm-starters");
  cards.append(
    ...starters.map((starter, place) => card(starter, () => trigger("example", { place }))),
    own(Boolean(note)),
  );
  box.append(el("h1", "", LEAD), el("p", "", MORE), cards);
  if (note) box.append(el("p", "grm-line grm-busy", note));
  element.append(box);
}

/** @param {Start["starters"][number]} starter @param {() => void} act */
function card({ title, query, n }, act) {
  const node = button("", "grm-starter", act);
  node.append(
    el("span", "grm-starter-kind", title),
    el("span", "grm-starter-query", query),
    el("span", "grm-starter-act", `Judge these ${counted(n, "response")} →`),
  );
  return node;
}

/** @param {boolean} isReplay */
function own(isReplay) {
  const node = button("", "grm-starter grm-starter-own", () => {
    const field = /** @type {HTMLElement | null} */ (document.querySelector("#query textarea"));
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  });
  node.append(
    el("span", "grm-starter-kind", "Yours"),
    el("span", "grm-starter-query", "Paste your own query and two or more responses to it."),
    el("span", "grm-starter-act", isReplay ? "Needs a model" : "Paste your own ↓"),
  );
  return node;
}
