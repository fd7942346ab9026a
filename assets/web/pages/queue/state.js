// What the annotator's desk knows: one object, made once and passed to every part of the page.

import * as address from "../../lib/address.js";
import { el, input } from "../../lib/dom.js";
import { memory } from "../../lib/memory.js";
import { calls, Turns } from "../../lib/rpc.js";

/** @typedef {import("../../types").Item} Item */
/** @typedef {import("../../types").Detail} Detail */
/** @typedef {import("../../types").Label} Label */
/** @typedef {import("../../types").Differ} Differ */
/** @typedef {import("../../types").QueueSaid} Said */
/** @typedef {import("../../types").Overview} Overview */
/** @typedef {import("../../types").QueueSettings} Settings */
/** @typedef {import("../../lib/page").Place<Settings | null, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

/** What a part of the page asks of the others; the page itself sets them.
 * @typedef {object} Acts
 * @property {() => void} begin looks what there is, and goes to the next item
 * @property {(after?: number) => Promise<void>} next
 * @property {() => Promise<void>} reopen
 * @property {(answer: import("../../types").Item | import("../../types").End) => void} show
 * @property {() => void} drawItem
 * @property {() => Promise<void>} undo
 * @property {() => Promise<void>} finish
 * @property {(label: string) => void} labelSample
 * @property {(label: string) => void} labelPrinciple
 * @property {() => void} nextPrinciple
 * @property {() => void} startNote
 * @property {() => Promise<void>} startCoding
 * @property {() => void} drawQueues writes how far each queue is into the list of queues
 */

/** @type {readonly (readonly [key: string, label: string])[]} */
export const PRINCIPLE_KEYS = [
  ["f", "fit"],
  ["u", "unfit"],
  ["b", "biased"],
];

/** @param {Place} place */
export function begun({ props, server }) {
  /** @type {import("../../types").QueueServer & import("../../types").CodesServer} */
  const ask = calls(server);
  const saved = el("span", "grm-saved");
  saved.setAttribute("role", "status");
  const body = el("div", "grm-queue-body");
  body.tabIndex = -1;
  const keys = el("div", "grm-keys-row");
  keys.setAttribute("role", "toolbar");
  keys.setAttribute("aria-label", "Labels");
  return {
    ask,
    settings: props.value || { may: false, rules: [], classes: [] },
    me: { name: memory.read("author", ""), queue: address.params().get("queue") || "" },
    /** @type {Overview} */
    choices: { queues: [], runs: [], tags: [], author: "" },
    /** What the server shows of the present item. @type {Item | null} */
    item: null,
    /** Place of the sample among the item's samples, and of the principle that f, u and b speak of. */
    sampleAt: 0,
    principleAt: 0,
    /** The item that was closed last. @type {{ queue: string, place: number } | null} */
    finished: null,
    /** Whether query and responses stand open beside the samples; null: where there is room. @type {boolean | null} */
    caseOpen: null,
    /** Whether the reasoning of samples stands open, and their raw text. */
    reasoningOpen: false,
    rawOpen: false,
    /** The response of which the part speaks that is read. @type {number | null} */
    reading: null,
    /** Seconds that an item takes the author. @type {number | null} */
    pace: null,
    /** Whether the author has no item left in the queue. */
    isOver: false,
    /** Whether the blind label is being saved. */
    judging: false,
    /** The code books, and the one that codes are given from.
     * @type {import("../../types").BookCodes[]} */
    books: [],
    book: memory.read("book", ""),
    /** The sample that was labelled last, until the annotator turns to another one: what a note is about then.
     * @type {number | null} */
    labelled: null,
    /** What the note is about: the sample, and characters of its text.
     * @type {{ sample: number, span: [number, number] } | null} */
    noteOn: null,
    /** Labels on which annotators differ, and the one that is settled now; null elsewhere.
     * @type {{ differ: Differ[], at: number } | null} */
    settling: null,
    /** What the server has not got yet: kept in this browser until it has. @type {Said[]} */
    unsaved: memory.read("unsaved", []),
    /** @type {Promise<void> | null} */
    sending: null,
    /** What is asked for later wins: an answer that comes late must not take a form away. */
    turns: new Turns(),
    nodes: {
      box: el("div", "grm-queue-page"),
      progress: el("div", "grm-queue-progress"),
      side: el("div", "grm-queue-side"),
      body,
      foot: el("div", "grm-label-bar"),
      keys,
      saved,
      noteBox: el("div", "grm-note-box"),
      codeBox: el("div", "grm-note-box grm-code-box"),
      noteOn: el("label", "grm-note-on"),
      noteInput: input({
        type: "text",
        id: "queue-note",
        placeholder: "Enter keeps it, Esc leaves it",
        maxLength: 4000,
      }),
    },
    act: /** @type {Acts} */ ({}),
  };
}

/** @param {State} state @returns {Detail | undefined} */
export const sampleOf = ({ item, sampleAt }) => item?.samples?.[sampleAt];

/** What the author said last of a thing. @param {Pick<Item, "mine"> | null} item @param {string} kind
 * @param {number | null} [sample] @param {number | null} [place] */
export const saidOf = (item, kind, sample = null, place = null) =>
  item?.mine.filter((one) => one.kind === kind && one.sample === sample && one.place === place).pop();
