// Code books: codes with their counts, made from notes (open coding), then renamed, merged and split (axial coding).

import * as address from "../../lib/address.js";
import {
  anchor,
  button,
  choice,
  download,
  el,
  fillChoice,
  input,
  labelled,
  problem,
  tableRow,
} from "../../lib/dom.js";
import { counted } from "../../lib/names.js";
import { failed, why } from "../../lib/rpc.js";
import { csvButton, framed, headed, numbers } from "../../views/table.js";
import { leaveItem } from "./desk.js";
import { exportLabels, tell } from "./saving.js";

const BOOK_NAME = "Name of a new code book";
const CODE_NAME = "Name of a new code";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").BookReport} Report */
/** @typedef {import("../../types").CodeLine} CodeLine */
/** @typedef {import("../../types").NoteLine} NoteLine */
/** @typedef {import("../../types").Change} Change */

const KINDS = ["jsonl", "gold", "codes", "training", "pairs", "argilla", "label-studio"];

/** What the page of a code book shows and asks. @typedef {object} Page
 * @property {State} state @property {Report} report @property {HTMLElement} work where forms and lists of cases stand
 * @property {(change: Partial<Change>) => Promise<boolean>} change */

/** @param {State} state */
export async function drawCodes(state) {
  const isLast = leaveItem(state, el("p", "grm-note", "Counting …"));
  state.books = (await state.ask.books()) || [];
  if (!state.books.some(({ id }) => id === state.book)) state.book = state.books[0]?.id ?? "";
  const report = await state.ask.book(state.book, state.me.queue, state.me.name);
  if (!isLast()) return;
  if (failed(report)) {
    leaveItem(state, problem(why(report)));
    return;
  }
  const work = el("div", "grm-code-work");
  /** @type {Page} */
  const page = { state, report, work, change: (change) => changeBook(state, change) };
  leaveItem(state, head(page), codeTable(page), work, notesBox(page), togetherBox(report), historyBox(report));
}

/** Makes a change and shows the book anew; what is refused is told. @param {State} state @param {Partial<Change>} change */
async function changeBook(state, change) {
  const nothing = { code: "", name: "", meaning: "", targets: [], moves: [] };
  const whole = { ...nothing, what: "", book: state.book, author: state.me.name, ...change };
  const answer = await state.ask.change(whole);
  if (failed(answer)) {
    tell(state, why(answer), true);
    return false;
  }
  if (whole.what === "book") state.book = answer.id;
  tell(state, "saved");
  await drawCodes(state);
  return true;
}

// ---- the book

/** @param {Page} page */
function head({ state, report, change }) {
  const box = el("section", "grm-panel");
  const books = choice([], (id) => {
    state.book = id;
    drawCodes(state);
  });
  const title = input({ type: "text", maxLength: 80, placeholder: BOOK_NAME }, BOOK_NAME);
  const code = input({ type: "text", maxLength: 80, placeholder: CODE_NAME }, CODE_NAME);
  fillChoice(
    books,
    state.books.map((book) => /** @type {[string, string]} */ ([book.id, book.title])),
    state.book,
  );
  const line = el("div", "grm-desk-line");
  line.append(labelled("Code book", books));
  line.append(
    title,
    button("New code book", "grm-small", () => change({ what: "book", name: title.value })),
  );
  line.append(
    code,
    button("New code", "grm-small", () => change({ what: "code", name: code.value })),
  );
  box.append(el("h3", "", "Code book"), line, el("p", "", report.said), files(state, report));
  return box;
}

/** @param {State} state @param {Report} report */
function files(state, report) {
  const line = el("div", "grm-desk-line");
  const kinds = choice(
    KINDS.map((kind) => /** @type {[string, string]} */ ([kind, kind === "jsonl" ? "labels and code books" : kind])),
    () => {},
  );
  kinds.setAttribute("aria-label", "What to export");
  const file = input({ type: "file", accept: ".jsonl,application/jsonl", hidden: true });
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    const answer = await state.ask.imported(await chosen.text());
    await drawCodes(state);
    tell(state, failed(answer) ? why(answer) : answer.said, failed(answer));
  });
  line.append(
    kinds,
    button("Export", "grm-small", () => exportLabels(state, kinds.value)),
    button("Import …", "grm-small", () => file.click()),
    file,
    button("HTML", "grm-small", () => download("code-book.html", "text/html", report.html)),
    button("Markdown", "grm-small", () => download("code-book.md", "text/markdown", report.markdown)),
    csvButton("code-book", countsOf(report)),
  );
  return line;
}

/** @param {Report} report */
const countsOf = ({ codes }) => ({
  columns: ["code", "meaning", "samples", "items", "annotators", "share", "low", "high"],
  rows: codes.map((one) => [
    ...[one.name, one.meaning, one.samples, one.items, one.annotators, one.share, one.low, one.high],
  ]),
});

/** "12.5% (3.2–40.0)". @param {Pick<CodeLine, "share" | "low" | "high">} line */
export function shareText({ share, low, high }) {
  if (share === null || low === null || high === null) return "–";
  const [whole, from, to] = [share, low, high].map((part) => (100 * part).toFixed(1));
  return `${whole}% (${from}–${to})`;
}

/** @param {Page} page */
function codeTable(page) {
  const box = el("section", "grm-panel");
  const table = headed("grm-points grm-codes", [
    "Code",
    "Samples",
    "Items",
    "Annotators",
    "Share (95%)",
    "Made by",
    "",
  ]);
  for (const code of page.report.codes) {
    const row = el("tr");
    const name = el("td", "grm-words");
    name.append(el("b", "", code.name), el("div", "grm-note", code.meaning));
    const count = el("td");
    const cases = button(code.samples, "grm-link", () => drawCases(page, code));
    cases.setAttribute("aria-label", `${counted(code.samples, "sample")} of ${code.name}`);
    count.append(cases);
    const acts = el("td", "grm-words");
    acts.append(
      button("Rename", "grm-small", () => drawRename(page, code)),
      button("Merge", "grm-small", () => drawMerge(page, code)),
      button("Split", "grm-small", () => drawSplit(page, code)),
      button("Remove", "grm-small", () => page.change({ what: "remove", code: code.id })),
    );
    row.append(name, count, el("td", "", code.items), el("td", "", code.annotators));
    row.append(el("td", "", shareText(code)), el("td", "", code.who || "the paper"), acts);
    table.append(row);
  }
  const none = el("p", "grm-note", "No codes yet: create one above, or from the notes below.");
  box.append(page.report.codes.length ? framed(table, "Codes", "grm-table") : none);
  box.append(el("p", "grm-note", page.report.note));
  return box;
}

// ---- forms

/** @param {Page} page @param {string} title @param {...Node} parts */
function form({ work }, title, ...parts) {
  const box = el("section", "grm-panel grm-code-form");
  const close = button("Close", "grm-small", () => work.replaceChildren());
  box.append(el("h3", "", title), ...parts, close);
  work.replaceChildren(box);
  box.querySelector("input, select, button")?.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement | null} */ (box.querySelector("input, select"))?.focus();
}

/** @param {Page} page @param {CodeLine} code */
function drawRename(page, code) {
  const name = input({ type: "text", value: code.name, maxLength: 80 });
  const meaning = input({ type: "text", value: code.meaning, maxLength: 1000 });
  const save = button("Save", "grm-small", () =>
    page.change({ what: "rename", code: code.id, name: name.value, meaning: meaning.value }),
  );
  form(page, `Rename “${code.name}”`, labelled("Name", name), labelled("When to use it", meaning), save);
}

/** @param {Page} page @param {CodeLine} code */
function drawMerge(page, code) {
  const others = page.report.codes.filter(({ id }) => id !== code.id);
  const into = choice(
    others.map(({ id, name }) => /** @type {[string, string]} */ ([id, name])),
    () => {},
  );
  const text = `Its ${counted(code.samples, "sample")} will count for the other code.`;
  const save = button("Merge", "grm-small", () =>
    page.change({ what: "merge", code: code.id, targets: [into.value] }),
  );
  form(page, `Merge “${code.name}” into another code`, labelled("Into", into), el("p", "grm-note", text), save);
}

/** @param {Page} page @param {CodeLine} code */
async function drawSplit(page, code) {
  const cases = await casesOf(page, code);
  const names = ["first", "second"].map((which) =>
    input({ type: "text", maxLength: 80 }, `Name of the ${which} part`),
  );
  /** @type {Map<string, number>} */
  const moved = new Map();
  const list = el("div", "grm-cases");
  for (const one of cases) {
    const part = choice([["0", "first part"], ["1", "second part"]], (value) => moved.set(one.id, Number(value))); // biome-ignore format: a pair a part
    part.setAttribute("aria-label", "Part");
    const line = caseLine(one);
    line.prepend(part);
    list.append(line);
  }
  const save = button("Split", "grm-small", () =>
    page.change({
      what: "split",
      code: code.id,
      targets: names.map(({ value }) => value),
      moves: [...moved].map(([label, part]) => ({ label, part })),
    }),
  );
  const fields = names.map((field, i) => labelled(i ? "Second part" : "First part", field));
  form(page, `Split “${code.name}” into two`, ...fields, list, save);
}

// ---- cases and notes

/** @param {Page} page @param {CodeLine} code */
async function casesOf({ state, report }, code) {
  const cases = await state.ask.cases(report.id, code.id, state.me.queue, state.me.name);
  if (failed(cases)) tell(state, why(cases), true);
  return failed(cases) ? [] : cases;
}

/** The samples of a code. @param {Page} page @param {CodeLine} code */
async function drawCases(page, code) {
  const cases = await casesOf(page, code);
  const list = el("div", "grm-cases");
  list.append(...cases.map(caseLine));
  form(page, `“${code.name}”: ${counted(cases.length, "label")}`, list);
}

/** @param {NoteLine} one */
function caseLine({ title, session, sample, author, note, quoted }) {
  const line = el("div", "grm-case-line");
  const to = anchor(
    `${title} (sample ${sample + 1})`,
    address.sessionLink(session, { sample: sample + 1 }),
    "grm-link",
  );
  line.append(to, el("span", "grm-note", author));
  if (quoted) line.append(el("q", "", quoted));
  if (note) line.append(el("span", "grm-code-note", note));
  return line;
}

/** @param {Page} page */
function notesBox(page) {
  const { state, report } = page;
  const box = el("section", "grm-panel");
  const list = el("div", "grm-cases");
  const boxes = report.notes.map(({ id }) => input({ type: "checkbox", value: id }));
  const without = report.notes.filter(({ codes }) => !codes.length).length;
  report.notes.forEach((one, i) => {
    const line = caseLine(one);
    boxes[i].setAttribute("aria-label", `Choose the note: ${one.note}`);
    line.prepend(boxes[i]);
    line.append(...one.codes.map((name) => el("span", "grm-code-tag", name)));
    list.append(line);
  });
  const names = el("datalist");
  names.id = "grm-code-names";
  names.append(...report.codes.map(({ name }) => Object.assign(el("option"), { value: name })));
  const name = input(
    { type: "text", maxLength: 80, placeholder: "An existing code or a new one" },
    "Code of the chosen notes",
  );
  name.setAttribute("list", names.id);
  const apply = button("Give the chosen notes this code", "grm-small", () =>
    codeNotes(
      page,
      name.value,
      boxes.filter(({ checked }) => checked).map(({ value }) => value),
    ),
  );
  const line = el("div", "grm-desk-line");
  line.append(name, names, apply);
  box.append(el("h3", "", `Notes: ${report.notes.length}, ${without} without a code of this book`));
  if (report.notes.length) box.append(line, list);
  else box.append(el("p", "grm-note", `No note yet${state.me.queue ? " in this queue" : ""}: press n at a sample.`));
  return box;
}

/** @param {Page} page @param {string} name @param {string[]} notes */
async function codeNotes({ state, report }, name, notes) {
  if (!name.trim() || !notes.length) {
    tell(state, "choose notes and name their code", true);
    return;
  }
  const code = await codeNamed(state, report.id, report.codes, name.trim());
  if (!code) return;
  const answer = await state.ask.code_notes({ code, notes, author: state.me.name });
  await drawCodes(state);
  tell(state, failed(answer) ? why(answer) : `${counted(answer.added, "note")} coded`, failed(answer));
}

/** The code of this name, made where there is none; '' where it was refused.
 * @param {State} state @param {string} book @param {readonly { id: string, name: string }[]} codes @param {string} name */
export async function codeNamed(state, book, codes, name) {
  const there = codes.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (there) return there.id;
  const made = await state.ask.change({
    ...{ book, what: "code", code: "", name, meaning: "", targets: [], moves: [], author: state.me.name },
  });
  if (failed(made)) tell(state, why(made), true);
  return failed(made) ? "" : made.id;
}

// ---- together and history

/** @param {Report} report */
function togetherBox({ together }) {
  const box = el("section", "grm-panel");
  const text = "Samples that have both codes; on the diagonal, samples that have the code.";
  box.append(el("h3", "", "Codes together"), el("p", "grm-note", text), numbers(together));
  return box;
}

/** @param {Report} report */
function historyBox({ history }) {
  const box = el("details", "grm-panel");
  const table = el("table", "grm-points");
  table.append(tableRow("th", ["When", "Who", "What"], "grm-words"));
  table.append(...history.map(({ at, who, what }) => tableRow("td", [at, who || "the paper", what], "grm-words")));
  box.append(
    el("summary", "", `History: ${counted(history.length, "change")}`),
    framed(table, "History", "grm-table"),
  );
  return box;
}
