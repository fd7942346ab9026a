// Small makers of nodes. Text reaches the page through textContent only: what a model or a person wrote is never markup.

import { colourOf, letter, shapeOf } from "./names.js";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} [cls] @param {string | number | boolean | null} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, cls, text) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
}

/** A node whose changes a screen reader speaks.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} [cls] @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function live(tag, cls, text) {
  const node = el(tag, cls, text);
  node.setAttribute("aria-live", "polite");
  return node;
}

/** @param {string | number} text @param {string} cls @param {(event: MouseEvent) => unknown} act */
export function button(text, cls, act) {
  const node = el("button", cls, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

/** A link; `href` comes from address.js. @param {string} text @param {string} href @param {string} [cls] */
export function anchor(text, href, cls) {
  const node = el("a", cls, text);
  node.href = href;
  return node;
}

/** A response's letter in its colour and shape, with a number or word beside it. @param {number} i @param {string | number} [beside] */
export function chip(i, beside) {
  const node = el("span", "grm-chip", letter(i));
  node.style.setProperty("--c", colourOf(i));
  node.dataset.shape = shapeOf(i);
  if (beside !== undefined) node.append(el("b", "", beside));
  return node;
}

/** @param {string} text @param {Node} field */
export function labelled(text, field) {
  const node = el("label", "grm-field");
  node.append(el("span", "", text), field);
  return node;
}

/** @param {HTMLSelectElement} node @param {Iterable<readonly [string, string]>} pairs @param {string} [now] */
export function fillChoice(node, pairs, now) {
  const options = [...pairs].map(([value, text]) => Object.assign(el("option", "", text), { value }));
  node.replaceChildren(...options);
  if (now !== undefined) node.value = now;
  node.title = node.selectedOptions[0]?.textContent ?? ""; // it may be cut
}

/** A list to choose from; `act` gets what was chosen.
 * @param {Iterable<readonly [string, string]>} pairs @param {(value: string) => unknown} act @param {string} [id] */
export function choice(pairs, act, id) {
  const node = el("select");
  if (id) node.id = id;
  fillChoice(node, pairs);
  node.addEventListener("change", () => {
    node.title = node.selectedOptions[0]?.textContent ?? "";
    act(node.value);
  });
  return node;
}

/** @param {Partial<HTMLInputElement>} properties @param {string} [label] */
export function input(properties, label) {
  const node = el("input");
  Object.assign(node, properties);
  if (label) node.setAttribute("aria-label", label);
  return node;
}

/** A row of a table. @param {"th" | "td"} tag @param {Iterable<string | number>} texts @param {string} [cls] */
export function tableRow(tag, texts, cls) {
  const node = el("tr");
  node.append(...[...texts].map((text) => el(text === "" ? "td" : tag, cls, text))); // an empty head is none
  return node;
}

/** What scrolls can be reached by keyboard. @template {HTMLElement} T @param {T} node @param {string} label @returns {T} */
export function scrolled(node, label) {
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
  return node;
}

/** A line that says what is wrong. @param {string} text */
export const problem = (text) => el("p", "grm-bad", text);

/** A line that says what to do, or what is going on. @param {string} text */
export const hint = (text) => el("p", "grm-hint", text);

/** @param {string} name @param {string} type @param {BlobPart} content text or bytes */
export function download(name, type, content) {
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
