// Two sessions side by side.

import * as address from "../lib/address.js";
import { anchor, chip, el, hint, problem, tableRow } from "../lib/dom.js";
import { counted, heading, letter } from "../lib/names.js";
import { rich, sourceButton } from "../lib/rich.js";
import { calls, failed, why } from "../lib/rpc.js";
import { titled } from "../lib/title.js";
import { responses, title, turns } from "../views/case.js";
import { smallMatrix } from "../views/matrix.js";
import { headed } from "../views/table.js";

/** @typedef {import("../types").Pair} Pair */
/** @typedef {import("../types").Side} Side */
/** @typedef {import("../lib/page").Place<object, object>} Place */

/** @param {Place} place */
export async function mount({ element, server }) {
  const box = el("div", "grm-comparison");
  element.append(box);
  /** @type {import("../types").CompareServer} */
  const ask = calls(server);
  box.append(hint("Reading both sessions …"));
  const params = address.params();
  const names = ["a", "b"].map((name) => params.get(name) || "");
  const reply = names.every(Boolean)
    ? await ask.pair(names[0], names[1])
    : { error: "Choose two sessions on the Sessions page." };
  titled(failed(reply) ? "Compare" : `${reply.sides[0].title} against ${reply.sides[1].title}`);
  box.replaceChildren(...(failed(reply) ? [problem(why(reply))] : comparison(reply)));
}

/** @param {Pair} pair */
function comparison({ sides: [one, other], settings, warnings }) {
  const sides = el("div", "grm-pair");
  sides.append(side(one, other), side(other, one));
  const winner = one.winner === null ? "nobody" : letter(one.winner);
  const agree =
    one.winner === other.winner ? `Both name the same winner: ${winner}.` : "They disagree about the winner.";
  const mind = warnings.map((text) => el("p", "grm-line grm-warn", text));
  const head = el("div", "grm-compare-head");
  head.append(el("h2", "", agree), sourceButton());
  return [head, ...mind, ...cases(one, other), ...settingsParts(settings), sides];
}

/** What was judged: once where it is the same. @param {Side} one @param {Side} other */
function cases(one, other) {
  const isSame = one.query === other.query && one.responses.join("\0") === other.responses.join("\0");
  return (isSame ? [one] : [one, other]).map((side) => {
    const box = el("details", "grm-case-box");
    const of = isSame ? "" : ` of ${side.title || side.id}`;
    const item = { query: [{ role: "user", content: side.query }], responses: side.responses };
    box.open = isSame;
    box.append(
      el("summary", "", `Query and responses${of}`),
      ...turns(item),
      responses(item, (i) => [title(i)], true),
    );
    return box;
  });
}

/** What differs stands open, the rest behind a fold. @param {Pair["settings"]} settings */
function settingsParts(settings) {
  const alike = settings.filter(({ differs }) => !differs);
  const apart = settings.filter(({ differs }) => differs);
  const fold = el("details", "grm-case-box");
  fold.append(el("summary", "", `The same in both: ${counted(alike.length, "setting")}`), settingsTable(alike));
  const shown = apart.length ? [el("h3", "", "Different settings"), settingsTable(apart)] : [];
  return alike.length ? [...shown, fold] : shown;
}

/** @param {Pair["settings"]} settings */
function settingsTable(settings) {
  const table = el("table", "grm-settings");
  for (const { name, values, differs } of settings) {
    const line = tableRow("td", values, differs ? "grm-differing" : "");
    line.className = differs ? "grm-differs" : "";
    line.prepend(el("th", "", heading(name)));
    table.append(line);
  }
  return table;
}

/** @param {Side} one @param {Side} other */
function side(one, other) {
  const node = el("article", "grm-side");
  const head = el("h2");
  head.append(anchor(one.title || "(no title)", address.sessionLink(one.id)));
  const means = el("p", "grm-chips");
  means.append(...one.means.map((mean, r) => chip(r, ` ${mean.toFixed(2)} ± ${one.spread[r].toFixed(2)}`)));
  const label = `Scores of every sample of ${one.title || "this session"}`;
  node.append(
    head,
    ...one.verdicts.map((verdict) => el("p", "", verdict)),
    el("h3", "", "Mean score ± spread over samples"),
    means,
    el("h3", "", "Scores"),
    smallMatrix(one.rows, one.n, label),
    el("h3", "", "Principles"),
    one.principles.length ? principles(one, other) : el("p", "grm-note", "No principles were read."),
  );
  return node;
}

/** @param {Side} one @param {Side} other */
function principles(one, other) {
  const list = headed("grm-principle-list", ["Samples", "Principle", "Weight"]);
  const others = new Set(other.principles.map(({ text }) => text.toLowerCase()));
  for (const { text, samples, weight } of one.principles) {
    const line = el("tr");
    const words = el("td");
    words.append(rich(text, { isLine: true }));
    if (!others.has(text.toLowerCase())) words.append(el("span", "grm-only", "only here"));
    line.append(el("td", "grm-num", samples), words, el("td", "grm-num", weight === null ? "" : weight.toFixed(0)));
    list.append(line);
  }
  return list;
}
