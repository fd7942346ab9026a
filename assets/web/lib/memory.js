// What this browser remembers. Private windows forget it, which is no fault.

/** @param {() => Storage} storage */
const over = (storage) => ({
  /** @template T @param {string} name @param {T} otherwise @returns {T} */
  read(name, otherwise) {
    try {
      return JSON.parse(storage().getItem(`grm-lens-${name}`) ?? "null") ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  /** @param {string} name @param {unknown} value */
  write(name, value) {
    try {
      storage().setItem(`grm-lens-${name}`, JSON.stringify(value));
    } catch {
      // forgotten
    }
  },
});

/** Kept until it is cleared. */
export const memory = over(() => window.localStorage);

/** Kept while the tab is open. */
export const tabMemory = over(() => window.sessionStorage);
