// Agreement of annotators, and what they differ on: both labels side by side, the final one by key.

import { button, el, problem, tableRow } from "../../lib/dom.js";
import { brief, counted } from "../../lib/names.js";
import { failed, why } from "../../lib/rpc.js";
import { framed, numbers } from "../../views/table.js";
import { leaveItem } from "./desk.js";
import { keyButton } from "./keys.js";
import { annotation, exportLabels, keep, may, tell } from "./saving.js";
import { PRINCIPLE_KEYS } from "./state.js";

/** @typedef {import("./state").State} State */
/** @typedef {import("./state").Differ} Differ */
/** @typedef {import("../../types").Agreed} Agreed */
/** @typedef {import("../../types").Table} Table */

/** @param {State} state */
export async function drawAgreement(state) {
  const isLast = state.turns.now();
  const agreement = await state.ask.agreed(state.me.queue, state.me.name);
  if (!isLast()) return;
  if (failed(agreement)) {
    leaveItem(state, problem(why(agreement)));
    return;
  }
  const before = state.settling?.at;
  leaveItem(state, ...parts(state, agreement));
  const open = agreement.differ.findIndex(({ final }) => !final);
  state.settling = { differ: agreement.differ, at: before ?? Math.max(0, open) };
  drawRows(state);
}

/** @param {State} state @param {Agreed} agreement */
function parts(state, { items, waiting, differ, alphas, kappas }) {
  const hidden = waiting ? ` Labels of the other ${waiting} stay hidden until then.` : "";
  const box = el("section", "grm-panel");
  box.append(
    el("h3", "", `To settle: ${differ.filter(({ final }) => !final).length}`),
    el("p", "grm-note", `${counted(items, "item")} completed by all assigned annotators.${hidden}`),
    el("div", "grm-settling"),
    button("Export gold labels", "grm-small", () => exportLabels(state, "gold")),
  );
  return [box, tableBox("Krippendorff's alpha, all annotators", alphas), tableBox("Cohen's kappa, every two", kappas)];
}

/** @param {string} title @param {Table} table */
function tableBox(title, table) {
  const part = el("section", "grm-panel");
  const none = "Nothing was labelled by two people yet.";
  part.append(el("h3", "", title), table.rows.length ? numbers(table) : el("p", "grm-note", none));
  return part;
}

/** What annotators differ about. @param {Pick<Differ, "kind" | "sample" | "place">} one */
export function differText({ kind, sample, place }) {
  if (kind === "best") return "best response";
  return `sample ${(sample ?? 0) + 1}${place === null ? "" : `, principle ${place + 1}`}`;
}

/** The rows of what is to be settled, the one chosen now marked, with its keys. @param {State} state */
function drawRows(state) {
  const { settling, nodes } = state;
  const place = nodes.side.querySelector(".grm-settling");
  if (!settling || !place) return;
  const { differ, at } = settling;
  if (!differ.length) {
    place.replaceChildren();
    return;
  }
  const people = [...new Set(differ.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const table = el("table", "grm-points grm-differs-on");
  const head = tableRow("th", ["Item", "About", ...people.map(brief), "Final", "Adjudicator", ""], "grm-words");
  people.forEach((name, i) => {
    head.cells[2 + i].title = name;
  });
  table.append(head);
  differ.forEach((one, i) => {
    const texts = [one.item + 1, differText(one), ...people.map((name) => one.labels[name] ?? "")];
    const row = tableRow("td", [...texts, one.final?.label ?? "", one.adjudicator], "grm-words");
    const cell = el("td");
    const choose = () => {
      settling.at = i;
      drawRows(state);
    };
    row.className = `grm-differ${i === at ? " grm-on" : ""}`;
    row.addEventListener("click", choose);
    cell.append(
      button("Open", "grm-small", () => {
        settling.at = i;
        openChosen(state);
      }),
    );
    row.append(cell);
    table.append(row);
  });
  place.replaceChildren(framed(table, "What annotators differ on", "grm-table"));
  const heading = nodes.side.querySelector("h3");
  if (heading) heading.textContent = `To settle: ${differ.filter(({ final }) => !final).length}`;
  place.querySelector(".grm-on")?.scrollIntoView({ block: "nearest" });
  drawFinal(state);
}

/** The key of a label: the one that an annotator gives it with. @param {Differ} one @param {number} i */
function keyOf({ kind, allowed }, i) {
  if (kind === "principle") return PRINCIPLE_KEYS.find(([, label]) => label === allowed[i])?.[0] ?? "";
  if (kind === "best" && i >= allowed.length - 2) return i === allowed.length - 1 ? "0" : "t";
  return i + 1;
}

/** The keys that settle what is chosen. @param {State} state */
export function drawFinal(state) {
  const { settling, nodes, item } = state;
  const one = settling?.differ[settling.at];
  if (!one) return;
  const said = Object.entries(one.labels);
  const text = `Item ${one.item + 1}, ${differText(one)}. Final: `;
  nodes.keys.replaceChildren(
    el("span", "grm-note-on", text),
    ...one.allowed.map((label, i) => {
      const by = said.filter(([, theirs]) => theirs === label).map(([name]) => name);
      const words = by.length ? `${label} (${by.map(brief).join(", ")})` : label;
      const key = keyButton(keyOf(one, i), words, () => settle(state, label), one.final?.label === label);
      key.title = by.join(", ");
      return key;
    }),
    keyButton("j", "next", () => turn(state, 1)),
    keyButton("k", "back", () => turn(state, -1)),
    item
      ? keyButton("Enter", "differences", () => drawAgreement(state))
      : keyButton("o", "open", () => openChosen(state)),
  );
}

/** Another row, or its sample where samples are read. @param {State} state @param {number} by */
function turn(state, by) {
  const { settling, item } = state;
  if (!settling) return;
  settling.at = Math.max(0, Math.min(settling.differ.length - 1, settling.at + by));
  if (item) openChosen(state);
  else drawRows(state);
}

/** Opens the very sample that the row is about. @param {State} state */
async function openChosen(state) {
  const { ask, me, settling, act, nodes } = state;
  const one = settling?.differ[settling.at];
  if (!settling || !one) return;
  if (state.item?.others && state.item.place === one.item) showSample(state, one);
  else {
    const answer = await ask.compare(me.queue, me.name, one.item);
    if (failed(answer)) {
      tell(state, why(answer), true);
      return;
    }
    nodes.side.replaceChildren();
    state.settling = settling;
    act.show(answer);
    showSample(state, one);
  }
}

/** @param {State} state @param {Differ} one */
function showSample(state, { sample, place }) {
  const at = state.item?.samples?.findIndex(({ i }) => i === sample) ?? -1;
  state.sampleAt = Math.max(0, at);
  state.principleAt = place ?? 0;
  state.act.drawItem();
}

/** The last word; the same one again takes it back. @param {State} state @param {string} label */
async function settle(state, label) {
  const { settling, me } = state;
  const one = settling?.differ[settling.at];
  if (!settling || !one || !may(state)) return;
  const isSame = one.final?.label === label;
  const said = {
    kind: `gold-${one.kind}`,
    label: isSame ? "" : label,
    name: "",
    sample: one.sample,
    place: one.place,
  };
  const made = annotation(state, { ...said, span: null, note: "" }, one.final, one.session);
  one.final = isSame ? null : { ...said, id: made.id, span: null, note: "" };
  one.adjudicator = isSame ? "" : me.name;
  const saving = keep(state, made);
  const later = settling.differ.findIndex(({ final }, i) => i > settling.at && !final);
  const next = later >= 0 ? later : settling.differ.findIndex(({ final }) => !final);
  turn(state, isSame || next < 0 ? 0 : next - settling.at);
  await saving;
}
