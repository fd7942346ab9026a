// Saving: nothing said is lost, also where the server is gone for a while. What is said is sent at once and kept in this
// browser until the server has it.

import { download } from "../../lib/dom.js";
import { memory } from "../../lib/memory.js";
import { failed, why } from "../../lib/rpc.js";
import { saidOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Said} Said */
/** @typedef {import("./state").Label} Label */
/** @typedef {{ sample?: number | null, place?: number | null, span?: [number, number] | null, note?: string }} About */

const PATIENCE = 8000; // milliseconds for an answer
const AGAIN = 5000; // milliseconds until what is not saved is sent again

/** What became of saving. @param {State} state @param {string} text @param {boolean} [isBad] */
export function tell({ nodes: { saved } }, text, isBad = false) {
  saved.textContent = text;
  saved.className = `grm-saved ${isBad ? "grm-bad" : ""}`;
}

/** @param {State} state @param {Said} annotation */
export function keep(state, annotation) {
  state.unsaved.push(annotation);
  memory.write("unsaved", state.unsaved);
  return send(state);
}

/** Sends what is kept, one after the other; whether the server has it all. @param {State} state */
export async function send(state) {
  while (state.sending) await state.sending;
  if (!state.unsaved.length) return true;
  let finish = () => {};
  state.sending = new Promise((done) => {
    finish = done;
  });
  try {
    return await sendAll(state);
  } catch (problem) {
    const reason = problem instanceof Later ? `. ${problem.message}` : "";
    tell(state, `not saved: ${state.unsaved.length} kept here, tried again soon${reason}`, true);
    return false;
  } finally {
    state.sending = null;
    finish();
  }
}

/** The server says that it may work later. */
class Later extends Error {}

/** @param {State} state */
async function sendAll(state) {
  while (state.unsaved.length) {
    tell(state, "saving …");
    const answer = await Promise.race([state.ask.save(state.unsaved[0]), late()]);
    if (!answer) throw new Error("the server did not answer");
    const refused = failed(answer) ? answer : null;
    if (refused?.later) throw new Later(refused.error);
    if (refused) tell(state, `refused: ${refused.error}`, true);
    else if ("at" in answer) tell(state, `saved ${answer.at}`);
    state.unsaved.shift();
    memory.write("unsaved", state.unsaved);
    if (refused) return false;
  }
  return true;
}

/** What the queue's annotators said, as a file. @param {State} state @param {string} kind */
export async function exportLabels(state, kind) {
  const answer = await state.ask.exported(kind, state.me.queue, state.me.name);
  if (failed(answer)) tell(state, why(answer), true);
  else download(answer.name, "application/jsonl", answer.text);
}

/** @returns {Promise<never>} */
const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE));

/** @param {State} state */
export function keepSending(state) {
  setInterval(async () => {
    if (!state.unsaved.length || state.sending || !(await send(state))) return;
    // The blind label that could not be saved before.
    if (state.item && !state.item.revealed && saidOf(state.item, "best")) state.act.reopen();
  }, AGAIN);
}

// ---- saying

const newName = () =>
  `a-${[...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16).padStart(8, "0")).join("")}`;

/** The label that stands after this one is given: the same label again takes it back.
 * @param {Label | undefined} before @param {string} kind @param {string} label */
export const standing = (before, kind, label) => (before && before.label === label && kind !== "done" ? "" : label);

/** One annotation stands for a thing. Spans stand side by side. Whether the server has it.
 * @param {State} state @param {string} kind @param {string} label @param {About} [about] */
export async function say(state, kind, label, { sample = null, place = null, span = null, note = "" } = {}) {
  const { item } = state;
  if (!item || !may(state)) return false;
  const before = kind === "span" ? undefined : saidOf(item, kind, sample, place);
  const about = { kind, label: standing(before, kind, label), name: "", sample, place, span, note };
  const one = annotation(state, about, before);
  item.mine = item.mine.filter((each) => each !== before);
  if (one.label) item.mine.push({ id: one.id, kind, label, name: "", sample, place, span, note });
  return keep(state, one);
}

/** Whether this page may save; says so where it may not. @param {State} state */
export function may(state) {
  if (!state.settings.may) tell(state, "this page is read-only", true);
  return state.settings.may;
}

/** Gives a code to a sample, beside its others, or takes it back. @param {State} state @param {number} sample
 * @param {string} label the code's id @param {string} name */
export async function sayCode(state, sample, label, name) {
  const { item } = state;
  if (!item || !may(state)) return false;
  const before = item.mine.find((one) => one.kind === "code" && one.sample === sample && one.label === label);
  const about = { kind: "code", sample, place: null, span: null, note: "" };
  const made = annotation(state, { ...about, label: before ? "" : label, name }, before);
  item.mine = item.mine.filter((one) => one !== before);
  if (!before) item.mine.push({ ...about, id: made.id, label, name });
  return keep(state, made);
}

/** @param {State} state @param {Omit<Label, "id">} said @param {{ id: string } | null | undefined} before
 * @param {string} [session] the item's, if not another one's @returns {Said} */
export function annotation({ item, me }, { name: _, ...said }, before, session) {
  return {
    ...said,
    id: newName(),
    session_id: session ?? item?.session ?? "",
    author: me.name,
    queue: me.queue,
    created_at: new Date().toISOString(),
    replaces: before ? before.id : null,
  };
}

/** Takes back the last thing said of this item; on a fresh one, opens the item that was closed last.
 * @param {State} state */
export async function undo(state) {
  const { item } = state;
  const last = item?.mine[item.mine.length - 1];
  if (!last && state.finished && state.finished.queue === state.me.queue) {
    await openFinished(state, state.finished.place);
    return;
  }
  if (!item || !last) {
    tell(state, "nothing to undo");
    return;
  }
  item.mine.pop();
  const { kind, sample, place, span } = last;
  await keep(state, annotation(state, { kind, label: "", name: "", sample, place, span, note: "" }, last));
  if (kind === "best") await state.act.reopen();
  else lookAgain(state, last);
  tell(state, `undone: ${last.name || (kind === "class" || kind === "principle" ? last.label : kind)}`);
}

/** @param {State} state @param {number} place */
async function openFinished(state, place) {
  const answer = await state.ask.look(state.me.queue, state.me.name, place);
  state.finished = null;
  if (!answer || "error" in answer) {
    tell(state, "nothing to undo");
    return;
  }
  state.act.show(answer);
  if (state.item?.mine.at(-1)?.kind === "done") await undo(state);
}

/** What was taken back is looked at again. @param {State} state @param {Label} last */
function lookAgain(state, last) {
  const samples = state.item?.samples ?? [];
  if (last.sample !== null) {
    state.sampleAt = Math.max(
      0,
      samples.findIndex(({ i }) => i === last.sample),
    );
    state.principleAt = last.place || 0;
  }
  state.act.drawItem();
}
