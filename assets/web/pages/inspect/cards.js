// Samples side by side. Every card has the same rows (head, principles, what is said of no response, then of each), so
// that they align.

import { button, chip, el, hint } from "../../lib/dom.js";
import { fold } from "../../lib/fold.js";
import { rich } from "../../lib/rich.js";
import { changed, critiqueText, principleLines, rawText, reasoningBox, showQuote } from "../../views/card.js";
import { openComposer } from "./bar.js";
import { isDropped } from "./rows.js";
import { detailOf } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("../../types").Detail} Detail */
/** @typedef {import("../../types").Quote} Quote */
/** @typedef {import("../../types").Differences | null | undefined} Changes */

const HOW = "Choose up to three samples to read them side by side: click, Enter, or j and k.";

/** @param {State} state @param {() => boolean} isLast */
export async function drawSamples(state, isLast) {
  const { value, chosen, comparing, ask, parts } = state;
  const indices = [...chosen].sort((a, b) => a - b);
  const samples = (await Promise.all(indices.map((i) => detailOf(state, i)))).filter((each) => each !== undefined);
  const others = comparing ? samples.slice(1) : [];
  const changes = await Promise.all(others.map((other) => ask.differences(value.session, samples[0].i, other.i)));
  if (!isLast()) return;
  const { cards } = parts;
  cards.className = "grm-cards";
  cards.style.setProperty("--cols", String(Math.max(1, samples.length)));
  cards.style.setProperty("--rows", String(4 + state.value.n));
  if (samples.length) {
    cards.replaceChildren(...samples.map((sample, at) => card(state, sample, changes[at - 1])));
    markCards(state);
    return;
  }
  const { rows, running } = state.value;
  cards.replaceChildren(hint(rows.length ? HOW : running ? "Samples appear here as they finish." : ""));
}

/** Which cards the present vote leaves out. @param {State} state */
export function markCards({ parts, value, voted }) {
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (parts.cards.querySelectorAll(".grm-card"))) {
    const row = value.rows.find(({ i }) => i === Number(box.dataset.i));
    const mark = box.querySelector(".grm-state");
    if (mark) mark.textContent = row && isDropped(row, voted) ? "× not voted" : "";
  }
}

/** @param {State} state @param {Detail} sample @param {Changes} changes */
function card(state, sample, changes) {
  const box = el("article", "grm-card");
  box.dataset.i = String(sample.i);
  box.setAttribute("aria-label", `Sample ${sample.i + 1}`);
  const head = el("header");
  const scores = el("div", "grm-chips");
  scores.append(...(sample.scores || []).map((score, r) => chip(r, ` ${score}`)));
  head.append(el("h3", "", `Sample ${sample.i + 1}`), el("span", "grm-state"), scores);
  if (sample.reason) head.append(el("p", "grm-bad", `Casts no vote: ${sample.reason}.`));
  box.append(head, principles(sample, changes), ...critique(state, sample, changes), footer(state, sample));
  return box;
}

/** @param {Detail} sample @param {Changes} changes */
function principles(sample, changes) {
  const box = el("div", "grm-principles");
  if (!sample.principles.length) return box;
  box.append(el("h4", "", "Principles"));
  if (changes) box.append(changed(changes.principles));
  else box.append(...principleLines(sample.principles));
  return box;
}

/** One cell for what is said of no response and one per response, in own order, also where nothing is said.
 * @param {State} state @param {Detail} sample @param {Changes} changes */
function critique(state, sample, changes) {
  const cells = [generalCell(sample)];
  const isApart = sample.blocks.some(({ response }) => response !== null);
  for (let own = 0; own < state.value.n; own++) {
    const cell = el("div", "grm-about");
    if (isApart) cell.append(aboutHead(sample, own));
    cells.push(cell);
  }
  cells.forEach((cell, place) => {
    const own = place ? place - 1 : null;
    const blocks = sample.blocks.filter(({ response }) => response === own);
    if (changes) cell.append(changed(changes.blocks[own === null ? "general" : own] || []));
    else {
      const show = (/** @type {Quote} */ quote) => showInResponse(state, quote);
      const texts = blocks.map(({ at: [start, end] }) => critiqueText(sample, start, end, show));
      const box = el("div");
      box.append(...texts);
      const whole = blocks.map(({ at: [start, end] }) => sample.critique.slice(start, end)).join("\n");
      cell.append(fold(box, whole, `sample/${sample.i}/${own ?? "general"}`));
    }
  });
  if (!sample.critique && !sample.principles.length) {
    cells[0].append(fold(rich(sample.raw || "(nothing)"), sample.raw, `sample/${sample.i}/whole`));
  }
  return cells;
}

/** @param {Detail} sample */
function generalCell(sample) {
  const cell = el("div", "grm-about");
  if (sample.critique) cell.append(el("h4", "", "Critique"));
  return cell;
}

/** @param {Detail} sample @param {number} own */
function aboutHead(sample, own) {
  const head = el("div", "grm-about-head");
  const score = sample.scores?.[own];
  head.append(score === undefined ? chip(own) : chip(own, ` ${score}`));
  const sub = sample.sub[own];
  if (sub !== null && score !== undefined) {
    const differs = sub !== score;
    const text = `writes ${sub}/10${differs ? `, boxes ${score}` : ""}`;
    head.append(el("span", differs ? "grm-mismatch" : "grm-note", text));
  }
  return head;
}

/** @param {State} state @param {Detail} sample */
function footer(state, sample) {
  const foot = el("footer");
  foot.append(el("span", "", facts(sample, Boolean(state.value.alone)).join(" · ")));
  if (sample.principles.length) {
    const again = button("Judge again by these principles", "grm-small grm-again", () => {
      state.comparedWith = state.value.session;
      state.trigger("transfer", { session: state.value.session, sample: sample.i });
      openComposer(true);
      window.scrollTo({ top: 0 });
    });
    foot.append(" ", again);
  }
  foot.append(
    ...reasoningBox(sample, state.reasoningShown.has(sample.i), (isOpen) => {
      if (isOpen) state.reasoningShown.add(sample.i);
      else state.reasoningShown.delete(sample.i);
    }),
  );
  const raw = el("details", "grm-raw");
  raw.open = state.rawShown.has(sample.i);
  raw.addEventListener("toggle", () => {
    if (raw.open) state.rawShown.add(sample.i);
    else state.rawShown.delete(sample.i);
  });
  raw.append(el("summary", "", "Raw text"), rawText(sample));
  foot.append(raw);
  return foot;
}

/** How a sample was drawn. @param {Detail} sample @param {boolean} alone */
export function facts({ order, seed, tokens, seconds, finish, meta }, alone) {
  const parts = [alone ? "each response judged alone" : `shown as ${order.join(" ")}`, `seed ${seed}`];
  if (tokens !== null) parts.push(`${tokens} tokens`, `${seconds} s`);
  if (finish && finish !== "stop") parts.push(`finish: ${finish}`);
  if (meta !== null) parts.push(`meta ${meta.toFixed(2)}`);
  return parts;
}

/** Where the response holds the words of a quotation. @param {State} state @param {Quote} quote */
export function showInResponse({ parts }, quote) {
  const box = parts.case.querySelector("details");
  const texts = /** @type {NodeListOf<HTMLElement>} */ (parts.case.querySelectorAll(".grm-response .grm-rich"));
  const node = texts[quote.response ?? -1];
  if (!box || !node) return;
  box.open = true;
  showQuote(node, quote);
}

/** @param {State} state */
export function toggleRaw({ parts }) {
  const all = /** @type {HTMLDetailsElement[]} */ ([...parts.cards.querySelectorAll("footer .grm-raw")]);
  const isClosed = all.some((each) => !each.open);
  for (const each of all) each.open = isClosed;
  if (isClosed && all.length) all[0].scrollIntoView({ block: "center" }); // it stands below a long critique
}
