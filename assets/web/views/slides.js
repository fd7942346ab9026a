// The slides of the Demo by kind, each drawn onto the state's stage.

import { button, chip, download, el, input, labelled, live, scrolled } from "../lib/dom.js";
import { indexOf, letter } from "../lib/names.js";
import { plot, restyle } from "../lib/plot.js";
import { isStill } from "../lib/preferences.js";
import { rich, withFormulas } from "../lib/rich.js";
import { note, question, responses } from "./case.js";
import { scoreCell } from "./matrix.js";
import { headed } from "./table.js";

/** @typedef {import("../types").Recorded} Recorded */
/** @typedef {import("../types").Over} Over */
/** @typedef {import("../types").Measured} Measured */
/** @typedef {Record<string, any>} Figure a plotly figure as plain JSON */
/** @typedef {import("../types").Row} Row */
/** @typedef {import("../pages/demo").State} State */

const FASTEST = 0.4; // seconds a sample, on average, unless the recorded pace is wanted
const SLOWEST = 20; // samples of a batch took turns: nobody waits for their recorded pace
const END =
  "Sampling more and voting helps where the judge errs at random, and does not where it errs in the same way.";

/** @param {State} state @param {Recorded} slide */
function answers({ stage }, slide) {
  const isBest = (/** @type {number} */ i) => slide.kind !== "vote" && slide.best === letter(i);
  const asked = rich(question(slide.case));
  asked.classList.add("grm-asked");
  for (const { role, content } of slide.case.query.slice(0, -1)) {
    const turn = el("div", "grm-earlier");
    turn.append(el("span", "grm-role", role), rich(content));
    stage.append(turn);
  }
  stage.append(
    asked,
    responses(slide.case, (i) => (isBest(i) ? [note("labelled best")] : [])),
  );
}

/** A response with its number. @param {number} i @param {readonly number[] | null} numbers */
const scored = (i, numbers) => (numbers ? chip(i, ` ${numbers[i]}`) : chip(i));

/** @param {State} state @param {Recorded} slide */
export function drawVote(state, slide) {
  const { stage, votes } = state;
  answers(state, slide);
  const row = el("div", "grm-votes");
  const names = [...slide.case.responses.map((_, i) => letter(i)), "tie"];
  for (const name of names) {
    const node = button("", "grm-vote", () => {
      votes[name] = (votes[name] || 0) + 1;
      label();
    });
    const label = () => {
      node.textContent = name + (votes[name] ? ` · ${votes[name]}` : "");
      state.keepVotes();
    };
    node.dataset.key = name[0].toLowerCase();
    label();
    row.append(node);
  }
  const again = button("Clear votes", "grm-small", () => {
    for (const name of names) votes[name] = 0;
    state.keepVotes();
    state.redraw();
  });
  row.append(again);
  stage.append(row);
}

/** @param {State} state @param {Recorded} slide */
export function drawSample(state, slide) {
  answers(state, slide);
  const { first } = slide;
  const card = el("article", "grm-card-plain");
  state.stage.append(card);
  if (!first) return;
  card.append(el("h4", "", `Sample 1 of ${slide.rows.length} · ${slide.model} · principles`));
  for (const { text, weight } of first.principles) {
    const line = el("p", "", "• ");
    line.append(rich(text, { isLine: true }), weight === null ? "" : ` (weight ${weight})`);
    card.append(line);
  }
  card.append(el("h4", "", "Critique and scores"));
  for (const [name, text] of first.said) {
    const line = el("div", "grm-said-line");
    if (name !== null) line.append(scored(indexOf(name), first.scores));
    line.append(rich(text));
    card.append(line);
  }
  if (first.said[0][0] === null) card.append(...(first.scores || []).map((_, i) => scored(i, first.scores)));
}

/** How the vote stands after k samples. @param {Recorded} slide @param {number} k */
export function standing(slide, k) {
  const winner = slide.winners[k - 1];
  const lead = !slide.totals[k - 1].length ? "no readable score" : winner ? `${winner} leads` : "a tie";
  const label = winner === slide.best ? ", as labelled" : `, the label says ${slide.best}`;
  return `k = ${k}: ${lead}${slide.best ? label : ""}`;
}

/** @param {State} state @param {Recorded} slide */
export function drawGrow(state, slide) {
  answers(state, slide);
  const total = slide.rows.length;
  const line = live("p", "grm-verdict-line");
  const totals = el("div", "grm-chips");
  const { node: reasons, reveal } = spoken(slide);
  const slider = input({ type: "range", min: "1", max: String(total), value: "1" }, "k, samples added up");
  const area = slide.figure ? growing(state, slide.figure) : { node: el("div"), show: () => {} };
  /** @param {number} k */
  const show = (k) => {
    slider.value = String(k);
    line.textContent = standing(slide, k);
    const sums = slide.totals[k - 1];
    totals.replaceChildren(...sums.map((_, i) => scored(i, sums)));
    area.show(k);
    reveal(k);
  };
  const head = el("div", "grm-standing");
  head.append(line, totals);
  const below = el("div", "grm-grown");
  below.append(area.node, reasons);
  state.stage.append(player(state, slide, slider, show), head, below);
  show(1);
}

/** The samples to read beside the plot, each once it has voted; all of them keep their room. @param {Recorded} slide */
function spoken(slide) {
  const node = el("div", "grm-reasons");
  const cards = [...slide.reasons]
    .sort((a, b) => a.k - b.k)
    .map((reason) => {
      const card = el("article", "grm-reason");
      const head = el("div", "grm-chips");
      const { scores } = reason;
      head.append(el("strong", "", `Sample ${reason.k}`), ...(scores || []).map((_, i) => scored(i, scores)));
      const about = el("div", "grm-said-line");
      about.append(chip(indexOf(reason.about)), rich(reason.said));
      card.append(head, about);
      node.append(card);
      return { card, k: reason.k };
    });
  const reveal = (/** @type {number} */ k) => {
    for (const each of cards) each.card.classList.toggle("grm-unseen", k < each.k);
  };
  return { node, reveal };
}

/** Play button, slider and pace. @param {State} state @param {Recorded} slide
 * @param {HTMLInputElement} slider @param {(k: number) => void} show */
function player(state, slide, slider, show) {
  const total = slide.rows.length;
  const paced = input({ type: "checkbox" });
  const mean = slide.seconds.reduce((a, b) => a + b, 0) / total || 1;
  const wait = (/** @type {number} */ k) =>
    1000 * slide.seconds[k - 1] * (paced.checked ? 1 : Math.min(1, FASTEST / mean));
  const halt = () => {
    state.stop();
    play.textContent = "▶ play";
  };
  /** @param {number} k */
  const next = (k) => {
    show(k);
    if (k >= total) halt();
    else state.timer = window.setTimeout(next, wait(k + 1), k + 1);
  };
  /** @type {HTMLButtonElement} */
  const play = button("▶ play", "grm-vote", () => {
    if (state.timer) halt();
    else if (isStill()) show(total);
    else {
      play.textContent = "■ stop";
      next(Number(slider.value) >= total ? 1 : Number(slider.value));
    }
  });
  play.dataset.key = "p";
  // The next key plays, then jumps to the end, then turns the page.
  state.advance = () => {
    if (Number(slider.value) >= total) return false;
    if (state.timer) {
      halt();
      show(total);
    } else play.click();
    return true;
  };
  slider.addEventListener("input", () => {
    halt();
    show(Number(slider.value));
  });
  const row = el("div", "grm-votes");
  row.append(play, slider);
  if (mean <= SLOWEST) row.append(labelled(`at recorded pace, ${mean.toFixed(1)} s a sample`, paced));
  return row;
}

/** The margin up to k; the axes are those of the whole curve, so that it grows and does not jump.
 * @param {State} state @param {Figure} figure */
function growing(state, figure) {
  const [trace] = figure.data;
  const low = Math.min(0, ...trace.y);
  const high = Math.max(0, ...trace.y);
  const room = 0.1 * (high - low || 1);
  const yaxis = { ...figure.layout.yaxis, range: [low - room, high + room] };
  const node = el("div");
  /** @param {number} k */
  const show = (k) => {
    const x = trace.x.filter((/** @type {number} */ each) => each <= k);
    const points = { x, y: trace.y.slice(0, x.length) };
    if (restyle(node.firstElementChild, points, 0)) return;
    const height = heightLeft(state.stage, node.getBoundingClientRect().top);
    const layout = { ...figure.layout, yaxis, height, font: { size: 0.62 * state.points() } };
    node.replaceChildren(plot({ data: [{ ...trace, ...points }], layout }, "Margin over k"));
  };
  return { node, show };
}

/** A plot's height, so that the slide fills the screen and does not scroll. @param {Element} stage @param {number} top */
const heightLeft = (stage, top) =>
  Math.max(170, Math.min(0.48 * window.innerHeight, stage.getBoundingClientRect().bottom - top));

/** The samples from the meta RM's best to its worst, half of them beside the other half, so that all are seen at once.
 * @param {State} state @param {Recorded} slide */
export function drawFilter(state, slide) {
  answers(state, slide);
  const tables = el("div", "grm-filter-tables");
  const ranked = rankedByMeta(slide.rows);
  const half = Math.ceil(slide.rows.length / 2);
  const line = el("p", "grm-verdict-line");
  let filtered = false;
  const draw = () => {
    const parts = [ranked.slice(0, half), ranked.slice(half)];
    tables.replaceChildren(...parts.map((rows) => filterTable(slide, rows, filtered)));
    line.textContent = filtered ? slide.guided : slide.verdict;
  };
  /** @type {HTMLButtonElement} */
  const turn = button("filter by the meta RM", "grm-vote", () => {
    filtered = !filtered;
    turn.textContent = filtered ? "without the filter" : "filter by the meta RM";
    draw();
  });
  state.advance = () => {
    if (filtered) return false;
    turn.click();
    return true;
  };
  state.stage.append(turn, line, tables);
  draw();
}

/** What could be read, best meta logit first. @param {readonly Row[]} rows */
export const rankedByMeta = (rows) =>
  rows.filter(({ scores }) => scores).sort((a, b) => (b.meta ?? 0) - (a.meta ?? 0));

/** @param {Recorded} slide @param {Row[]} rows @param {boolean} filtered */
function filterTable(slide, rows, filtered) {
  const letters = slide.case.responses.map((_, i) => letter(i));
  const table = headed("grm-filter-table", ["sample", ...letters, "meta RM"]);
  for (const { i, scores, meta } of rows) {
    const isOut = filtered && !slide.kept.includes(i);
    const line = el("tr", isOut ? "grm-dropped" : "");
    line.append(el("td", "grm-index", (isOut ? "× " : "") + (i + 1)));
    line.append(...(scores || []).map((score) => scoreCell(score, false)));
    line.append(el("td", "grm-num", meta === null ? "–" : meta.toFixed(2)));
    table.append(line);
  }
  return table;
}

/** @param {State} state @param {Over} slide */
export function drawAccuracy(state, slide) {
  const { stage } = state;
  const table = setsTable(slide.sets);
  stage.append(table);
  const height = heightLeft(stage, table.getBoundingClientRect().bottom);
  const font = { size: 0.62 * state.points() };
  const layout = { ...slide.figure.layout, height, font, legend: { ...slide.figure.layout.legend, font } };
  table.before(plot({ ...slide.figure, layout }, "Accuracy over k"));
}

/** A line for each set: one sample against all, with intervals. @param {readonly Measured[]} sets */
function setsTable(sets) {
  const table = headed("grm-sets", ["Set", "Items", "One sample", "All samples", "Difference, points"]);
  for (const set of sets) {
    const line = el("tr", "");
    const last = set.k.length - 1;
    const between = (/** @type {number} */ i) => `${percent(set.low[i])} to ${percent(set.high[i])}`;
    line.append(
      el("td", "", set.name),
      el("td", "grm-num", set.n),
      el("td", "grm-num", `${percent(set.voting[0], 1)} (${between(0)})`),
      el("td", "grm-num", `k = ${set.k[last]}: ${percent(set.voting[last], 1)} (${between(last)})`),
      el("td", "grm-num", `${points(set.gain[0])} (${points(set.gain[1])} to ${points(set.gain[2])})`),
    );
    table.append(line);
  }
  return scrolled(table, "Accuracy of each set");
}

const percent = (/** @type {number} */ share, digits = 0) => `${(100 * share).toFixed(digits)}%`;

/** Signed, with a true minus. @param {number} share */
const points = (share) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;

/** @param {State} state @param {() => void} again */
export function drawEnd({ stage, slides, ask }, again) {
  const take = button("Hand-out (HTML, opens offline)", "grm-vote", async () => {
    const text = await ask.handout();
    if (text) download("grm-lens-demo.html", "text/html", await withFormulas(text));
  });
  const seen = el("ul", "grm-takeaways");
  for (const { title, said } of slides.filter(({ kind }) => kind !== "vote")) {
    const line = el("li");
    line.append(el("strong", "", `${title}. `), said);
    seen.append(line);
  }
  stage.append(el("h1", "", "Summary"), el("p", "grm-lead", END), seen, take, button("Start over", "grm-vote", again));
}
