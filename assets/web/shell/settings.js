// Settings of this browser, on every page: theme, motion, how texts are shown, single keys.

import { button, choice, el, input, labelled } from "../lib/dom.js";
import { areKeysOn, turnKeys } from "../lib/keys.js";
import { isSource, motion, prefer, theme } from "../lib/preferences.js";

/** @type {[string, string][]} */
const THEMES = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];
/** @type {[string, string][]} */
const MOTIONS = [
  ["system", "System"],
  ["reduced", "Reduced"],
];

/** @typedef {ReturnType<typeof makeSettings>} Settings */

export function makeSettings() {
  const node = el("dialog", "grm-dialog grm-settings-box");
  node.setAttribute("aria-labelledby", "grm-settings-title");
  const title = el("h2", "", "Settings");
  title.id = "grm-settings-title";
  const themes = choice(THEMES, (value) => prefer("theme", value), "grm-theme");
  const motions = choice(MOTIONS, (value) => prefer("motion", value), "grm-motion");
  const source = input({ type: "checkbox", id: "grm-text-source" });
  source.addEventListener("change", () => prefer("source", source.checked));
  const keys = input({ type: "checkbox", id: "grm-single-keys" });
  keys.addEventListener("change", () => turnKeys(keys.checked));
  node.append(
    title,
    labelled("Theme", themes),
    labelled("Motion", motions),
    labelled("Texts exactly as they were written", source),
    labelled("Single keys, such as j and k", keys),
    el("p", "grm-note", "Kept in this browser. Press ? on a page for its keys, Ctrl K to go anywhere."),
    button("Close", "grm-small", () => node.close()),
  );
  const show = () => {
    themes.value = theme();
    motions.value = motion();
    source.checked = isSource();
    keys.checked = areKeysOn();
    if (!node.open) node.showModal();
  };
  return { node, show };
}
