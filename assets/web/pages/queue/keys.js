// Buttons that show their key.

import { button, el } from "../../lib/dom.js";

/** A button that shows its key. @param {string | number} pressed @param {string} label @param {() => unknown} act
 * @param {boolean} [isOn] */
export function keyButton(pressed, label, act, isOn = false) {
  const node = button("", `grm-key${isOn ? " grm-on" : ""}`, act);
  node.append(el("kbd", "", pressed), ` ${label}`);
  node.setAttribute("aria-pressed", String(isOn));
  return node;
}
