// The case: the query and the responses in own order, the same on every page. A page adds what it knows of a response.

import { chip, el } from "../lib/dom.js";
import { fold } from "../lib/fold.js";
import { letter } from "../lib/names.js";
import { rich } from "../lib/rich.js";

/** @typedef {import("../types").Case} Case */

/** The turns of a query; a role stands before each where there are several.
 * @param {Pick<Case, "query">} item @param {(content: string) => string} [classOf] */
export function turns(item, classOf = () => "") {
  return item.query.flatMap((turn, i) => {
    const text = rich(turn.content);
    text.classList.add(...classOf(turn.content).split(" ").filter(Boolean));
    const shown = fold(text, turn.content, `query/${i}`);
    return item.query.length > 1 ? [el("div", "grm-role", turn.role), shown] : [shown];
  });
}

/** The last turn, which asks. @param {Case} item */
export const question = (item) => item.query[item.query.length - 1].content;

/**
 * @param {Pick<Case, "responses">} item
 * @param {(i: number) => Node[]} beside what stands behind the letter of a response
 * @param {boolean} [isFolding] whether long ones are folded; else their frame scrolls
 */
export function responses(item, beside, isFolding = false) {
  const list = el("div", `grm-responses${isFolding ? " grm-responses-whole" : ""}`);
  item.responses.forEach((text, i) => {
    const card = el("div", "grm-response");
    const head = el("div", "grm-response-head");
    head.append(chip(i), ...beside(i));
    card.append(head, isFolding ? fold(rich(text), text, `response/${letter(i)}`) : rich(text));
    list.append(card);
  });
  return list;
}

/** "Response A". @param {number} i */
export const title = (i) => el("strong", "", `Response ${letter(i)}`);

/** A grey word. @param {string} text */
export const note = (text) => el("span", "grm-note", text);
