// Libraries of others, each fetched when it is first wanted. A static site has site/vendor.js in place of this.

/** What the library exports. @param {string} name @returns {Promise<any>} */
export const vendored = (name) =>
  import(new URL(`../vendor/${name}.js`, import.meta.url).href).then((it) => it.default);
