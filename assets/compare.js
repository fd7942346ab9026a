// Two sessions side by side: data in, text nodes out.
const scored = (i, text) => {
  const node = chip(i);
  node.append(el("b", "", " " + text));
  return node;
};
const box = el("div", "grm-comparison");
const asked = new URL(window.location).searchParams;

function settings(found) {
  const table = el("table", "grm-settings");
  for (const row of found.settings) {
    const tr = el("tr", row.differs ? "grm-differs" : "");
    tr.append(el("th", "", row.name), el("td", "", row.values[0]), el("td", "", row.values[1]), el("td", "", row.differs ? "differs" : ""));
    table.append(tr);
  }
  return table;
}

function side(one, other) {
  const node = el("article", "grm-side");
  const link = el("a", "", one.title || "(no title)");
  link.href = "/?session=" + encodeURIComponent(one.id);
  const head = el("h2");
  head.append(link);
  node.append(head);
  for (const verdict of one.verdicts) node.append(el("p", "", verdict));
  const means = el("p", "grm-chips");
  one.means.forEach((mean, r) => means.append(scored(r, mean.toFixed(2) + " ± " + one.spread[r].toFixed(2))));
  node.append(el("h4", "", "Mean score and spread over samples"), means);
  node.append(el("h4", "", "Scores"), matrix(one), el("h4", "", "Principles, by how many samples state them"));
  const list = el("table", "grm-principle-list"), known = new Set(other.principles.map((p) => p.text.toLowerCase()));
  for (const p of one.principles) {
    const tr = el("tr");
    const said = el("td", "", p.text);
    if (!known.has(p.text.toLowerCase())) said.append(el("span", "grm-only", "only here"));
    tr.append(el("td", "grm-num", p.samples + "×"), said, el("td", "grm-num", p.weight === null ? "" : p.weight.toFixed(0)));
    list.append(tr);
  }
  node.append(one.principles.length ? list : el("p", "grm-note", "No principles were read."));
  return node;
}

function matrix(one) {
  const table = el("table"), head = el("tr");
  head.append(el("th", "", "#"));
  for (let r = 0; r < one.n; r++) { const cell = el("th"); cell.append(chip(r)); head.append(cell); }
  table.append(head);
  for (const row of one.rows) {
    const tr = el("tr");
    tr.append(el("td", "grm-index", row.i + 1));
    if (!row.scores) { const cell = el("td", "grm-failed", row.reason); cell.colSpan = one.n; tr.append(cell); table.append(tr); continue; }
    const best = Math.max(...row.scores);
    row.scores.forEach((score) => {
      const cell = el("td", "grm-score" + (score === best && one.n > 1 ? " grm-best" : ""), score);
      cell.style.setProperty("--s", score / 10);
      tr.append(cell);
    });
    table.append(tr);
  }
  const frame = el("div", "grm-matrix grm-matrix-small");
  frame.tabIndex = 0;  // it scrolls, so the keyboard has to reach it
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Scores of every sample of " + (one.title || "this session"));
  frame.append(table);
  return frame;
}

async function draw() {
  element.append(box);
  const names = ["a", "b"].map((name) => asked.get(name) || "");
  const found = names.every(Boolean) ? await server.pair(...names) : { error: "Choose two sessions on the Sessions page." };
  if (!found || found.error) { box.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
  const [one, other] = found.sides;
  const sides = el("div", "grm-sides");
  sides.append(side(one, other), side(other, one));
  const agree = el("h2", "", one.winner === other.winner ? "Both name the same winner" + (one.winner === null ? ": nobody" : ": " + letter(one.winner)) + "." : "They disagree about the winner.");
  box.replaceChildren(agree, ...found.warnings.map((text) => el("p", "grm-line grm-warn", text)), el("p", "grm-note", one.query), settings(found), sides);
}
draw();
