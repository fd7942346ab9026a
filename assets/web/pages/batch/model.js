// Which model is to judge a file: a choice where the engine's server has several, its name where there is one.

import { choice, el } from "../../lib/dom.js";
import { failed, why } from "../../lib/rpc.js";

/** @typedef {import("../../types").Models} Models */

/** Where the model is told or chosen, and its name, '' for the app's own.
 * @param {Pick<import("../../types").BatchServer, "models">} ask */
export function modelField(ask) {
  const box = el("span", "grm-judge");
  let name = () => "";
  box.append(el("span", "grm-note", "…"));
  const fill = async () => {
    const reply = await ask.models();
    if (failed(reply)) {
      box.replaceChildren(el("span", "grm-note", why(reply)));
      return;
    }
    if (reply.names.length < 2) {
      box.replaceChildren(el("b", "", reply.names[0] || "as the engine serves it"));
      if (reply.trouble) box.append(el("span", "grm-note", reply.trouble));
      return;
    }
    const node = choice(choicesOf(reply), () => {}, "batch-model");
    node.setAttribute("aria-label", "Model");
    name = () => node.value;
    box.replaceChildren(node);
  };
  fill();
  return { box, name: () => name() };
}

/** The models as they are shown, the app's own first. @param {Pick<Models, "names" | "own">} models
 * @returns {[string, string][]} */
export function choicesOf({ names, own }) {
  const first = names.includes(own) ? [own] : [];
  return [...first, ...names.filter((name) => name !== own)].map((name) => [name, name]);
}
