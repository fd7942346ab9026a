// On Inspect, where the session was opened from a list: back to that list, to the item before and after.

import * as address from "../lib/address.js";
import { anchor, el } from "../lib/dom.js";
import { backTo, trailOf } from "../lib/trail.js";

/** @param {HTMLElement} node */
export function showTrail(node) {
  const session = address.params().get("session") || "";
  const trail = session ? trailOf(session) : null;
  node.hidden = !trail;
  if (!trail) return;
  const { sessions, title } = trail;
  const at = sessions.indexOf(session);
  const steps = el("span", "shell-steps");
  for (const [text, place] of /** @type {[string, number][]} */ ([
    ["Previous", at - 1],
    ["Next", at + 1],
  ])) {
    if (sessions[place]) steps.append(anchor(text, address.sessionLink(sessions[place])));
  }
  const where = `${(at + 1).toLocaleString("en")} of ${sessions.length.toLocaleString("en")}`;
  node.replaceChildren(anchor(`← ${title}`, backTo(trail, session)), el("span", "", `Item ${where}`), steps);
}
