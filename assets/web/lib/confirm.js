// A question before something that cannot be undone. The browser's own `confirm` does nothing in a frame of another site.

import { button, el } from "./dom.js";

/**
 * Whether the person agrees; Escape and a click beside the box say no.
 * @param {string} question @param {string} agree What the button that agrees says.
 * @returns {Promise<boolean>}
 */
export function confirmed(question, agree) {
  const box = el("dialog", "grm-confirm");
  const actions = el("div", "grm-actions");
  actions.append(
    button("Cancel", "grm-small", () => box.close("")),
    button(agree, "grm-small", () => box.close("yes")),
  );
  box.append(el("p", "", question), actions);
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close("");
  });
  (document.querySelector(".gradio-container") ?? document.body).append(box); // there, colours have their names
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue === "yes");
    });
    box.showModal();
  });
}
