// The page of a run: data in, panels out.
const box = el("div", "grm-principles-page"), bar = el("div", "grm-session-bar"), body = el("div");
box.append(bar, body);
const asked = new URL(window.location).searchParams;
const wanted = { id: asked.get("id") || "", beside: asked.get("beside") || "" };
const runBox = choice([], () => { wanted.id = runBox.value; load(); }), besideBox = choice([], () => { wanted.beside = besideBox.value; load(); });
runBox.id = "run-id";
besideBox.id = "run-beside";
const principles = el("a", "grm-link", "its principles");
principles.hidden = true;
bar.append(labelled("run", runBox), labelled("beside (such as greedy)", besideBox), principles);

let loading = 0, known = [];
// Nothing chosen yet: what there is, and how more gets here.
function start() {
  const list = el("nav", "grm-recent");
  list.append(el("h3", "", known.length ? "Runs that are here" : "No run is here yet."));
  for (const one of known) {
    const link = el("a", "", one.title);
    link.href = "/runs?id=" + encodeURIComponent(one.id);
    list.append(link);
  }
  return [el("p", "grm-hint", "A run judges many items under the same settings; with labels it also shows accuracy. `score --db` and `import` bring one here."), list];
}
async function load() {
  const turn = ++loading, url = new URL(window.location);
  for (const name of ["id", "beside"]) wanted[name] ? url.searchParams.set(name, wanted[name]) : url.searchParams.delete(name);
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  principles.hidden = !wanted.id;
  principles.href = "/principles?run=" + encodeURIComponent(wanted.id);
  body.replaceChildren(...(wanted.id ? [el("p", "grm-hint", "Voting over all items …")] : start()));
  if (!wanted.id) return;
  const found = await server.run(wanted.id, wanted.beside);
  if (turn !== loading) return;
  if (!found || found.error) { body.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
  const grid = el("div", "grm-lab");
  grid.append(...found.panels.map((one) => panel(one, wanted.id)));
  body.replaceChildren(el("h2", "", found.title), ...found.said.map((text) => el("p", "grm-note", text)), grid);
}

async function begin() {
  element.append(box);
  body.append(el("p", "grm-hint", "Looking for runs …"));
  known = (await server.choices(null)) || [];
  for (const [node, first, now] of [[runBox, "choose", wanted.id], [besideBox, "nothing", wanted.beside]]) {
    node.replaceChildren(Object.assign(el("option", "", first), { value: "" }), ...known.map((one) => Object.assign(el("option", "", one.title), { value: one.id })));
    node.value = now;
  }
  load();
}
begin();
