// Columns of numbers and words, as cells and as CSV. No DOM: node tests it.

/** A column has one look: words stand to the left, numbers have the same decimals, large ones fewer.
 * @param {readonly unknown[]} values */
export function lookOf(values) {
  const numbers = /** @type {number[]} */ (values.filter((each) => typeof each === "number"));
  const integers = numbers.every(Number.isInteger);
  const digits = integers ? 0 : numbers.some((each) => Math.abs(each) >= 100) ? 1 : 3;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: digits === 1 };
  return {
    words: values.some((each) => typeof each === "string"),
    /** @param {any} value @returns {string | number | boolean} */
    cell: (value) =>
      value === null ? "–" : typeof value === "number" && !integers ? value.toLocaleString("en", format) : value,
  };
}

/** As the server's CSV: a text that a spreadsheet would run as a formula gets an apostrophe before it.
 * @param {readonly string[]} columns @param {readonly (readonly unknown[])[]} rows */
export function csvOf(columns, rows) {
  /** @param {string} text */
  const harmless = (text) => (/^\s*[=+\-@]|^[\t\r]/.test(text) ? `'${text}` : text);
  /** @param {string} text */
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  /** @param {unknown} value */
  const cell = (value) => (typeof value === "string" ? quoted(harmless(value)) : (value ?? ""));
  return `${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
