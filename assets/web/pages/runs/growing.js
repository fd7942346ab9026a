// A run that grows is read again, as long as the page is open.

import { counted } from "../../lib/names.js";

/** @typedef {ReturnType<typeof import("../runs").begun>} State */

const WAIT = 15_000; // milliseconds between two looks
const SHARE = 5; // times what the last look took: a large run is read less often

/** @typedef {{ reload: () => Promise<void>, drawBar: () => void }} Acts `reload` shows anew what is shown, in its place */

/** @param {State} state @param {Acts} acts */
export function follow(state, acts) {
  const look = async () => {
    const began = Date.now();
    if (!document.hidden && state.nodes.body.isConnected) await recount(state, acts);
    setTimeout(look, Math.max(WAIT, SHARE * (Date.now() - began)));
  };
  setTimeout(look, WAIT);
}

/** @param {State} state @param {Acts} acts */
async function recount(state, { reload, drawBar }) {
  const { ask, nodes, selection } = state;
  const isLast = state.turns.now();
  const [runs, size] = await Promise.all([ask.choices(), selection.id ? sizeOf(state) : 0]);
  if (!isLast() || !runs || size === null) return;
  const isNew = JSON.stringify(runs) !== JSON.stringify(state.runs);
  const grown = selection.id ? size - (state.size ?? size) : 0;
  // Nothing is taken away from under the keyboard.
  const isUsed = nodes.body.contains(document.activeElement) || document.activeElement?.tagName === "SELECT";
  if (grown && isUsed) {
    nodes.grown.textContent = grown > 0 ? `Show ${counted(grown, "new sample")}` : "Show what has changed";
    nodes.grown.hidden = false;
  }
  if (isUsed || !(grown || isNew)) return;
  state.runs = runs;
  if (grown || !selection.id) await reload();
  else drawBar();
}

/** How many samples the runs have that are shown. @param {State} state */
export const sizeOf = ({ ask, selection }) => ask.size([selection.id, ...selection.beside]);
