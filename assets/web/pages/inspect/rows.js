// Which rows the matrix shows, in which order, and what marks them. No DOM: node tests it.

import { indexOf, letter } from "../../lib/names.js";

/** @typedef {import("../../types").Row} Row */
/** @typedef {import("../../types").Finding} Finding */
/** @typedef {Pick<import("./state").Shown, "rows" | "n" | "findings">} Shown */
/** @typedef {Pick<import("./state").State["voted"], "winner" | "kept">} Voted */
/** @typedef {import("./state").State["tools"]} Tools */

const LOWEST = 1;
const HIGHEST = 10;

/** @type {readonly (readonly [string, string])[]} */
export const SHOWN = [
  ["all", "all samples"],
  ["against", "against the verdict"],
  ["dropped", "dropped by the filter"],
  ["failed", "failed to parse"],
  ["flagged", "with findings"],
];

/** The meta RM's column is there once it has read a sample. @param {readonly Row[]} rows */
export const hasMeta = (rows) => rows.some(({ meta }) => meta !== null);

/** Whether the present vote leaves a readable sample out. @param {Row} row @param {Voted} voted */
export const isDropped = ({ i, scores }, { kept }) => Boolean(kept && scores && !kept.includes(i));

/** Findings that name some samples, not all of them, and that are more than information. @param {Shown} value */
const naming = ({ findings = [], rows }) =>
  findings.filter(({ samples, severity }) => severity !== "info" && samples.length < rows.length);

/** The gravest finding of every sample that is named; findings come in that order.
 * @param {Shown} value @returns {Map<number, Finding>} */
export function flagsOf(value) {
  const flags = new Map();
  for (const finding of naming(value)) {
    for (const i of finding.samples) if (!flags.has(i)) flags.set(i, finding);
  }
  return flags;
}

/** A sample's own margin for the response that won, or for its own best where nobody won.
 * @param {Row} row @param {number | null | undefined} winner */
export function marginOf({ scores }, winner) {
  if (!scores || scores.length < 2) return -Infinity;
  const of = winner ?? scores.indexOf(Math.max(...scores));
  return scores[of] - Math.max(...scores.filter((_, r) => r !== of));
}

/** @param {Tools} tools */
export const isNarrowed = ({ show, holding, picked, low, high }) =>
  show !== "all" || Boolean(holding) || Boolean(picked) || low > LOWEST || high < HIGHEST;

/** @param {Shown} value @param {Voted} voted @param {Tools} tools */
export function filtered(value, voted, tools) {
  const { winner } = voted;
  const flags = flagsOf(value);
  /** @type {Record<string, (row: Row) => boolean>} */
  const keep = {
    all: () => true,
    against: ({ scores }) => typeof winner === "number" && scores !== null && scores[winner] < Math.max(...scores),
    dropped: (row) => isDropped(row, voted),
    failed: ({ scores }) => !scores,
    flagged: ({ i }) => flags.has(i),
  };
  return value.rows.filter(
    (row) =>
      keep[tools.show](row) &&
      (!tools.holding || tools.holding.has(row.i)) &&
      (!tools.picked || tools.picked.has(row.i)) &&
      isInRange(row, tools),
  );
}

/** @param {Row} row @param {Tools} tools */
function isInRange({ scores }, { low, high, response }) {
  if (low <= LOWEST && high >= HIGHEST) return true;
  if (!scores) return false;
  const fits = (/** @type {number} */ score) => score >= low && score <= high;
  return response === "any" ? scores.some(fits) : fits(scores[Number(response)]);
}

/** How rows can stand, with the names of it. @param {Shown} value @returns {[string, string][]} */
export function sortsOf({ rows, n }) {
  const all = [...Array(n).keys()];
  return [
    ["arrival", "arrival"],
    .../** @type {[string, string][]} */ (hasMeta(rows) ? [["meta", "meta score"]] : []),
    .../** @type {[string, string][]} */ (
      n > 1
        ? [["margin", "margin of the winner"], ...all.map((r) => [`place${r}`, `where ${letter(r)} was shown`])]
        : []
    ),
  ];
}

/** @param {Row[]} rows @param {string} sort @param {number | null | undefined} winner */
export function arranged(rows, sort, winner) {
  /** @type {Record<string, (row: Row) => number>} */
  const by = {
    arrival: ({ i }) => i,
    meta: ({ meta }) => (meta === null ? Infinity : -meta),
    margin: (row) => -marginOf(row, winner),
  };
  const value = by[sort] || (({ order }) => order.indexOf(letter(Number(sort.slice("place".length)))));
  return [...rows].sort((a, b) => value(a) - value(b) || a.i - b.i);
}

// ---- the address opens exactly the view that it was copied from

const WHOLE = /^[1-9][0-9]{0,5}$/;
const CARDS_MOST = 3;

/** @typedef {import("./state").Dials} Dials */
/** @typedef {import("./state").Mode} Mode */

/** @param {URLSearchParams} params @param {readonly string[]} methods */
export function viewOf(params, methods) {
  /** @param {string} name */
  const integer = (name) => (WHOLE.test(params.get(name) || "") ? Number(params.get(name)) : null);
  const method = params.get("method") || "";
  const samples = (params.get("sample") || "").split(",").filter((text) => WHOLE.test(text));
  const about = params.get("about") || "";
  return {
    /** @type {Dials} */
    dials: { method: methods.includes(method) ? method : "naive", k: integer("k"), k_meta: integer("k_meta") },
    chosen: samples.map((text) => Number(text) - 1).slice(0, CARDS_MOST),
    mode: /** @type {Mode} */ (params.get("tab") === "lab" ? "lab" : /^[A-H]$/.test(about) ? indexOf(about) : null),
  };
}

/** @param {{ session: string, dials: Dials, chosen: number[] | null, mode: Mode }} view chosen: by the person */
export const namesOf = ({ session, dials, chosen, mode }) => ({
  session,
  method: dials.method === "naive" ? "" : dials.method,
  k: dials.k,
  k_meta: dials.k_meta,
  sample: chosen ? chosen.map((i) => i + 1).join(",") : "",
  about: typeof mode === "number" ? letter(mode) : "",
  tab: mode === "lab" ? "lab" : "",
});

// ---- findings

/** One finding per kind, with all its samples and how often it was found.
 * @param {readonly Finding[]} findings @returns {(Finding & { count: number })[]} */
export function grouped(findings) {
  const lines = new Map();
  for (const one of findings) {
    const line = lines.get(one.kind);
    if (line) {
      line.count += 1;
      line.samples.push(...one.samples);
    } else lines.set(one.kind, { ...one, samples: [...one.samples], count: 1 });
  }
  return [...lines.values()];
}
