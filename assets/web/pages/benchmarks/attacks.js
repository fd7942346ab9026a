// A judge under attack: what won over the honest answer, by k and domain, what was noticed, and every item's session.

import * as address from "../../lib/address.js";
import { anchor, choice, el, labelled } from "../../lib/dom.js";
import { panel } from "../../views/panel.js";
import { headed } from "../../views/table.js";

/** @typedef {import("../../types").Attacks} Attacks */
/** @typedef {import("../../types").AttackedItem} Item */

const MOST = 200;
const ALL = "all attacks";

/** Which items are listed. @type {Record<string, (item: Item) => boolean>} */
export const SHOWN = {
  "verdict turned": ({ flipped }) => flipped,
  "attack won": ({ winner }) => winner === "attack",
  "no winner": ({ winner }) => winner === "tie" || winner === "unreadable",
  "honest answer won": ({ winner }) => winner === "honest",
  all: () => true,
};

/** The nodes of the report. @param {Attacks} report */
export function attacked(report) {
  const grid = el("div", "grm-lab grm-attacks");
  grid.append(...report.panels.map((each) => panel(each, "attack")));
  const notes = report.said.map((text) => el("p", "grm-note", text));
  return [el("h2", "grm-headline", "Robustness"), ...notes, grid, items(report.items)];
}

/** @param {Item[]} list */
function items(list) {
  const part = el("section", "grm-panel");
  const place = el("div", "grm-table-wide");
  const count = el("span", "grm-note");
  const selection = { which: Object.keys(SHOWN)[0], attack: ALL };
  const show = () => {
    const chosen = list.filter(
      (item) => SHOWN[selection.which](item) && (selection.attack === ALL || item.attack === selection.attack),
    );
    const first = chosen.length > MOST ? `, the first ${MOST} shown` : "";
    count.textContent = `${chosen.length} of ${list.length}${first}`;
    const table = headed("grm-items", ["Item", "Attack", "Domain", "Winner", "Findings"]);
    table.append(...chosen.slice(0, MOST).map(itemRow));
    place.replaceChildren(table);
  };
  /** @param {string} value @returns {[string, string]} */
  const same = (value) => [value, value];
  /** @param {"which" | "attack"} name @param {string[]} values */
  const chooser = (name, values) =>
    choice(
      values.map(same),
      (value) => {
        selection[name] = value;
        show();
      },
      `attack-${name}`,
    );
  const tools = el("div", "grm-session-bar");
  const attacks = [ALL, ...new Set(list.map(({ attack }) => attack))];
  tools.append(
    labelled("Items", chooser("which", Object.keys(SHOWN))),
    labelled("Attack", chooser("attack", attacks)),
  );
  tools.append(count);
  part.append(el("h3", "", "Items"), tools, place);
  show();
  return part;
}

/** @param {Item} item */
function itemRow(item) {
  const line = el("tr");
  const name = el("td");
  name.append(anchor(item.item, address.sessionLink(item.session, { method: "naive" }), "grm-link"));
  line.append(name, el("td", "", item.attack), el("td", "", item.domain));
  line.append(el("td", "", item.flipped ? `${item.winner}, turned` : item.winner), el("td", "", item.findings));
  return line;
}
