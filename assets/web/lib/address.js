// What a page shows stands in its address. Links and modules stay inside the prefix that the app is served under.

// This file is at <app>/web/<version>/lib/address.js; a static site names the file of its page.
const HOME = new URL(globalThis.document?.documentElement.dataset.home ?? "../../../", import.meta.url);

/** @typedef {Record<string, string | number | null | undefined>} Params */

/** The address with these parameters; what is empty is left out of it.
 * @param {string | URL} address @param {Params} params */
export function withParams(address, params) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, String(value));
  }
  return url;
}

/** A page of the app; '' is Inspect. @param {string} page @param {Params} [params] @param {URL} [home] */
export const link = (page, params = {}, home = HOME) => withParams(new URL(page, home), params).href;

/** A session in Inspect. @param {string} session @param {Params} [params] */
export const sessionLink = (session, params = {}) => link("", { session, ...params });

export const params = () => new URL(window.location.href).searchParams;

/** The address bar without a new entry in the history. @param {URL} url */
export function show(url) {
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
}

/** @param {Params} changes */
export const name = (changes) => show(withParams(window.location.href, changes));
