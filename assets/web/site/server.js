// The answers that Inspect and the Demo expect of a server, from what the site holds. Votes are counted here.

import { agreement, sentence, vote } from "../lib/voting.js";
import { sessionOf } from "./data.js";

/** @typedef {import("../types").SiteContent} Content */
/** @typedef {import("../types").SiteSession} Session */

const NEEDS_APP =
  "This site holds the Lab of all samples, half of them kept. Set k and k_meta back, or import the run into GRM Lens.";
const OTHER_DIALS = [
  { name: "lab", title: "The Lab needs the app", figure: null, note: NEEDS_APP, columns: [], rows: [] },
];

/** @param {Content} content @returns {Record<string, (list: any[]) => Promise<unknown>>} */
export function serverOf(content) {
  /** @template T @param {(session: Session, rest: any[]) => T} act */
  const of =
    (act) =>
    async (/** @type {any[]} */ [id, ...rest]) => {
      const session = await sessionOf(content, id);
      return session && act(session, rest);
    };
  return {
    view: of(({ view }) => view),
    case: of(({ case: item }) => item),
    sample: of(({ samples }, [i]) => samples.find((sample) => sample.i === i) ?? null),
    about: of(({ about }, [response]) => about[response] ?? null),
    voted: of((session, [method, k, kMeta]) => voted(session, { method, k, k_meta: kMeta })),
    drawn: of((session, [method, , kMeta]) => (kMeta === null ? (session.drawn[method] ?? null) : null)),
    holding: of(({ samples }, [words]) => samples.filter((sample) => holds(sample, words)).map(({ i }) => i)),
    panels: of(({ lab, samples }, [k, kMeta]) =>
      (k ?? samples.length) >= samples.length && !kMeta ? lab : OTHER_DIALS,
    ),
    differences: async () => null,
    document: async () => null,
    tour: async () => content.tour,
    handout: async () => content.handout,
  };
}

/** @param {Session} session @param {import("../lib/voting").Dials} dials */
function voted({ view }, dials) {
  const verdict = vote(view.rows, dials);
  const head = { method: dials.method, dials: { k: dials.k, k_meta: dials.k_meta } };
  if (!verdict)
    return { ...head, verdict: `No ${dials.method} verdict: not all samples have a meta logit; vote naive.` };
  const note = agreement(verdict, view.rows);
  const isPart = dials.method !== "naive" || verdict.k < view.rows.length;
  return {
    ...head,
    verdict: sentence(verdict),
    winner: verdict.winner,
    totals: verdict.totals,
    valid: verdict.valid,
    notes: note ? [note] : [],
    ...(isPart ? { kept: verdict.voted } : {}),
  };
}

/** @param {import("../types").Detail} sample @param {string} words */
function holds({ critique, principles }, words) {
  const wanted = words.toLowerCase();
  return [critique, ...principles.map(({ text }) => text)].some((text) => text.toLowerCase().includes(wanted));
}
