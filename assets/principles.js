// The Principles page: scope and comparison stand in the address; data in, text nodes out.
const box = el("div", "grm-principles-page");
const asked = new URL(window.location).searchParams;
const kinds = ["session", "run"];
const scope = { kind: asked.get("run") ? "run" : "session", name: asked.get("run") || asked.get("session") || "", other: asked.get("other") || "" };
const bar = el("div", "grm-session-bar"), body = el("div");
box.append(bar, body);
let known = { session: [], run: [] };

const kindBox = choice(kinds.map((kind) => [kind, kind]), () => { scope.kind = kindBox.value; scope.name = ""; scope.other = ""; fill(); load(); });
const nameBox = choice([], () => { scope.name = nameBox.value; load(); });
const otherBox = choice([], () => { scope.other = otherBox.value; load(); });
for (const [node, id] of [[kindBox, "kind"], [nameBox, "name"], [otherBox, "other"]]) node.id = "principles-" + id;
bar.append(labelled("of a", kindBox), nameBox, labelled("against", otherBox));
nameBox.setAttribute("aria-label", "Session or run");

function fill() {
  kindBox.value = scope.kind;
  const put = (node, first, now) => {
    const items = known[scope.kind].some((one) => one.id === now) || !now ? known[scope.kind] : [{ id: now, title: now }, ...known[scope.kind]];
    node.replaceChildren(Object.assign(el("option", "", first), { value: "" }), ...items.map((one) => Object.assign(el("option", "", one.title || one.id), { value: one.id })));
    node.value = now;
  };
  put(nameBox, "choose", scope.name);
  put(otherBox, "nothing", scope.other);
}

// Nothing chosen yet: what there is.
function start() {
  const list = el("nav", "grm-recent");
  const put = (kind, title) => {
    if (known[kind].length) list.append(el("h3", "", title));
    for (const one of known[kind].slice(0, 12)) {
      const link = el("a", "", one.title || one.id);
      link.href = "/principles?" + kind + "=" + encodeURIComponent(one.id);
      list.append(link);
    }
  };
  put("run", "Runs of many items");
  put("session", "Newest sessions");
  return [el("p", "grm-hint", "Choose a session, or a run of many items: a map of what the GRM thought of, and what each thought does to the vote."), list];
}

let loading = 0;
async function load() {
  const turn = ++loading, url = new URL(window.location);
  for (const kind of kinds) kind === scope.kind && scope.name ? url.searchParams.set(kind, scope.name) : url.searchParams.delete(kind);
  scope.other ? url.searchParams.set("other", scope.other) : url.searchParams.delete("other");
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  body.replaceChildren(...(scope.name ? [el("p", "grm-hint", "Reading and embedding principles …")] : start()));
  if (!scope.name) return;
  const found = await server.principles(scope.kind, scope.name, scope.other);
  if (turn !== loading) return;
  if (!found || found.error) { body.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
  draw(found);
}

// ---- names of clusters can be edited; they are kept in this browser ------------------------------------------------
const memory = () => { try { return JSON.parse(window.localStorage.getItem("grm-lens-clusters") || "{}"); } catch (blocked) { return {}; } };
const keyOf = (found, i) => [scope.kind, scope.name, scope.other, found.clusters[i].name].join("/");
const nameOf = (found, i) => memory()[keyOf(found, i)] || found.clusters[i].name;
function rename(found, i, text) {
  const kept = memory();
  if (text.trim() && text.trim() !== found.clusters[i].name) kept[keyOf(found, i)] = text.trim().slice(0, 80); else delete kept[keyOf(found, i)];
  try { window.localStorage.setItem("grm-lens-clusters", JSON.stringify(kept)); } catch (blocked) { /* private windows forget it */ }
}

function draw(found) {
  const list = el("div", "grm-chosen");
  const choose = (places, said) => drawList(found, list, places, said);
  const [map, ...others] = found.panels;
  const shown = panel(map, scope.name, (places) => choose(places, places.length + " chosen on the map"));
  const side = el("div", "grm-panel");
  side.append(el("h3", "", "How many, how different"), numbers(found));
  const top = el("div", "grm-lab");
  top.append(shown, side, ...others.map((one) => panel(one, scope.name)));
  body.replaceChildren(top, el("h2", "", "Clusters, and what they do to the vote"), clusterTable(found, choose), list, saveAll(), settingsTable());
}

// Every stated principle with its cluster and place on the map.
function saveAll() {
  const row = el("div", "grm-documents"), name = "principles-" + scope.name;
  const ask = (kind) => server.table(scope.kind, scope.name, scope.other, kind);
  row.append(el("span", "grm-note", "All principles with their clusters:"),
    button("CSV", "grm-small", async () => { const text = await ask("csv"); if (text) download(name + ".csv", "text/csv", text); }),
    button("Parquet", "grm-small", async () => {
      const text = await ask("parquet");
      if (text) download(name + ".parquet", "application/vnd.apache.parquet", Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    }));
  return row;
}

// Asked for when it is opened: it reads many sessions.
function settingsTable() {
  const box = el("details", "grm-all-settings"), inside = el("div");
  box.append(el("summary", "", "The same numbers by model, template, temperature and order"), inside);
  box.addEventListener("toggle", async () => {
    if (!box.open || inside.childElementCount) return;
    inside.append(el("p", "grm-hint", "Reading the newest settings …"));
    const found = await server.settings(null);
    if (!found || found.error) { inside.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
    inside.replaceChildren(tableOf(found.columns, found.rows),
      button("CSV", "grm-small", () => download("principles-by-setting.csv", "text/csv", csvOf(found.columns, found.rows))));
  });
  return box;
}

function numbers(found) {
  const table = el("table", "grm-settings");
  found.numbers[0].forEach((first, i) => {
    const tr = el("tr");
    tr.append(el("th", "", first.name));
    for (const side of found.numbers) tr.append(el("td", "grm-num", told(side[i].value)));
    tr.append(el("td", "grm-note", first.definition));
    table.append(tr);
  });
  return table;
}

const told = (given) => (given === null || given === undefined ? "–" : Number.isInteger(given) ? given : given.toFixed(2));
const two = (given) => (given === null || given === undefined ? "–" : given.toFixed(2));
const percent = (given) => (given === null || given === undefined ? "–" : Math.round(100 * given) + "%");

function clusterTable(found, choose) {
  const table = el("table", "grm-clusters"), head = el("tr"), frame = el("div", "grm-table-wide");
  const per = ["share of samples", "mean weight", "first sample", "margin with", "margin without", "95% of the difference", "flips the verdict"];
  head.append(el("th", "", "cluster"), el("th", "", "principles"));
  for (const title of found.titles) for (const name of per) head.append(el("th", "", found.titles.length > 1 ? name + " · " + (title === found.titles[0] ? "first" : "second") : name));
  table.append(head);
  found.clusters.forEach((one, i) => {
    const tr = el("tr"), name = el("td");
    const input = el("input");
    Object.assign(input, { type: "text", value: nameOf(found, i) });
    input.setAttribute("aria-label", "Name of cluster " + (i + 1));
    input.addEventListener("change", () => rename(found, i, input.value));
    const dot = el("span", "grm-dot", i + 1);
    dot.style.setProperty("--c", COLOURS[Math.min(i, COLOURS.length - 1)]);
    name.append(dot, input);
    const members = found.statements.map((s, at) => (s.cluster === i ? at : -1)).filter((at) => at >= 0);
    const cell = el("td");
    cell.append(button(members.length + " to read", "grm-small", () => choose(members, nameOf(found, i))));
    tr.append(name, cell);
    for (const side of one.sides) {
      const values = side === null ? Array(7).fill("–") : [percent(side.share), two(side.weight), side.first, two(side.with), two(side.without),
        side.low === null ? "–" : two(side.low) + " to " + two(side.high), percent(side.flips)];
      for (const given of values) tr.append(el("td", "grm-num", given));
    }
    table.append(tr);
  });
  const columns = ["cluster", "name", ...found.titles.flatMap((_, s) => ["share", "weight", "first", "with", "without", "low", "high", "flips"].map((name) => name + (s ? "_second" : "")))];
  const rows = found.clusters.map((one, i) => [i + 1, nameOf(found, i), ...one.sides.flatMap((side) => ["share", "weight", "first", "with", "without", "low", "high", "flips"].map((name) => (side ? side[name] : null)))]);
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", "Margin for the winner, over samples that state it and samples that do not: an association, not a cause."),
    button("CSV", "grm-small", () => download("clusters-" + scope.name + ".csv", "text/csv", csvOf(columns, rows))));
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Clusters");
  frame.append(table);
  const both = el("div");
  both.append(frame, under);
  return both;
}

function drawList(found, list, places, said) {
  list.replaceChildren(el("h3", "", said));
  for (const place of places.slice(0, 200)) {
    const one = found.statements[place];
    if (!one) continue;
    const line = el("div", "grm-principle"), links = el("span", "grm-links");
    line.append(el("span", "", one.text));
    for (const [session, index] of one.samples) {
      const link = el("a", "", "sample " + (index + 1));
      link.href = "/?session=" + encodeURIComponent(session) + "&sample=" + (index + 1);
      links.append(link, " ");
    }
    if (one.count > one.samples.length) links.append("and " + (one.count - one.samples.length) + " more");
    line.append(links);
    list.append(line);
  }
  if (places.length > 200) list.append(el("p", "grm-note", "The first 200 of " + places.length + "."));
  list.scrollIntoView({ block: "nearest" });
}

async function begin() {
  element.append(box);
  body.append(el("p", "grm-hint", "Looking for sessions and runs …"));
  known = (await server.choices(null)) || known;
  fill();
  load();
}
begin();
