// What can be done with the session that is shown: judge anew, stop, draw more samples, take it along.

import * as address from "../../lib/address.js";
import { anchor, button, download, el, input } from "../../lib/dom.js";
import { withFormulas } from "../../lib/rich.js";

/** @typedef {import("./state").State} State */
/** @typedef {"html" | "md" | "csv" | "jsonl"} Kind */
/** @typedef {ReturnType<typeof makeBar>} Bar */

/** @type {[Kind, string, string][]} */
const DOCUMENTS = [
  ["html", "Report", "text/html"],
  ["md", "Markdown", "text/markdown"],
  ["csv", "CSV", "text/csv"],
  ["jsonl", "JSONL", "application/jsonl"],
];

/** Shows or folds the form above the session. @param {boolean} isOpen */
export function openComposer(isOpen) {
  document.documentElement.dataset.composer = isOpen ? "open" : "folded";
  const edit = document.getElementById("edit");
  edit?.setAttribute("aria-expanded", String(isOpen));
}

export const isComposerOpen = () => document.documentElement.dataset.composer !== "folded";

/** @param {State} state */
export function makeBar(state) {
  const edit = button("Edit and judge again", "grm-small", () => openComposer(!isComposerOpen()));
  edit.id = "edit";
  edit.setAttribute("aria-controls", "composer");
  const stop = button("Stop", "grm-small", () => state.trigger("stop", null));
  stop.id = "stop";
  const count = input({ type: "number", min: "1", max: "1024", value: "8" }, "How many more samples");
  const holder = el("span");
  holder.id = "count";
  holder.append(count);
  const more = button("More samples", "grm-small", () => state.trigger("grow", { count: Number(count.value) || 1 }));
  more.id = "more";
  const documents = makeDocuments(state);
  const start = anchor("New", address.link(""), "grm-small");
  state.parts.bar.append(start, edit, stop, holder, more, documents);
  return { stop, more, count, documents };
}

/** @param {State} state @param {Bar} bar */
export function drawBar({ value }, { stop, more, count, documents }) {
  stop.disabled = !value.running;
  const isEmpty = value.phase === "failed" && !value.rows.length; // nothing is stored that could grow
  more.disabled = count.disabled = !value.may || isEmpty;
  documents.hidden = !value.session || Boolean(value.running) || !value.rows.length;
}

/** The session as a document. @param {State} state */
function makeDocuments(state) {
  const row = el("div", "grm-documents");
  const lost = el("span", "grm-bad", "The server did not answer; no samples were asked for.");
  lost.hidden = true;
  lost.setAttribute("role", "alert");
  /** @param {Kind} kind */
  const fetched = async (kind) => {
    const text = await state.ask.document(state.value.session, kind);
    lost.hidden = Boolean(text);
    return text;
  };
  row.append(el("span", "grm-note", "Export"));
  for (const [kind, label, type] of DOCUMENTS) {
    const save = async () => {
      const text = await fetched(kind);
      if (!text) return;
      download(`grm-lens-${state.value.session}.${kind}`, type, kind === "html" ? await withFormulas(text) : text);
    };
    row.append(button(label, "grm-small", save));
  }
  /** @type {HTMLButtonElement} */
  const copy = button("Copy as Markdown", "grm-small", async () => {
    const text = await fetched("md");
    if (text) copy.textContent = await copied(text);
  });
  row.append(copy, lost);
  return row;
}

/** Puts a text into the clipboard; what the button says after it. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    return "The browser refuses to copy; use Markdown";
  }
}
