// Libraries of others in a static site: a page from a disk may import no file, so each stands in a script of the folder
// data, as an address.

import { load } from "./data.js";

/** What the library exports. @param {string} name @returns {Promise<any>} */
export async function vendored(name) {
  const address = await load(`vendor-${name}`);
  if (!address) throw new Error(`the site holds no ${name}`);
  return (await import(address)).default;
}
