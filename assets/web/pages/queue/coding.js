// Codes of the sample that is read, in the key bar: as many as fit, from the code book that is chosen.

import { button, choice, el, fillChoice, input } from "../../lib/dom.js";
import { onKey } from "../../lib/keys.js";
import { memory } from "../../lib/memory.js";
import { codeNamed } from "./codes.js";
import { leaveNote } from "./notes.js";
import { sayCode, tell } from "./saving.js";
import { sampleOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").CodeName} CodeName */

const MOST = 12; // codes that the bar shows

/** The codes that what was typed may mean, those that begin with it first.
 * @param {readonly CodeName[]} codes @param {string} typed */
export function matching(codes, typed) {
  const words = typed.trim().toLowerCase();
  const rank = (/** @type {CodeName} */ { name }) => (name.toLowerCase().startsWith(words) ? 0 : 1);
  return codes.filter(({ name }) => name.toLowerCase().includes(words)).sort((a, b) => rank(a) - rank(b));
}

/** @param {State} state */
export function makeCoding(state) {
  const { codeBox } = state.nodes;
  const field = input({ type: "text", maxLength: 80, placeholder: "Enter gives or takes it, Esc leaves" }, "Code");
  const title = el("span", "grm-note-on");
  const list = el("span", "grm-code-keys");
  const books = choice([], (id) => {
    state.book = id;
    memory.write("book", id);
    draw();
    field.focus();
  });
  books.setAttribute("aria-label", "Code book");
  codeBox.append(title, books, field, list);
  codeBox.hidden = true;
  const sample = () => state.item?.samples?.find(({ i }) => i === state.labelled) ?? sampleOf(state);
  const codes = () => state.books.find(({ id }) => id === state.book)?.codes ?? [];
  const draw = () => {
    const one = sample();
    if (!one) return;
    const has = codesOf(state, one.i).map(({ label }) => label);
    title.textContent = `Codes of sample ${one.i + 1}`;
    const shown = matching(codes(), field.value).slice(0, MOST);
    list.replaceChildren(
      ...shown.map(({ id, name, meaning }) => {
        const node = button(name, `grm-key${has.includes(id) ? " grm-on" : ""}`, () => give(id, name));
        node.title = meaning;
        node.setAttribute("aria-pressed", String(has.includes(id)));
        return node;
      }),
    );
  };
  const give = (/** @type {string} */ id, /** @type {string} */ name) => {
    const one = sample();
    if (!one) return;
    const saving = sayCode(state, one.i, id, name);
    field.value = "";
    state.act.drawItem();
    draw();
    return saving;
  };
  field.addEventListener("input", draw);
  onKey(field, async (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      codeBox.hidden = true;
      state.nodes.body.focus({ preventScroll: true });
      return;
    }
    const typed = field.value.trim();
    if (event.key !== "Enter" || !typed) return;
    const match = matching(codes(), typed)[0];
    if (match) {
      await give(match.id, match.name);
      return;
    }
    const id = await codeNamed(state, state.book, codes(), typed);
    state.books = (await state.ask.books()) || state.books;
    if (id) await give(id, typed);
  });
  return async () => {
    if (!sample()) return;
    leaveNote(state);
    state.books = (await state.ask.books()) || state.books;
    if (!state.books.length) {
      tell(state, "there is no code book", true);
      return;
    }
    if (!state.books.some(({ id }) => id === state.book)) state.book = state.books[state.books.length - 1].id;
    fillChoice(
      books,
      state.books.map(({ id, title: name }) => /** @type {[string, string]} */ ([id, name])),
      state.book,
    );
    field.value = "";
    codeBox.hidden = false;
    draw();
    field.focus();
  };
}

/** The codes that the author has given to a sample. @param {State} state @param {number} sample */
export const codesOf = ({ item }, sample) =>
  (item?.mine ?? []).filter((one) => one.kind === "code" && one.sample === sample);
