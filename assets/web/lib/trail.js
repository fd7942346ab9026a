// The list that a session was opened from: back to the same place in it, and on to the next item.

import * as address from "./address.js";
import { tabMemory } from "./memory.js";

/** @typedef {{ back: string, title: string, size: number, sessions: string[] }} Trail `size` items stand on a page */

/** Remembers a list; `back` is its address, with all that narrows and orders it. @param {Trail} trail */
export const leave = (trail) => tabMemory.write("trail", trail);

/** The list that holds this session. @param {string} session @returns {Trail | null} */
export function trailOf(session) {
  const trail = tabMemory.read("trail", /** @type {Trail | null} */ (null));
  return trail?.sessions.includes(session) ? trail : null;
}

/** The address of the list where the session stands in it. @param {Trail} trail @param {string} session */
export function backTo({ back, size, sessions }, session) {
  const page = Math.floor(sessions.indexOf(session) / size);
  const url = address.withParams(back, { page: page ? page + 1 : "" });
  url.hash = `at-${session}`;
  return url.href;
}

/** The session that a list is come back to; '' for none. */
export const cameFrom = () => decodeURIComponent(window.location.hash).replace(/^#at-|^#.*/, "");
