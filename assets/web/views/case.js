// The case: the query and the responses in own order, the same on every page. A page adds what it knows of a response.

import { chip, el } from "../lib/dom.js";
import { letter } from "../lib/names.js";

/** @typedef {import("../types").Case} Case */

/** The turns of a query; a role stands before each where there are several.
 * @param {Case} item @param {(content: string) => string} [classOf] */
export function turns(item, classOf = () => "grm-text") {
  return item.query.flatMap((turn) => {
    const text = el("div", classOf(turn.content), turn.content);
    return item.query.length > 1 ? [el("div", "grm-role", turn.role), text] : [text];
  });
}

/** The last turn, which asks. @param {Case} item */
export const question = (item) => item.query[item.query.length - 1].content;

/**
 * @param {Case} item
 * @param {(i: number) => Node[]} beside what stands behind the letter of a response
 */
export function responses(item, beside) {
  const list = el("div", "grm-responses");
  item.responses.forEach((text, i) => {
    const card = el("div", "grm-response");
    const head = el("div", "grm-response-head");
    head.append(chip(i), ...beside(i));
    card.append(head, el("div", "grm-text", text));
    list.append(card);
  });
  return list;
}

/** "Response A". @param {number} i */
export const title = (i) => el("strong", "", `Response ${letter(i)}`);

/** A grey word. @param {string} text */
export const note = (text) => el("span", "grm-note", text);
