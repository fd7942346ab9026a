// The Demo: recorded sessions as slides. Everything is here after one answer of the server; no model is asked.

import * as address from "../lib/address.js";
import { anchor, button, el } from "../lib/dom.js";
import { keySheet, meant, namesOf, onKey, withModifier } from "../lib/keys.js";
import { tabMemory } from "../lib/memory.js";
import { calls } from "../lib/rpc.js";
import { onSwipe } from "../lib/swipe.js";
import { drawAccuracy, drawEnd, drawFilter, drawGrow, drawSample, drawVote } from "../views/slides.js";
import { between, isNotes, mountNotes, openNotes } from "./demo/notes.js";

/** @typedef {import("../types").Recorded} Recorded */
/** @typedef {import("../types").Over} Over */
/** @typedef {import("../lib/page").Place<object, object>} Place */
/** @typedef {ReturnType<typeof begun>} State */

const KEYS = /** @type {const} */ ([
  ["→ ←", "next, previous (also space, page keys and a presenter's remote)"],
  ["A B C D", "vote, where the slide asks"],
  ["p", "play the vote"],
  ["n", "the presenter's notes, in a window of their own"],
  ["f", "full screen, without navigation; again, or Escape, leaves it"],
]);
const BALLOTS = "demo-votes";

/** @param {Place} place */
export async function mount({ element, server }) {
  const state = begun(calls(server));
  const { box, stage, bar, sheet } = state;
  element.append(box);
  if (isNotes()) {
    const turn = mountNotes(box, (await state.ask.tour()) || []);
    onKey(document, (event) => {
      const meantBy = meaningHere(state, event);
      if (meantBy === "on" || meantBy === "back") turn(meantBy);
    });
    return;
  }
  box.append(stage, bar, sheet.node);
  onKey(document, (event) => {
    if (element.isConnected) press(state, event);
  });
  onSwipe(stage, (by) => move(state, by === 1 ? "on" : "back"));
  state.say = between((said) => {
    if (!element.isConnected) return;
    if ("turn" in said) move(state, said.turn);
    else if ("ask" in said) state.say({ at: state.at });
  });
  stage.append(el("p", "grm-hint", "Reading the recorded sessions …"));
  state.slides = (await state.ask.tour()) || [];
  go(state, (Number(window.location.hash.slice(1)) || 1) - 1);
}

/** @param {import("../types").DemoServer} ask */
function begun(ask) {
  return {
    ask,
    box: el("div", "grm-demo"),
    stage: el("div", "grm-stage"),
    bar: el("div", "grm-demo-bar"),
    sheet: keySheet(KEYS),
    /** @type {(Recorded | Over)[]} */
    slides: [],
    at: 0,
    /** of what plays; 0 where nothing does */
    timer: 0,
    /** What the next key does on this slide before the page turns; whether it did anything. */
    advance: () => false,
    /** To the window with the notes. @type {ReturnType<typeof between>} */
    say: () => {},
    /** @type {Record<string, number>} */
    votes: tabMemory.read(BALLOTS, {}),
    keepVotes() {
      tabMemory.write(BALLOTS, this.votes);
    },
    stop() {
      clearTimeout(this.timer);
      this.timer = 0;
    },
    /** The size of the slide's letters, in pixels: plots follow it. */
    points() {
      return Number.parseFloat(getComputedStyle(this.box).fontSize);
    },
    /** @type {() => void} */
    redraw() {
      drawSlide(this);
    },
  };
}

/** @param {State} state @param {number} to */
function go(state, to) {
  state.stop();
  state.at = Math.max(0, Math.min(state.slides.length, to));
  const url = new URL(window.location.href); // whole: a bare "#2" is taken from Gradio's <base>, which is another page
  url.hash = String(state.at + 1);
  window.history.replaceState(null, "", url);
  drawSlide(state);
  state.say({ at: state.at });
}

/** As a key of a remote does. @param {State} state @param {"on" | "back"} turn */
function move(state, turn) {
  if (turn === "back") go(state, state.at - 1);
  else if (!state.advance()) go(state, state.at + 1);
}

/** @param {State} state */
function drawSlide(state) {
  const { stage, bar, slides, at } = state;
  const focused = bar.contains(document.activeElement) ? document.activeElement?.textContent : null;
  stage.replaceChildren();
  state.advance = () => false;
  if (!slides.length) {
    stage.append(el("p", "", "There are no recorded sessions here."));
    bar.replaceChildren();
    return;
  }
  drawBar(state); // first: a plot takes the room that the bar leaves
  if (at < slides.length) drawKind(state, slides[at]);
  else drawEnd(state, () => go(state, 0));
  const again = [...bar.children].find((node) => focused && node.textContent === focused);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {State} state @param {Recorded | Over} slide */
function drawKind(state, slide) {
  state.stage.dataset.kind = slide.kind;
  state.stage.append(el("h1", "", slide.title), el("p", "grm-lead", slide.said));
  if ("sets" in slide) drawAccuracy(state, slide);
  else if (slide.kind === "vote") drawVote(state, slide);
  else if (slide.kind === "sample") drawSample(state, slide);
  else if (slide.kind === "grow") drawGrow(state, slide);
  else drawFilter(state, slide);
}

/** @param {State} state */
function drawBar(state) {
  const { bar, slides, at } = state;
  const slide = slides[at];
  const dots = slides.map((_, i) => {
    const dot = button(i + 1, "grm-small", () => go(state, i));
    dot.setAttribute("aria-current", String(i === at));
    return dot;
  });
  const leave = anchor("Open this session", leaveTo(slide), "grm-link");
  leave.hidden = !(slide && "session" in slide);
  bar.replaceChildren(
    button("◀ Back", "grm-small", () => go(state, at - 1)),
    ...dots,
    button("Next ▶", "grm-small", () => go(state, at + 1)),
    el("span", "grm-room"),
    leave,
    button("Notes", "grm-small", openNotes),
    button("Keys", "grm-small", () => state.sheet.show()),
    button("Full screen", "grm-small", fillScreen),
  );
}

/** The slides alone on the screen, or the page again. */
function fillScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {}); // a frame may forbid it: the slides stay as they are
}

/** @param {Recorded | Over | undefined} slide */
const leaveTo = (slide) =>
  slide && "session" in slide && slide.session ? address.sessionLink(slide.session) : address.link("");

/** Page keys come from a presenter's remote, whatever was clicked last; the others leave fields and buttons alone.
 * @param {string} key @param {boolean} inField @param {boolean} onButton @param {boolean} live single keys are followed
 * @returns {"on" | "back" | "named" | null} */
export function meaning(key, inField, onButton, live) {
  if (key === "PageDown") return "on";
  if (key === "PageUp") return "back";
  if (inField) return null;
  if (key === "ArrowRight" || (key === " " && !onButton && live)) return "on";
  if (key === "ArrowLeft") return "back";
  return key.length === 1 && live ? "named" : null;
}

/** What a key press is to do. @param {State} state @param {KeyboardEvent} event */
function meaningHere({ sheet }, event) {
  if (withModifier(event)) return null;
  const target = /** @type {Element} */ (event.target);
  const inField = Boolean(target.closest("input, select, textarea"));
  return meaning(namesOf(event)[0] ?? "", inField, Boolean(target.closest("button, a")), sheet.live());
}

/** @param {State} state @param {KeyboardEvent} event */
function press(state, event) {
  const { sheet, stage } = state;
  const names = namesOf(event);
  if (names.includes("?") && !withModifier(event)) {
    sheet.show();
    return;
  }
  if (sheet.node.open) return;
  const meaningOf = meaningHere(state, event);
  if (meaningOf === "on" || meaningOf === "back") move(state, meaningOf);
  else if (meaningOf === "named") {
    const named = meant(event, (name) => stage.querySelector(`button[data-key="${CSS.escape(name)}"]`));
    if (named instanceof HTMLElement) named.click();
    else if (names.includes("f")) fillScreen();
    else if (names.includes("n")) openNotes();
    else return;
  } else return;
  event.preventDefault();
}
