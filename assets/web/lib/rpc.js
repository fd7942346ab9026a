// Calls of the server: arguments travel as one list, and no answer is null.

/** @typedef {import("../types").Failed} Failed */

/**
 * The server's functions of a page, typed by its records.
 * @template T
 * @param {Record<string, (list: unknown[]) => Promise<unknown>>} server
 * @returns {T}
 */
export function calls(server) {
  /** @type {[string, (...values: unknown[]) => Promise<unknown>][]} */
  const functions = Object.keys(server).map((name) => [
    name,
    async (...values) => (await server[name](values)) ?? null,
  ]);
  return /** @type {T} */ (Object.fromEntries(functions));
}

/**
 * Whether there is no answer, or one that says why not.
 * @template T
 * @param {T | Failed | null} reply
 * @returns {reply is Failed | null}
 */
export const failed = (reply) =>
  !reply || (typeof reply === "object" && "error" in reply && Boolean(/** @type {Failed} */ (reply).error));

/** @param {Failed | null} reply */
export const why = (reply) => reply?.error || "The server did not answer.";

/** Which of several questions counts: an answer that comes late must not replace a later one. */
export class Turns {
  #last = 0;

  /** The present turn; its function says whether it is still the last one. @returns {() => boolean} */
  now() {
    const mine = this.#last;
    return () => mine === this.#last;
  }

  /** A new turn, which ends the one before. @returns {() => boolean} */
  next() {
    this.#last += 1;
    return this.now();
  }
}
