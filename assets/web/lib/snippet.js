// Passages that search found. No DOM: node tests it.

/** A passage in pieces, each with whether it was searched for. Found words stand between two private-use characters,
 * which no stored passage holds. @param {string} text @returns {[string, boolean][]} */
export function pieces(text) {
  return text.split("\ue000").flatMap((piece, at) => {
    if (!at) return [/** @type {[string, boolean]} */ ([piece, false])];
    const [match, rest = ""] = piece.split("\ue001");
    return [
      [match, true],
      [rest, false],
    ];
  });
}
