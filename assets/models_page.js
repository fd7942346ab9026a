// The Models page: who wins, and the sessions behind every number. Data in, text nodes and plain links out.
const box = el("div", "grm-principles-page grm-models"), bar = el("div", "grm-session-bar"), body = el("div");
box.append(bar, body);
const methods = (props.value || {}).methods || ["naive"];
const asked = new URL(window.location).searchParams;
const wanted = { id: asked.get("id") || "", method: asked.get("method") || methods[0], k: asked.get("k") || "", subset: asked.get("subset") };
const runBox = choice([], () => { wanted.id = runBox.value; wanted.subset = null; load(); });
const methodBox = choice(methods.map((name) => [name, name]), () => { wanted.method = methodBox.value; load(); });
const subsetBox = choice([], () => { wanted.subset = subsetBox.value ? subsetBox.value.slice(1) : null; load(); });
const kBox = el("input");
Object.assign(kBox, { type: "number", min: 1, max: 1024, placeholder: "all", value: wanted.k });
kBox.addEventListener("change", () => { wanted.k = kBox.value; load(); });
for (const [node, id] of [[runBox, "run"], [methodBox, "method"], [kBox, "k"], [subsetBox, "subset"]]) node.id = "models-" + id;
const subsetField = labelled("subset", subsetBox);
subsetField.hidden = true;  // until a run has some
bar.append(labelled("run", runBox), labelled("vote", methodBox), labelled("k", kBox), subsetField);

const scope = () => [wanted.id, wanted.method, wanted.k === "" ? null : Number(wanted.k), wanted.subset];
const subsetName = (name) => name || "(no subset)";

let loading = 0;
async function load() {
  const turn = ++loading, url = new URL(window.location);
  const now = { id: wanted.id, method: wanted.method === methods[0] ? "" : wanted.method, k: wanted.k };
  for (const name of Object.keys(now)) now[name] ? url.searchParams.set(name, now[name]) : url.searchParams.delete(name);
  wanted.subset === null ? url.searchParams.delete("subset") : url.searchParams.set("subset", wanted.subset);
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  methodBox.value = wanted.method;
  if (!wanted.id) { subsetField.hidden = true; body.replaceChildren(howTo()); return; }
  body.replaceChildren(el("p", "grm-hint", "Voting over all items …"));
  const found = await server.board(...scope());
  if (turn !== loading) return;
  if (!found || found.error) { body.replaceChildren(el("p", "grm-line grm-bad", (found && found.error) || "The server did not answer.")); return; }
  fillSubsets(found.subsets);
  draw(found);
}

function fillSubsets(names) {
  subsetField.hidden = !names.length;
  const one = (value, text) => Object.assign(el("option", "", text), { value });
  subsetBox.replaceChildren(one("", "all"), ...names.map((name) => one("=" + name, subsetName(name))));
  subsetBox.value = wanted.subset === null ? "" : "=" + wanted.subset;
}

// ---- nothing to show yet -------------------------------------------------------------------------------------------
function howTo() {
  const part = el("section", "grm-panel");
  part.append(
    el("h3", "", known.length ? "Choose a run, or bring in answers of models" : "No run names the models that answered yet"),
    el("p", "", "Write the answers of two or more models to the same queries into a file, one object a line. The GRM judges them without their names."),
    el("pre", "", '{"id": "soup", "query": "How do I rescue an oversalted soup?", "subset": "cooking",\n "answers": {"model-a": "Add a potato …", "model-b": "Dilute it …", "model-c": "Start again."}}'),
    el("p", "", "In the file each object stands on one line. Then close this page's server, judge the file into its database, and start it again:"),
    el("pre", "", "python app.py score ANSWERS.jsonl --k 8 --out SAMPLES.jsonl --db FILE"));
  return part;
}

// ---- the leaderboard -----------------------------------------------------------------------------------------------
const told = (given, digits) => (given === null || given === undefined ? "–" : given.toFixed(digits));
const percent = (given) => (given === null || given === undefined ? "–" : Math.round(100 * given) + "%");
const span = (low, high) => (low === null || low === undefined || high === null ? "" : low === high ? "" : low + "–" + high);

function draw(found) {
  const list = el("section", "grm-behind");
  list.setAttribute("aria-live", "polite");
  const open = (where, outcome, model, other, subset, said) => show(list, where, [outcome, model, other], subset, said);
  const head = el("p", "grm-note", found.told);
  if (found.unscored) {
    head.append(" ", button(found.unscored + (found.unscored === 1 ? " more item was" : " more items were") + " not scored", "grm-small grm-unscored",
      () => open(head, "unscored", "", "", wanted.subset, "Not scored: no sample could be read")));
  }
  const heats = el("div", "grm-heat-tables");
  heats.append(matrix(found, open), ...(found.by_subset.length ? [bySubset(found, open)] : []));
  body.replaceChildren(el("h2", "", found.title), head, standing(found, open), heats);
}

// A section with a title, a table that scrolls inside it, a note and the CSV of the same numbers.
function part(name, title, table, note, which) {
  const box = el("section", "grm-panel"), frame = el("div", "grm-table-wide"), under = el("div", "grm-under");
  box.dataset.name = name;
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", title);
  frame.append(table);
  const save = button("CSV", "grm-small", async () => {
    const found = await server.table(...scope(), which);
    if (found && !found.error) download(which + "-" + wanted.id + ".csv", "text/csv", found.csv);
  });
  under.append(el("p", "grm-note", note), save);
  box.append(el("h3", "", title), frame, under);
  return box;
}

// A number that opens its sessions; the words tell a screen reader what it counts.
function opener(text, words, act) {
  const node = button(text, "grm-cell", act);
  node.setAttribute("aria-label", words);
  node.title = words;
  return node;
}

function standing(found, open) {
  const table = el("table", "grm-board"), head = el("tr");
  for (const name of ["rank", "model", "rating, 95% interval", "rating", "95%", "win rate", "won", "tied", "lost", "mean position (even)"]) head.append(el("th", "", name));
  table.append(head);
  const ends = found.models.flatMap((one) => [one.low, one.rating, one.high]).filter((end) => end !== null);
  const low = Math.min(...ends), high = Math.max(...ends);
  const at = (value) => 3 + (94 * (value - low)) / Math.max(high - low, 1);  // the ends are left to arrows
  for (const one of found.models) {
    const tr = el("tr"), place = el("td", "grm-num", told(one.rank, 0)), bars = el("td"), name = el("td", "grm-name");
    place.append(el("span", "grm-note", " " + span(one.rank_low, one.rank_high)));
    name.append(opener(one.model, one.model + ": all its sessions", () => open(section, "met", one.model, "", wanted.subset, one.model + ": all its sessions")));
    if (one.note) name.append(el("div", "grm-note", one.note));
    bars.append(drawn(one, at));
    tr.append(place, name, bars, el("td", "grm-num", told(one.rating, 0)), el("td", "grm-num", interval(one)), el("td", "grm-num", percent(one.win_rate)));
    for (const [key, outcome] of [["wins", "won"], ["ties", "tied"], ["losses", "lost"]]) {
      const cell = el("td", "grm-num"), words = one.model + ": " + one[key] + " " + (one[key] === 1 ? "comparison " : "comparisons ") + outcome;
      cell.append(one[key] ? opener(one[key], words, () => open(section, outcome, one.model, "", wanted.subset, words)) : "0");
      tr.append(cell);
    }
    tr.append(el("td", "grm-num", one.position === null ? "–" : told(one.position, 2) + " (" + told(one.position_fair, 2) + ")"));
    table.append(tr);
  }
  const section = part("models", "Who wins?", table,
    "Bradley-Terry ratings, mean 1000; 400 more are odds of 10 to 1. Intervals, also of the rank, are 95% bootstraps over items; an arrow is an end without bound. Mean position: where the voting samples saw the answer, and what even shuffling gives.", "models");
  return section;
}

function interval(one) {
  if (one.rating === null) return "–";
  return (one.low === null ? "no bound" : told(one.low, 0)) + " to " + (one.high === null ? "no bound" : told(one.high, 0));
}

function drawn(one, at) {
  const track = el("div", "grm-interval");
  track.setAttribute("aria-hidden", "true");  // the numbers stand beside it
  if (one.rating === null) return track;
  const from = one.low === null ? 0 : at(one.low), to = one.high === null ? 100 : at(one.high), range = el("i", "grm-whisker"), dot = el("i", "grm-mark");
  Object.assign(range.style, { left: from + "%", width: Math.max(to - from, 0.5) + "%" });
  dot.style.left = at(one.rating) + "%";
  track.append(range, dot);
  if (one.low === null) track.append(el("i", "grm-open grm-open-low", "◂"));
  if (one.high === null) track.append(el("i", "grm-open grm-open-high", "▸"));
  return track;
}

// ---- heat tables ---------------------------------------------------------------------------------------------------
// Blue above a half, orange below; the digits say the same.
function heat(share, count, words, act) {
  const td = el("td", "grm-heat");
  td.classList.add(share >= 0.5 ? "grm-heat-high" : "grm-heat-low");
  td.style.setProperty("--s", (Math.abs(share - 0.5) * 2).toFixed(3));
  const node = opener(percent(share), words, act);
  node.append(el("span", "grm-note", " of " + count));
  td.append(node);
  return td;
}

function headed(first, names) {
  const table = el("table", "grm-heats"), head = el("tr");
  head.append(el("th", "", first), ...names.map((name) => el("th", "", name)));
  table.append(head);
  return table;
}

function matrix(found, open) {
  const names = found.models.map((one) => one.model), many = names.length > 8;
  const table = headed("won against", names.map((name, i) => (many ? i + 1 : name)));
  names.forEach((name, i) => {
    const tr = el("tr");
    tr.append(el("th", "", many ? i + 1 + " " + name : name));
    names.forEach((other, j) => {
      const won = found.wins[i][j], level = found.ties[i][j], count = won + level + found.wins[j][i];
      if (i === j || !count) { tr.append(el("td", "grm-note", i === j ? "" : "never met")); return; }
      const words = name + " against " + other + ": won " + won + ", tied " + level + ", lost " + (count - won - level) + " of " + count;
      tr.append(heat((won + level / 2) / count, count, words, () => open(section, "met", name, other, wanted.subset, words)));
    });
    table.append(tr);
  });
  const section = part("pairs", "Who beats whom?", table, "Share of comparisons that the row's model wins against the column's, a tie counting half, and their number.", "pairs");
  return section;
}

function bySubset(found, open) {
  const table = headed("win rate", found.subsets.map(subsetName));
  for (const { model } of found.models) {
    const tr = el("tr");
    tr.append(el("th", "", model));
    for (const subset of found.subsets) {
      const one = found.by_subset.find((row) => row.model === model && row.subset === subset);
      if (!one || !one.comparisons) { tr.append(el("td", "grm-note", "–")); continue; }
      const words = model + " in " + subsetName(subset) + ": won " + one.wins + ", tied " + one.ties + ", lost " + one.losses + " of " + one.comparisons;
      tr.append(heat(one.win_rate, one.comparisons, words, () => open(section, "met", model, "", subset, words)));
    }
    table.append(tr);
  }
  const section = part("subsets", "Where does it win?", table, "Share of comparisons won against all other models in the subset, a tie counting half, and their number.", "subsets");
  return section;
}

// ---- the sessions behind a number ----------------------------------------------------------------------------------
let showing = 0;
async function show(list, where, cell, subset, said) {
  const turn = ++showing, at = scope();
  at[3] = subset;
  list.replaceChildren(el("p", "grm-hint", "Looking for the sessions …"));
  (where.closest(".grm-heat-tables") || where).after(list);
  const found = await server.sessions(...at, ...cell);
  if (turn !== showing) return;
  if (!found || found.error) { list.replaceChildren(el("p", "grm-line grm-bad", (found && found.error) || "The server did not answer.")); return; }
  const head = el("div", "grm-under"), rows = el("ol", "grm-games");
  head.append(el("h3", "", said + " — " + found.count + (found.count === 1 ? " session" : " sessions")), button("close", "grm-small", () => list.remove()));
  rows.append(...found.rows.map((row) => game(row, cell)));
  list.replaceChildren(head, rows);
  if (found.count > found.rows.length) list.append(el("p", "grm-note", "The first " + found.rows.length + "."));
  list.scrollIntoView({ block: "nearest" });
}

function game(row, [, model, other]) {
  const line = el("li"), link = el("a", "", row.title || row.id), result = el("span", "grm-result"), votes = el("span", "grm-chips");
  link.href = "/?session=" + encodeURIComponent(row.id);
  const words = [["won", row.won], ["tied", row.tied], ["lost", row.lost]].filter(([, count]) => count);
  result.textContent = words.map(([word, count]) => (other ? word : word + " " + count)).join(", ");
  for (const one of row.models) {
    const node = chip(one.place);
    node.classList.toggle("grm-mine", one.name === model || one.name === other);
    node.append(el("span", "", " " + one.name), el("b", "", one.total === null ? "–" : Number.isInteger(one.total) ? one.total : one.total.toFixed(2)));
    votes.append(node);
  }
  line.append(result, link, el("span", "grm-note", [row.subset, row.k + " read"].filter(Boolean).join(" · ")), votes);
  return line;
}

let known = [];
async function begin() {
  element.append(box);
  known = (await server.choices(null)) || [];
  if (!wanted.id && known.length === 1) wanted.id = known[0].id;
  const items = !wanted.id || known.some((one) => one.id === wanted.id) ? known : [{ id: wanted.id, title: wanted.id }, ...known];
  runBox.replaceChildren(Object.assign(el("option", "", "choose"), { value: "" }), ...items.map((one) => Object.assign(el("option", "", one.title), { value: one.id })));
  runBox.value = wanted.id;
  load();
}
begin();
