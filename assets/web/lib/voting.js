// Stored samples voted in the browser, as grm_core/voting.py does: for a site without a server. No DOM: node tests it
// on the very cases that Python is tested on.

import { counted, letter } from "./names.js";

/** @typedef {import("../types").Row} Row */
/** @typedef {{ method: string, k: number | null, k_meta: number | null }} Dials */
/** @typedef {ReturnType<typeof vote>} Verdict */

const TIE = 1e-9;

/** The vote over the first k rows by number. @param {readonly Row[]} rows @param {Dials} dials */
export function vote(rows, { method, k, k_meta }) {
  const looked = [...rows].sort((a, b) => a.i - b.i).slice(0, k ?? rows.length);
  const valid = looked.filter(({ scores }) => scores !== null);
  const isGuided = method !== "naive";
  if (isGuided && valid.some(({ meta }) => meta === null)) return null;
  const kept = isGuided ? best(valid, k_meta ?? Math.max(1, Math.floor(valid.length / 2))) : valid;
  const totals = totalsOf(kept, method === "guided-weighted");
  const { winner, margin } = leader(totals);
  return {
    method,
    k: looked.length,
    valid: valid.length,
    kMeta: isGuided ? kept.length : null,
    voted: kept.map(({ i }) => i).sort((a, b) => a - b),
    totals,
    winner,
    margin,
  };
}

/** Those of the highest logit, equal ones by lower number. @param {Row[]} valid @param {number} count */
const best = (valid, count) => [...valid].sort((a, b) => Number(b.meta) - Number(a.meta) || a.i - b.i).slice(0, count);

/** @param {Row[]} kept @param {boolean} isWeighted */
function totalsOf(kept, isWeighted) {
  if (!kept.length) return null;
  const totals = (kept[0].scores ?? []).map(() => 0);
  for (const { scores, meta } of kept) {
    const weight = isWeighted ? 1 / (1 + Math.exp(-Number(meta))) : 1;
    (scores ?? []).forEach((score, r) => {
      totals[r] += score * weight;
    });
  }
  return totals;
}

/** @param {number[] | null} totals */
function leader(totals) {
  if (!totals) return { winner: null, margin: null };
  if (totals.length === 1) return { winner: 0, margin: null };
  const [first, second] = [...totals].sort((a, b) => b - a);
  return first - second < TIE
    ? { winner: null, margin: 0 }
    : { winner: totals.indexOf(first), margin: first - second };
}

/** @type {Record<string, string>} */
const METHODS = { naive: "Naive", guided: "Guided", "guided-weighted": "Guided-weighted" };

/** The vote over n responses as a sentence, as reports/words.py writes it. @param {NonNullable<Verdict>} verdict */
export function sentence({ method, k, valid, kMeta, voted, totals, winner, margin }) {
  if (!totals) return k ? `No verdict: none of ${counted(k, "sample")} could be read.` : "No samples yet.";
  const kept = kMeta === null ? "" : `, the ${kMeta} best by meta RM`;
  const head = `${METHODS[method]} vote over ${counted(valid, "sample")}${kept}: `;
  const read = ` ${valid} of ${k} could be read.`;
  if (totals.length === 1)
    return `${head}the response gets ${mean(totals[0] / voted.length)} of 10 on average.${read}`;
  const most = Math.max(...totals);
  if (winner === null) {
    const tied = totals.flatMap((total, r) => (most - total < TIE ? [letter(r)] : []));
    return `${head}a tie between ${tied.join(" and ")} at ${number(most)}.${read}`;
  }
  const second = [...totals].sort((a, b) => b - a)[1];
  const score = `${number(margin ?? 0)} (${number(most)} to ${number(second)})`;
  return `${head}Response ${letter(winner)} wins by ${score}, ${mean((margin ?? 0) / voted.length)} per sample.${read}`;
}

/** How many of the voting samples put the winner first. @param {NonNullable<Verdict>} verdict @param {readonly Row[]} rows */
export function agreement({ winner, margin, voted }, rows) {
  if (winner === null || margin === null) return "";
  const scores = rows.filter(({ i }) => voted.includes(i)).map((row) => row.scores ?? []);
  const firsts = scores.filter((each) => each[winner] === Math.max(...each));
  const shared = firsts.filter((each) => each.filter((score) => score === each[winner]).length > 1).length;
  const beside = shared ? `, ${shared} more put it level with another` : "";
  return `${firsts.length - shared} of ${counted(scores.length, "voting sample")} put ${letter(winner)} first${beside}.`;
}

/** Two digits; what lies halfway goes to the even one, as in Python: 0.125 is 0.12. @param {number} value */
function mean(value) {
  const hundredths = value * 100;
  const isHalf = Number.isInteger(value * 8) && Math.abs(hundredths % 1) === 0.5;
  return (isHalf ? (2 * Math.round(hundredths / 2)) / 100 : value).toFixed(2);
}

/** @param {number} value */
function number(value) {
  const digits = Number.isInteger(value) ? 0 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
