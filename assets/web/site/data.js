// What a static site holds. Its data are scripts beside the page, which also a page from a disk may load; each puts
// one value down under a name.

/** @typedef {import("../types").SiteContent} Content */
/** @typedef {import("../types").SiteSession} Session */
/** @typedef {import("../types").SitePassage} Passage */

/** @type {Map<string, unknown>} */
const kept = new Map();

/** @type {any} */ (globalThis).grmKeep = (/** @type {string} */ name, /** @type {unknown} */ value) => {
  kept.set(name, value);
};

/** @param {string} name @returns {Promise<any>} null where the site does not hold it */
export function load(name) {
  if (kept.has(name)) return Promise.resolve(kept.get(name));
  return new Promise((ready) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => ready(kept.get(name) ?? null));
    script.addEventListener("error", () => ready(null));
    script.src = `data/${encodeURIComponent(name)}.js`;
    document.head.append(script);
  });
}

/** @returns {Promise<Content | null>} */
export const content = () => load("content");

/** @param {Content} content @param {string} session @returns {Promise<Session | null>} */
export async function sessionOf({ sessions }, session) {
  const place = sessions.indexOf(session);
  return place < 0 ? null : load(`session-${place}`);
}

/** @returns {Promise<Passage[]>} */
export const passages = async () => (await load("passages")) ?? [];
