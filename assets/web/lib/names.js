// What responses are called and coloured on every page, and how numbers are written. No DOM: node tests it.

export const COLOURS = ["#0072B2", "#C27C00", "#008A65", "#B3588C", "#3A95C9", "#D55E00", "#7A5FC0", "#6F7580"];

/** Own index as a letter: A to Z, then AA. @param {number} i */
export const letter = (i) =>
  (i < 26 ? "" : String.fromCharCode(64 + Math.floor(i / 26))) + String.fromCharCode(65 + (i % 26));

/** Own index of a single letter. @param {string} name */
export const indexOf = (name) => name.charCodeAt(0) - 65;

const SHAPES = ["●", "■", "▲", "◆", "▼", "★", "⬟", "✚"];

/** A colour of styles/tokens.css. @param {number} i */
export const colourOf = (i) => `var(--g-response-${i % COLOURS.length})`;

/** @param {number} i */
export const shapeOf = (i) => SHAPES[i % SHAPES.length];

/** Nothing known is a dash. @param {number | null | undefined} value @param {number} digits */
export const fixed = (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits));

/** A share as a percentage. @param {number | null | undefined} value @param {number} [digits] */
export const percent = (value, digits = 0) =>
  value === null || value === undefined ? "–" : `${digits ? (100 * value).toFixed(digits) : Math.round(100 * value)}%`;

/** Whole numbers as they are, others with two digits. @param {number | null | undefined} value */
export const short = (value) =>
  value !== null && value !== undefined && Number.isInteger(value) ? String(value) : fixed(value, 2);

/** The weight of a principle behind its text, as it was written; '' for none. @param {number | null} weight */
export const weightText = (weight) => (weight === null ? "" : ` (${weight})`);

/** Range of two whole numbers, '' where they are one or unknown.
 * @param {number | null | undefined} low @param {number | null | undefined} high */
export const span = (low, high) =>
  low === null || low === undefined || high === null || high === undefined || low === high ? "" : `${low}–${high}`;

/** "1 sample", "2 samples". @param {number} count @param {string} thing */
export const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** A person's name where there is little room: what stands before an @, cut. @param {string} name */
export const brief = (name) => {
  const own = name.split("@")[0] || name;
  return own.length > 14 ? `${own.slice(0, 13)}…` : own;
};

/** A column's name as its heading; the symbols k, n and k_meta stay. @param {string} name */
export const heading = (name) =>
  /^(k|n|k_meta)\b/.test(name) ? name : name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
