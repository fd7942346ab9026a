// What stands above the samples: the case, progress and verdict, findings; below them the documents.

import * as address from "../../lib/address.js";
import { anchor, button, download, el } from "../../lib/dom.js";
import { note, question, responses, title, turns } from "../../views/case.js";
import { grouped } from "./rows.js";
import { columns } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Case} Case */
/** @typedef {import("../../types").Finding} Finding */
/** @typedef {"html" | "md" | "csv" | "jsonl"} Kind */
/** @typedef {ReturnType<typeof makeHead>} Head */

/** @type {[Kind, string, string][]} */
const DOCUMENTS = [
  ["html", "Report", "text/html"],
  ["md", "Markdown", "text/markdown"],
  ["csv", "CSV", "text/csv"],
  ["jsonl", "JSONL", "application/jsonl"],
];
const SPOKEN_EVERY = 5;

/** @param {State} state */
export function makeHead({ parts }) {
  const said = el("p", "grm-said");
  const bar = el("progress");
  // What a screen reader is told: the phase, and every fifth sample, not every token.
  const spoken = el("span", "grm-hidden");
  spoken.setAttribute("aria-live", "polite");
  parts.progress.append(said, bar, spoken);
  return { said, bar, spoken, spokenOf: "", caseOf: "", findingsOf: "", findingAt: -1 };
}

// ---- the case

/** @param {State} state @param {Head} head */
export async function drawCase({ value: { session }, parts, ask }, head) {
  if (head.caseOf === session) return;
  head.caseOf = session;
  parts.case.replaceChildren();
  if (!session) return;
  const item = await ask.case(session);
  if (item && head.caseOf === session) parts.case.append(caseBox(item));
}

/** @param {Case} item */
function caseBox(item) {
  const box = el("details");
  const head = el("summary");
  const count = item.responses.length;
  head.append(el("strong", "", "Query "), el("span", "grm-oneline", question(item)));
  head.append(el("span", "grm-more", count === 1 ? "1 response" : `${count} responses`));
  box.append(head, ...turns(item));
  if (item.reference) box.append(el("div", "grm-role", "reference answer"), el("div", "grm-text", item.reference));
  const { models, labels } = item;
  const list = responses(item, (i) => [
    title(i),
    ...(models ? [el("span", "grm-writer", models[i])] : []),
    ...(labels ? [note(`label ${labels[i]}`)] : []),
  ]);
  box.append(list);
  return box;
}

/** @param {State} state */
export function toggleCase({ parts }) {
  const box = parts.case.querySelector("details");
  if (box) box.open = !box.open;
}

// ---- progress and verdict

/** @param {State} state @param {Head} head */
export function drawHead({ value, voted, parts, comparedWith }, head) {
  const { said, bar, spoken } = head;
  said.textContent = value.progress || "";
  said.className = `grm-said${value.phase === "failed" ? " grm-bad" : ""}`;
  const now = `${value.session}/${value.phase}/${Math.floor(value.rows.length / SPOKEN_EVERY)}`;
  if (now !== head.spokenOf) {
    head.spokenOf = now;
    spoken.textContent = said.textContent;
  }
  bar.hidden = !value.running;
  bar.max = value.k || 1;
  if (value.phase === "waiting") bar.removeAttribute("value");
  else bar.value = value.rows.length;
  parts.progress.hidden = !value.progress && !value.running;
  parts.verdict.replaceChildren();
  if (voted.verdict) parts.verdict.append(el("h2", "", voted.verdict));
  for (const text of voted.notes || []) parts.verdict.append(el("p", "grm-note", text));
  if (comparedWith && comparedWith !== value.session) {
    const to = address.link("compare", { a: comparedWith, b: value.session });
    parts.verdict.append(anchor("Compare with the session whose principles were taken over", to, "grm-link"));
  }
  if (value.origin) parts.verdict.append(el("p", "grm-note", `Judged by ${value.origin}.`));
}

// ---- findings: what to look at, the gravest first; each opens the samples where it is

/** @param {State} state @param {Head} head */
export function drawFindings(state, head) {
  const { value, parts } = state;
  const findings = value.findings || [];
  const key = value.session + JSON.stringify(findings);
  if (key === head.findingsOf) return;
  head.findingsOf = key;
  parts.findings.replaceChildren();
  if (!findings.length) return;
  const box = el("details");
  box.open = findings.some(({ severity }) => severity === "error");
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const summary = el("summary");
  const count = `${findings.length}${findings.length === 1 ? " finding" : " findings"}`;
  summary.append(el("strong", "", count), el("span", "", `: ${kinds.join(", ")}`));
  const list = el("ul");
  list.append(...grouped(findings).map((one) => findingLine(state, one)));
  box.append(summary, list);
  parts.findings.append(box);
}

/** @param {State} state @param {Finding & { count: number }} one */
function findingLine(state, { kind, severity, evidence, samples, count }) {
  const { value, parts, act } = state;
  const line = el("li", `grm-finding grm-finding-${severity}`);
  line.append(el("b", "", kind), ` ${count > 1 ? `${count} times, such as: ` : ""}${evidence} `);
  const places = [...new Set(samples)].sort((a, b) => a - b);
  if (!places.length || places.length >= value.rows.length) return line;
  const shown = places.slice(0, columns(state));
  const many = `open ${shown.map((i) => i + 1).join(", ")} of ${places.length}`;
  const label = places.length === 1 ? `open sample ${places[0] + 1}` : many;
  const open = button(label, "grm-small", () => {
    state.mode = null;
    act.open(shown);
    parts.cards.scrollIntoView({ block: "nearest" });
  });
  line.append(open);
  return line;
}

/** @param {State} state @param {Head} head */
export function nextFinding({ parts }, head) {
  const buttons = [...parts.findings.querySelectorAll("button")];
  const box = parts.findings.querySelector("details");
  if (!buttons.length || !box) return;
  box.open = true;
  head.findingAt = (head.findingAt + 1) % buttons.length;
  buttons[head.findingAt].click();
  buttons[head.findingAt].focus();
}

// ---- the session as a document

/** @param {State} state */
export function makeDocuments(state) {
  const row = el("div", "grm-documents");
  const lost = el("span", "grm-bad", "The server did not answer; nothing was taken.");
  lost.hidden = true;
  lost.setAttribute("role", "alert");
  /** @param {Kind} kind */
  const fetched = async (kind) => {
    const text = await state.ask.document(state.value.session, kind);
    lost.hidden = Boolean(text);
    return text;
  };
  row.append(note("Take it with you:"));
  for (const [kind, label, type] of DOCUMENTS) {
    const save = async () => {
      const text = await fetched(kind);
      if (text) download(`grm-lens-${state.value.session}.${kind}`, type, text);
    };
    row.append(button(label, "grm-small", save));
  }
  /** @type {HTMLButtonElement} */
  const copy = button("Copy as Markdown", "grm-small", async () => {
    const text = await fetched("md");
    if (text) copy.textContent = await copied(text);
  });
  row.append(copy, lost);
  state.parts.documents.append(row);
  return row;
}

/** Puts a text into the clipboard; what the button says after it. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    return "The browser refuses to copy; use Markdown";
  }
}

// ---- nothing judged yet: what there is to read

/** @param {State} state @param {HTMLElement} list */
export function drawRecent({ element, value }, list) {
  if (!element.contains(list)) element.append(list);
  const sessions = value.session ? [] : value.recent || [];
  list.hidden = !sessions.length;
  list.replaceChildren(el("h3", "", "Or read a session that is here already"));
  for (const { id, title: text, k, demo } of sessions) {
    const link = anchor(text || "(no title)", address.sessionLink(id));
    link.append(note(`k = ${k}${demo ? " · recorded" : ""}`));
    list.append(link);
  }
}
