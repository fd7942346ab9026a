// Short lines of words (engine state, what is wrong with the input).

import { el, live } from "../lib/dom.js";

/** @typedef {import("../types").Line} Line */
/** @typedef {import("../lib/page").Place<Line[] | null, object>} Place */

const KINDS = ["ok", "bad", "warn", "busy"];

/** @param {Place} place */
export function mount({ element, props, watch }) {
  const list = live("div", "grm-notices");
  const update = () => {
    if (!element.contains(list)) element.append(list);
    const lines = props.value || [];
    list.replaceChildren(
      ...lines.map(({ kind, text }) => el("p", `grm-line grm-${KINDS.includes(kind) ? kind : "busy"}`, text)),
    );
  };
  watch("value", update);
  update();
}
