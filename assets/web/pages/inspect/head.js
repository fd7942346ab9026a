// What stands above the samples: the case, progress and verdict, findings.

import * as address from "../../lib/address.js";
import { anchor, button, el, live } from "../../lib/dom.js";
import { fold } from "../../lib/fold.js";
import { tabMemory } from "../../lib/memory.js";
import { counted, letter, short } from "../../lib/names.js";
import { rich } from "../../lib/rich.js";
import { note, responses, title, turns } from "../../views/case.js";
import { sparkButton } from "../../views/sparkline.js";
import { grouped } from "./rows.js";
import { columns } from "./state.js";

const NAMED_KINDS = 2;

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Case} Case */
/** @typedef {import("../../types").Finding} Finding */
/** @typedef {ReturnType<typeof makeHead>} Head */

const SPOKEN_EVERY = 5;

/** @param {State} state */
export function makeHead(state) {
  const { parts } = state;
  const said = el("p", "grm-said");
  const bar = el("progress");
  // What a screen reader is told: the phase, and every fifth sample, not every token.
  const spoken = live("span", "grm-hidden");
  parts.progress.append(said, bar, spoken);
  const words = el("div", "grm-verdict-words");
  const spark = sparkButton(() => {
    state.isGrown = !state.isGrown;
    tabMemory.write("plot", state.isGrown);
    state.act.drawPlot();
  });
  parts.verdict.append(words, spark.node);
  return { words, spark, said, bar, spoken, spokenOf: "", caseOf: "", findingsOf: "", findingAt: -1 };
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
  head.append(el("strong", "", "Query "), el("span", "grm-oneline", item.line));
  head.append(el("span", "grm-opener", count === 1 ? "1 response" : `${count} responses`));
  box.append(head, ...turns(item));
  if (item.reference) {
    box.append(el("div", "grm-role", "reference answer"), fold(rich(item.reference), item.reference, "reference"));
  }
  const { models, labels } = item;
  const beside = (/** @type {number} */ i) => [
    title(i),
    ...(models ? [el("span", "grm-writer", models[i])] : []),
    ...(labels ? [note(`label ${labels[i]}`)] : []),
  ];
  box.append(responses(item, beside, true));
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
  const { words } = head;
  words.replaceChildren();
  if (voted.verdict) words.append(el("h2", "", voted.verdict));
  if (voted.notes?.length) words.append(el("p", "grm-note", voted.notes.join(" ")));
  if (comparedWith && comparedWith !== value.session) {
    const to = address.link("compare", { a: comparedWith, b: value.session });
    words.append(anchor("Compare with the session whose principles were taken over", to, "grm-link"));
  }
  if (value.origin) words.append(el("p", "grm-note", `Judged by ${value.origin}.`));
}

/** The verdict as the title of the tab says it. @param {State} state */
export function titleOf({ value, voted }) {
  if (!value.session) return "";
  const { winner, totals } = voted;
  if (!totals) return value.running ? "Judging" : "";
  if (winner === null || winner === undefined) return totals.length > 1 ? "A tie" : "One response";
  const others = totals.filter((_, r) => r !== winner);
  return others.length ? `${letter(winner)} wins by ${short(totals[winner] - Math.max(...others))}` : "One response";
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
  const summary = el("summary");
  summary.append(...summaryOf(findings));
  const list = el("ul");
  list.append(...grouped(findings).map((one) => findingLine(state, one)));
  box.append(summary, list);
  parts.findings.append(box);
}

/** How many findings there are, and the two kinds that matter most; information is only counted.
 * @param {readonly Finding[]} findings, the gravest first */
function summaryOf(findings) {
  const grave = findings.filter(({ severity }) => severity !== "info");
  const kinds = [...new Set(grave.map(({ kind }) => kind))];
  const beside = findings.length - grave.length;
  const more = kinds.length > NAMED_KINDS ? ` and ${counted(kinds.length - NAMED_KINDS, "other kind")}` : "";
  const named = kinds.length ? `: ${kinds.slice(0, NAMED_KINDS).join(", ")}${more}` : "";
  const info = beside ? `${named ? "; " : ", "}${beside} for information` : "";
  const count = grave.length ? counted(grave.length, "finding") : "No findings";
  return [el("strong", "", count), el("span", "", `${named}${info}`)];
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

// ---- nothing judged yet: what there is to read

/** @param {State} state @param {HTMLElement} list */
export function drawRecent({ element, value }, list) {
  if (!element.contains(list)) element.append(list);
  const sessions = value.session ? [] : value.recent || [];
  list.hidden = !sessions.length;
  list.replaceChildren(el("h2", "", "Open a recorded session"));
  for (const { id, title: text, k, demo } of sessions) {
    const link = anchor(text || "(no title)", address.sessionLink(id));
    link.append(note(`k = ${k}${demo ? " · recorded" : ""}`));
    list.append(link);
  }
}
