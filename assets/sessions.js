// The list of sessions: data in, text nodes and plain links out.
const box = document.createElement("div");
box.className = "grm-sessions";
function cell(tag, text, cls) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = String(text);
  return node;
}
function row(session) {
  const tr = cell("tr");
  const title = cell("td");
  const link = cell("a", session.title || "(no title)");
  link.href = "/?session=" + encodeURIComponent(session.id);
  title.append(link);
  for (const tag of session.tags) title.append(" ", cell("span", tag, "grm-tag"));
  if (session.snippet) title.append(cell("div", session.snippet, "grm-snippet"));
  const k = session.samples === session.k ? session.k : session.samples + " of " + session.k;
  tr.append(title, cell("td", session.n, "grm-num"), cell("td", k, "grm-num"), cell("td", session.valid, "grm-num"));
  tr.append(cell("td", session.state), cell("td", session.created, "grm-when"));
  return tr;
}
function update() {
  if (!element.contains(box)) element.append(box);
  const found = props.value || { rows: [], text: "" };
  const table = cell("table");
  const head = cell("tr");
  for (const name of ["Session", "Responses", "k", "Read", "State", "Judged (UTC)"]) head.append(cell("th", name));
  const thead = cell("thead");
  thead.append(head);
  const body = cell("tbody");
  body.append(...found.rows.map(row));
  table.append(thead, body);
  box.replaceChildren(cell("p", found.text, "grm-note"), ...(found.rows.length ? [table] : []));
}
watch("value", update);
update();
