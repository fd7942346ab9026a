// The dials: the stored samples are voted again, no model is asked. And the address, which holds them.

import * as address from "../../lib/address.js";
import { button, chip, el, input, labelled } from "../../lib/dom.js";
import { hasMeta, namesOf } from "./rows.js";
import { METHODS } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Dials} DialsState */
/** @typedef {ReturnType<typeof makeDials>} Dials */
/** @typedef {ReturnType<typeof makeSlider>} Slider */

const PACE = { whole: 12000, fastest: 120, slowest: 600 }; // milliseconds, of the replay

/** @param {State} state */
export function makeDials(state) {
  const { parts, act } = state;
  const { box, inputs } = makeMethods((method) => act.turn({ method }));
  // Another k puts k_meta back to half of it.
  const k = makeSlider("k-voted", "k", (at) =>
    act.turn({ k: at >= state.value.rows.length ? null : at, k_meta: null }),
  );
  const meta = makeSlider("k-meta", "k_meta", (at) => act.turn({ k_meta: at }));
  const player = button("▶ Play", "grm-small", () => play(state, player));
  player.title = "replay the vote from k = 1 on";
  const totals = el("div", "grm-totals");
  parts.dials.append(box, k.box, player, meta.box);
  parts.verdict.append(totals); // a row of its own: beside the dials it wraps
  return { methods: inputs, k, meta, player, totals };
}

/** @param {(method: string) => void} act */
function makeMethods(act) {
  const box = el("div", "grm-methods");
  box.id = "method";
  box.setAttribute("role", "radiogroup");
  box.setAttribute("aria-label", "Voting method");
  const inputs = METHODS.map((name) => {
    const node = input({ type: "radio", name: "grm-method", value: name });
    const label = el("label");
    node.addEventListener("change", () => act(name));
    label.append(node, el("span", "", name));
    box.append(label);
    return node;
  });
  return { box, inputs };
}

/** @param {string} id @param {string} text @param {(at: number) => void} act */
function makeSlider(id, text, act) {
  const slider = input({ type: "range", min: "1", max: "8", step: "1", id });
  const number = el("output");
  slider.addEventListener("input", () => {
    number.textContent = slider.value;
    act(Number(slider.value));
  });
  const box = labelled(text, slider);
  box.append(number);
  return { slider, number, box };
}

/** Replays the vote sample by sample; the samples are drawn already. @param {State} state @param {HTMLElement} player */
export function play(state, player) {
  const { value, act } = state;
  if (state.playing) {
    clearInterval(state.playing);
    state.playing = 0;
    player.textContent = "▶ play";
    return;
  }
  if (value.rows.length < 2) return;
  let k = 0;
  player.textContent = "■ stop";
  const pace = Math.max(PACE.fastest, Math.min(PACE.slowest, PACE.whole / value.rows.length));
  state.playing = window.setInterval(() => {
    const count = state.value.rows.length;
    k += 1;
    act.turn({ k: k >= count ? null : k, k_meta: null });
    if (k >= count) play(state, player);
  }, pace);
}

/** @param {State} state @param {Dials} nodes */
export function drawDials({ value, voted, dials, parts }, { methods, k, meta, totals }) {
  parts.dials.hidden = !value.rows.length;
  const isGuidable = hasMeta(value.rows);
  for (const node of methods) {
    node.checked = node.value === dials.method;
    node.disabled = node.value !== "naive" && !isGuidable && !node.checked;
    node.title = node.disabled ? "No meta RM has read these samples" : "";
  }
  const count = Math.max(1, value.rows.length);
  const at = Math.min(dials.k ?? count, count);
  const half = Math.max(1, Math.floor((voted.valid ?? at) / 2));
  put(k, count, at, count > 1);
  put(meta, at, Math.min(dials.k_meta ?? half, at), at > 1 && dials.method !== "naive");
  totals.replaceChildren(
    ...(voted.totals || []).map((total, r) => {
      const one = chip(r, Number.isInteger(total) ? total : total.toFixed(2));
      if (r === voted.winner) one.classList.add("grm-won");
      return one;
    }),
  );
}

/** @param {Slider} dial @param {number} most @param {number} at @param {boolean} isUsable */
function put({ slider, number, box }, most, at, isUsable) {
  slider.max = String(Math.max(2, most));
  if (document.activeElement !== slider || Number(slider.value) > most) slider.value = String(at);
  number.textContent = String(at);
  slider.disabled = !isUsable;
  box.classList.toggle("grm-off", !isUsable);
}

/** One sample fewer or more in the vote. @param {State} state @param {number} by */
export function moveK({ value, dials, act }, by) {
  const count = value.rows.length;
  const k = Math.max(1, Math.min(count, (dials.k ?? count) + by));
  act.turn({ k: k >= count ? null : k, k_meta: null });
}

/** @param {State} state @param {Dials} nodes @param {number} by */
export function moveMeta({ value, dials, act }, { meta }, by) {
  if (dials.method === "naive") return;
  const most = Math.min(dials.k ?? value.rows.length, value.rows.length);
  act.turn({ k_meta: Math.max(1, Math.min(most, Number(meta.slider.value) + by)) });
}

/** @param {State} state */
export function nextMethod({ value, dials, act }) {
  const methods = hasMeta(value.rows) ? METHODS : METHODS.slice(0, 1);
  act.turn({ method: methods[(methods.indexOf(dials.method) + 1) % methods.length] });
}

/** The view in the address bar. @param {State} state */
export function nameView({ value: { session }, dials, touched, chosen, mode }) {
  if (!session) return;
  const names = namesOf({ session, dials, chosen: touched ? chosen : null, mode });
  const url = address.withParams(window.location.href, names);
  url.search = url.search.replaceAll("%2C", ",");
  address.show(url);
}
