// Which items of a run are listed, and in which order. No DOM: node tests it.

/** @typedef {import("../types").RunItem} Item */
/** @typedef {import("../types").ComparedItem} Compared */

/** What narrows and orders a list; '' leaves a criterion out.
 * @typedef {object} Narrow
 * @property {string} words all of them stand in the item's beginning, id or subset
 * @property {string} show a name of SHOWN
 * @property {string} subset "=" and the subset's name, which may be empty
 * @property {string} agreement "0.6-0.8": the share of samples that name the winner
 * @property {string} settles "3-4": from which k on the winner stays
 * @property {string} gain "up" or "down": what the vote is worth beside one sample
 * @property {string} cross "1/wrong/right": wrong in the first run, right in run 1 of the others
 * @property {string} sort name of a column, "-" before it for the largest first
 */

/** Criteria that are shown as chips, each with how it is said. @type {Record<string, (value: string) => string>} */
export const CHIPS = {
  subset: (value) => `subset: ${value.slice(1) || "(none)"}`,
  agreement: (value) => `agreement ${value.split("-").map(asPercent).join(" to ")}`,
  settles: (value) => `settles at k = ${value.replace(/^(\d+)-\1$/, "$1").replace("-", " to ")}`,
  gain: (value) => (value === "up" ? "vote better than one sample" : "vote worse than one sample"),
  cross: (value) => crossed(value),
};

/** @param {string} share */
const asPercent = (share) => `${Math.round(100 * Number(share))}%`;

/** @param {string} value */
function crossed(value) {
  const [run, one, other] = value.split("/");
  return `run 1 ${one}, run ${Number(run) + 1} ${other}`;
}

/** @type {Record<string, (item: Item) => boolean>} */
export const SHOWN = {
  "": () => true,
  wrong: ({ right }) => right === "wrong",
  right: ({ right }) => right === "right",
  tie: ({ winner, margin }) => winner === null && margin !== null,
  lost: ({ right, alone }) => right !== "right" && alone !== null && alone > 0.5,
  won: ({ right, alone }) => right === "right" && alone !== null && alone < 0.5,
  unread: ({ unread }) => unread > 0,
};

/** Values of `show` with what they are called; the first three need labels. @type {[string, string][]} */
export const SHOWS = [
  ["", "all items"],
  ["wrong", "wrong"],
  ["right", "right"],
  ["won", "most samples wrong, vote right"],
  ["lost", "most samples right, vote not"],
  ["tie", "no winner"],
  ["unread", "with unreadable samples"],
];

/** @param {string} text of plots: "name=value" @returns {Partial<Narrow>} */
export function narrowing(text) {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  return { [name]: name === "subset" ? text.slice(at) : text.slice(at + 1) };
}

/** @param {string} range @param {number | null} value @param {number} open the end that a value may reach */
function inRange(range, value, open) {
  if (!range) return true;
  if (value === null) return false;
  const [low, high] = range.split("-").map(Number);
  return value >= low && (value < high || (high >= open && value <= high));
}

/** @param {string} gain @param {Item} item */
function gained(gain, { right, alone }) {
  if (!gain) return true;
  if (right === null || alone === null) return false;
  return gain === "up" ? right === "right" && alone < 1 : right !== "right" && alone > 0;
}

/** @param {string} text @param {{ title: string, item: string, subset: string }} item */
function holds(text, { title, item, subset }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${title}\n${item}\n${subset}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

/** @param {readonly Item[]} items @param {Narrow} by */
export const narrowed = (items, by) =>
  items.filter(
    (item) =>
      (SHOWN[by.show] ?? SHOWN[""])(item) &&
      (!by.subset || item.subset === by.subset.slice(1)) &&
      inRange(by.agreement, item.agreement, 1) &&
      inRange(by.settles, item.settles, 0) &&
      gained(by.gain, item) &&
      holds(by.words, item),
  );

/** The values of `show` for several runs. @param {number} runs @returns {[string, string][]} */
export const showsOf = (runs) => [
  ["", "all items"],
  ["differ", "differ in verdict"],
  ...[...Array(runs - 1).keys()].flatMap(
    (other) =>
      /** @type {[string, string][]} */ ([
        [`${other + 1}/wrong/right`, `run 1 wrong, run ${other + 2} right`],
        [`${other + 1}/right/wrong`, `run 1 right, run ${other + 2} wrong`],
      ]),
  ),
];

/** @param {readonly Compared[]} items @param {Narrow} by `show` holds a pair as `cross` does */
export const narrowedPairs = (items, by) =>
  items.filter(
    (item) =>
      (by.show !== "differ" || item.winners.some((winner) => winner !== item.winners[0])) &&
      (!by.subset || item.subset === by.subset.slice(1)) &&
      isCrossed(by.show, item) &&
      isCrossed(by.cross, item) &&
      holds(by.words, item),
  );

/** @param {string} cross @param {Compared} item */
function isCrossed(cross, { right }) {
  const [run, one, other] = cross.split("/");
  return !other || (right[0] === one && right[Number(run)] === other);
}

/** In the order of a column; what has no value stands last, equals stay as they were.
 * @template T
 * @param {readonly T[]} items @param {string} sort
 * @param {Record<string, (item: T) => string | number | null>} values by column */
export function sorted(items, sort, values) {
  const value = values[sort.replace(/^-/, "")];
  if (!value) return [...items];
  const sign = sort.startsWith("-") ? -1 : 1;
  return [...items].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    if (typeof one === "string") return sign * one.localeCompare(String(other), "en", { numeric: true });
    return sign * (one - Number(other));
  });
}
