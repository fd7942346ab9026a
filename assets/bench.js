// Runs of reward benchmarks: headline, tables, curves, and every item with its session.
const settings = props.value || { methods: [], ties: [], invalid: [] };
const box = el("div", "grm-principles-page grm-bench"), bar = el("div", "grm-session-bar"), body = el("div");
box.append(bar, body);
const asked = new URL(window.location).searchParams;
const wanted = { id: asked.get("id") || "", beside: asked.get("beside") || "", method: asked.get("method") || "naive", tie: asked.get("tie") || "", invalid: asked.get("invalid") || "" };
const boxes = {};
for (const [name, label, options] of [
  ["id", "run", []], ["beside", "against", []],
  ["method", "method", settings.methods.map((one) => [one, one])],
  ["tie", "ties", [["", "as the benchmark"], ...settings.ties.map((one) => [one, one])]],
  ["invalid", "unreadable", [["", "as the benchmark"], ...settings.invalid.map((one) => [one, one])]],
]) {
  boxes[name] = choice(options, () => { wanted[name] = boxes[name].value; if (name === "id") wanted.beside = ""; load(); });
  boxes[name].id = "bench-" + name;
  boxes[name].value = wanted[name];
  bar.append(labelled(label, boxes[name]));
}
let known = [];
const percent = (given) => (given === null || given === undefined ? "–" : (100 * given).toFixed(1) + "%");
const option = (value, text) => Object.assign(el("option", "", text), { value });

function fill() {
  const mine = known.find((one) => one.id === wanted.id);
  boxes.id.replaceChildren(option("", "choose"), ...known.map((one) => option(one.id, one.title)));
  boxes.id.value = wanted.id;
  const others = known.filter((one) => mine && one.id !== mine.id && one.benchmark === mine.benchmark);
  boxes.beside.replaceChildren(option("", "nothing"), ...others.map((one) => option(one.id, one.title)));
  boxes.beside.value = wanted.beside;
}

// Nothing chosen yet: what there is, each with its headline as soon as it is known; or how a run gets here.
function start(turn) {
  if (!known.length) return el("p", "grm-hint", "No benchmark was run yet: `python app.py bench NAME --data PATH` judges one and brings it here.");
  const part = el("section", "grm-panel"), table = el("table", "grm-items"), head = el("tr");
  for (const name of ["run", "headline", "at random"]) head.append(el("th", "", name));
  table.append(head);
  const lines = known.map((one) => {
    const tr = el("tr"), cell = el("td"), link = el("a", "grm-link", one.title), told = [el("td", "grm-num", "…"), el("td", "grm-num", "…")];
    link.href = "/benchmarks?id=" + encodeURIComponent(one.id);
    cell.append(link);
    tr.append(cell, ...told);
    table.append(tr);
    return { id: one.id, told };
  });
  part.append(el("h3", "", "Benchmarks that were run"), table, el("p", "grm-note", "By naive voting over all samples, ties and unreadable judgments as the benchmark has them; at random: what random scores would get."));
  tell(lines, turn);
  return part;
}

async function tell(lines, turn) {
  for (const { id, told } of lines) {
    if (turn !== loading) return;
    const found = await server.brief(id);
    told[0].textContent = percent(found && found.headline);
    told[1].textContent = percent(found && found.chance);
  }
}

let loading = 0;
async function load() {
  const turn = ++loading, url = new URL(window.location);
  for (const name of Object.keys(wanted)) wanted[name] ? url.searchParams.set(name, wanted[name]) : url.searchParams.delete(name);
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  fill();
  body.replaceChildren(wanted.id ? el("p", "grm-hint", "Voting over all items …") : start(turn));
  if (!wanted.id) return;
  const found = await server.run(wanted.id, wanted.beside, wanted.method, wanted.tie, wanted.invalid);
  if (turn !== loading) return;
  if (!found || found.error) { body.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
  draw(found);
}

function draw(found) {
  const head = el("h2", "grm-headline", found.benchmark + ": " + percent(found.headline) + (found.beside === null ? "" : " against " + percent(found.beside)));
  const grid = el("div", "grm-lab");
  grid.append(...found.panels.map((one) => panel(one, found.benchmark)));
  body.replaceChildren(head, ...found.said.map((text) => el("p", "grm-note", text)), grid, itemTable(found));
}

// ---- items: which were right, which not ------------------------------------------------------------------------------
const SHOWN = {
  "wrong": (one) => one.credit !== null && one.credit < 0.5, "right": (one) => one.credit === 1, "all": () => true,
  "unreadable": (one) => !one.read, "no winner": (one) => one.read && one.winner === null,
  "differs from the other run": (one) => one.other !== null && one.other !== one.credit,
};
const MOST = 200;
function itemTable(found) {
  const part = el("section", "grm-panel"), list = el("div", "grm-table-wide"), count = el("span", "grm-note");
  const names = Object.keys(SHOWN).filter((name) => found.beside !== null || !name.startsWith("differs"));
  const which = choice(names.map((name) => [name, name]), show);
  which.id = "bench-items";
  const tools = el("div", "grm-session-bar");
  tools.append(labelled("items", which), count);
  function show() {
    const chosen = found.items.filter(SHOWN[which.value]);
    count.textContent = chosen.length + " of " + found.items.length + (chosen.length > MOST ? ", the first " + MOST + " shown" : "");
    const table = el("table", "grm-items"), head = el("tr");
    for (const name of ["item", "subset", "winner", "credit", ...(found.beside === null ? [] : ["other run"])]) head.append(el("th", "", name));
    table.append(head);
    for (const one of chosen.slice(0, MOST)) {
      const tr = el("tr"), cell = el("td"), link = el("a", "grm-link", one.id);
      link.href = "/?session=" + encodeURIComponent(one.session) + "&method=" + encodeURIComponent(wanted.method);
      cell.append(link);
      tr.append(cell, el("td", "", one.subset), el("td", "", one.read ? one.winner || "none" : "unreadable"), el("td", "grm-num", one.credit === null ? "–" : one.credit.toFixed(2)));
      if (found.beside !== null) tr.append(el("td", "grm-num", one.other === null ? "–" : one.other.toFixed(2)));
      table.append(tr);
    }
    list.replaceChildren(table);
  }
  part.append(el("h3", "", "Items"), tools, list);
  show();
  return part;
}

async function begin() {
  element.append(box);
  known = (await server.choices(null)) || [];
  load();
}
begin();
