// What the Runs page shows, as its address says it.

/** @typedef {import("../../lib/items").Narrow} Narrow */
/** @typedef {Narrow & { id: string, beside: string[], page: number }} Selection */

const WORDS = /** @type {const} */ (["words", "show", "subset", "agreement", "settles", "gain", "cross", "sort"]);

/** Nothing is left out. @returns {Narrow & { page: number }} */
export const everything = () => ({
  words: "",
  show: "",
  subset: "",
  agreement: "",
  settles: "",
  gain: "",
  cross: "",
  sort: "",
  page: 0,
});

/** @param {URLSearchParams} params @returns {Selection} */
export function selectionOf(params) {
  const narrow = everything();
  for (const name of WORDS) narrow[name] = params.get(name) || "";
  const page = Number(params.get("page"));
  return {
    ...narrow,
    page: Number.isInteger(page) && page > 0 ? page - 1 : 0,
    id: params.get("id") || "",
    beside: (params.get("beside") || "").split(",").filter(Boolean),
  };
}

/** The address that says it. @param {Selection} selection */
export const namesOf = ({ beside, page, ...rest }) => ({
  ...rest,
  beside: beside.join(","),
  page: page ? page + 1 : "",
});
