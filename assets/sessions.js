// The list of sessions: data in, text nodes and plain links out. What it asks for stands in the address.
const settings = props.value || { sorts: ["newest"], may: false };
const box = el("div", "grm-sessions");
const asked = { words: "", tag: "", model: "", sort: "newest", labelled: false, binned: false, offset: 0 };
const given = new URL(window.location).searchParams;
for (const name of ["words", "tag", "model", "sort"]) asked[name] = given.get(name) || asked[name];
for (const name of ["labelled", "binned"]) asked[name] = given.get(name) === "1";
const picked = [];  // ids of the sessions to compare, two at most

// ---- what is wanted ------------------------------------------------------------------------------------------------
const bar = el("div", "grm-session-bar");
const field = (text, node) => {
  const label = el("label", "grm-field");
  label.append(el("span", "", text), node);
  return label;
};
const pick = (name) => {
  const node = el("select");
  node.id = "sessions-" + name;
  node.addEventListener("change", () => ask({ [name]: node.value }));
  return node;
};
const check = (name) => {
  const node = el("input");
  Object.assign(node, { type: "checkbox", checked: asked[name], id: "sessions-" + name });
  node.addEventListener("change", () => ask({ [name]: node.checked }));
  return node;
};
const search = el("input");
Object.assign(search, { type: "search", value: asked.words, placeholder: "Words of queries, principles and critiques", id: "search" });
search.setAttribute("aria-label", "Search queries, principles and critiques");
let typing = 0;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => ask({ words: search.value }), 250);
});
const tagBox = pick("tag"), modelBox = pick("model"), sortBox = pick("sort");
const labelledBox = check("labelled"), binnedBox = check("binned");
bar.append(search, field("tag", tagBox), field("model", modelBox), field("sort", sortBox), field("with labels", labelledBox), field("bin", binnedBox));
const said = el("p", "grm-note");
said.setAttribute("aria-live", "polite");
const undo = el("p", "grm-undo");
const compare = el("a", "grm-compare");
const list = el("div", "grm-session-list"), pages = el("div", "grm-pages");
box.append(bar, undo, compare, said, list, pages);

function options(node, values, all, now) {
  const one = (value, text) => Object.assign(el("option", "", text), { value });
  node.replaceChildren(...(all ? [one("", all)] : []), ...values.map((value) => one(value, value)));
  node.value = now;
}

let asking = 0;
async function ask(change) {
  Object.assign(asked, { offset: 0 }, change);
  const turn = ++asking, found = await server.find(asked);
  if (turn !== asking || !found) return;
  const url = new URL(window.location);
  for (const name of ["words", "tag", "model"]) asked[name] ? url.searchParams.set(name, asked[name]) : url.searchParams.delete(name);
  for (const name of ["labelled", "binned"]) asked[name] ? url.searchParams.set(name, "1") : url.searchParams.delete(name);
  asked.sort === "newest" ? url.searchParams.delete("sort") : url.searchParams.set("sort", asked.sort);
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  asked.offset = found.offset;
  options(tagBox, found.tags, "any", asked.tag);
  options(modelBox, found.models, "any", asked.model);
  options(sortBox, settings.sorts, "", asked.sort);
  said.textContent = found.text;
  draw(found);
}

// ---- the list ------------------------------------------------------------------------------------------------------
const COLUMNS = ["", "Session", "Model", "n", "k", "Read", "State", "Judged (UTC)", ""];
function draw(found) {
  const table = el("table"), head = el("tr"), body = el("tbody"), thead = el("thead");
  for (const name of COLUMNS) head.append(el("th", "", name));
  thead.append(head);
  body.append(...found.rows.map(row));
  table.append(thead, body);
  list.replaceChildren(...(found.rows.length ? [table] : []));
  pages.replaceChildren();
  const size = 50;
  if (found.offset > 0) pages.append(button("Back", "grm-small", () => ask({ offset: found.offset - size })));
  if (found.offset + found.rows.length < found.count) pages.append(button("Next", "grm-small", () => ask({ offset: found.offset + size })));
  drawCompare();
}

function row(session) {
  const tr = el("tr");
  tr.dataset.id = session.id;
  const mark = el("input");
  Object.assign(mark, { type: "checkbox", checked: picked.includes(session.id) });
  mark.setAttribute("aria-label", "Choose to compare: " + session.title);
  mark.addEventListener("change", () => {
    if (mark.checked) picked.push(session.id); else picked.splice(picked.indexOf(session.id), 1);
    while (picked.length > 2) picked.shift();
    for (const one of list.querySelectorAll("tr[data-id]")) one.querySelector("input").checked = picked.includes(one.dataset.id);
    drawCompare();
  });
  const first = el("td");
  first.append(mark);
  const k = session.samples === session.k ? session.k : session.samples + " of " + session.k;
  tr.append(first, titleCell(session), el("td", "grm-model", session.model), el("td", "grm-num", session.n), el("td", "grm-num", k));
  tr.append(el("td", "grm-num", session.valid), el("td", "", session.state), el("td", "grm-when", session.created), actions(session));
  [...tr.children].forEach((cell, at) => { if (at > 2 && COLUMNS[at]) cell.dataset.name = COLUMNS[at]; });
  return tr;
}

function titleCell(session) {
  const cell = el("td"), link = el("a", "", session.title || "(no title)");
  link.href = "/?session=" + encodeURIComponent(session.id);
  cell.append(link);
  for (const tag of session.tags) cell.append(" ", button(tag, "grm-tag", () => ask({ tag })));
  if (session.snippet) cell.append(snippet(session.snippet));
  return cell;
}

// Found words stand between two private-use characters, which no stored passage holds.
function snippet(text) {
  const node = el("div", "grm-snippet");
  text.split("\ue000").forEach((piece, at) => {
    const [found, rest] = at ? piece.split("\ue001") : [null, piece];
    if (found !== null) node.append(el("mark", "", found));
    node.append(rest ?? "");
  });
  return node;
}

function actions(session) {
  const cell = el("td", "grm-actions");
  if (!settings.may) return cell;
  const put = (text, what) => cell.append(button(text, "grm-small", what), " ");
  if (asked.binned) {
    put("Restore", () => change("restore", session, null));
    put("Delete for good", () => { if (window.confirm("Delete this session and its samples for good?")) change("delete", session, null); });
    return cell;
  }
  put("Rename", () => edit(cell, session, "rename", session.title, "Title"));
  put("Tags", () => edit(cell, session, "tag", session.tags.join(", "), "Tags, with commas between them"));
  put("Delete", () => change("bin", session, null));
  return cell;
}

function edit(cell, session, what, now, label) {
  const input = el("input");
  Object.assign(input, { type: "text", value: now });
  input.setAttribute("aria-label", label);
  const save = () => change(what, session, input.value);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") save();
    if (event.key === "Escape") ask({ offset: asked.offset });
  });
  cell.replaceChildren(input, " ", button("Save", "grm-small", save));
  input.focus();
  input.select();
}

async function change(what, session, given) {
  const done = await server.change(what, session.id, given);
  if (!done || done.error) { said.textContent = (done && done.error) || "The server did not answer; nothing was changed."; return; }
  undo.replaceChildren();
  if (what === "bin") {
    undo.append("Deleted: " + (session.title || "(no title)") + " ", button("Undo", "grm-small", () => change("restore", session, null)));
    undo.append(el("span", "grm-note", " It stays in the bin until it is deleted there for good."));
  }
  ask({ offset: asked.offset });
}

function drawCompare() {
  compare.hidden = picked.length !== 2;
  compare.textContent = "Compare the two chosen sessions";
  if (picked.length === 2) compare.href = "/compare?a=" + encodeURIComponent(picked[0]) + "&b=" + encodeURIComponent(picked[1]);
}

element.append(box);
ask({ offset: 0 });
