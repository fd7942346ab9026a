// The presenter's notes in a window of their own: they follow the slides, and turn them.

import { button, el } from "../../lib/dom.js";

/** @typedef {import("../../types").Recorded | import("../../types").Over} Slide */
/** @typedef {{ at: number } | { turn: "on" | "back" } | { ask: true }} Said what windows say to each other */

const NAME = "notes"; // of the window, and what its address has

/** Whether this window is the one with the notes. */
export const isNotes = () => new URLSearchParams(window.location.search).has(NAME);

/** Where the windows of one browser hear each other. @param {(said: Said) => void} act */
export function between(act) {
  const channel = new BroadcastChannel("grm-lens-demo");
  channel.addEventListener("message", ({ data }) => act(data));
  return (/** @type {Said} */ said) => channel.postMessage(said);
}

export function openNotes() {
  const url = new URL(window.location.href);
  url.searchParams.set(NAME, "");
  window.open(url, `grm-lens-${NAME}`, "popup,width=560,height=640");
}

/** @param {HTMLElement} box @param {readonly Slide[]} slides */
export function mountNotes(box, slides) {
  const [page, clock] = [el("div", ""), el("span", "grm-num")];
  const since = Date.now();
  const send = between((said) => {
    if ("at" in said) draw(said.at);
  });
  /** @param {number} at */
  const draw = (at) => {
    const slide = slides[at];
    const place = slide ? `Slide ${at + 1} of ${slides.length}` : "After the last slide";
    const next = slides[at + 1]?.title ?? "Summary";
    page.replaceChildren(
      el("p", "grm-note", place),
      el("h1", "", slide ? slide.title : "Summary"),
      el("p", "grm-said", slide ? slide.notes : "Hand out the page, and take questions."),
      el("p", "grm-note", slide ? `Next: ${next}` : ""),
    );
  };
  const row = el("div", "grm-demo-bar");
  row.append(
    button("◀ Back", "grm-small", () => send({ turn: "back" })),
    button("Next ▶", "grm-small", () => send({ turn: "on" })),
    clock,
  );
  const tick = () => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  window.setInterval(tick, 1000);
  tick();
  box.classList.add("grm-notes");
  box.append(page, row);
  draw((Number(window.location.hash.slice(1)) || 1) - 1);
  send({ ask: true });
  return (/** @type {"on" | "back"} */ turn) => send({ turn });
}
