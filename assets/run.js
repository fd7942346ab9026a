// The page of a run: data in, panels out.
const box = el("div", "grm-principles-page"), bar = el("div", "grm-session-bar"), body = el("div");
box.append(bar, body);
const asked = new URL(window.location).searchParams;
const wanted = { id: asked.get("id") || "", beside: asked.get("beside") || "" };
const runBox = choice([], () => { wanted.id = runBox.value; load(); }), besideBox = choice([], () => { wanted.beside = besideBox.value; load(); });
runBox.id = "run-id";
besideBox.id = "run-beside";
const principles = el("a", "grm-link", "its principles");
bar.append(labelled("run", runBox), labelled("beside (such as greedy)", besideBox), principles);

let loading = 0;
async function load() {
  const turn = ++loading, url = new URL(window.location);
  for (const name of ["id", "beside"]) wanted[name] ? url.searchParams.set(name, wanted[name]) : url.searchParams.delete(name);
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  principles.hidden = !wanted.id;
  principles.href = "/principles?run=" + encodeURIComponent(wanted.id);
  body.replaceChildren(el("p", "grm-hint", wanted.id ? "Voting over all items …" : "Choose a run. `score --db` and `import` bring one here; with labels it also shows accuracy."));
  if (!wanted.id) return;
  const found = await server.run(wanted.id, wanted.beside);
  if (turn !== loading) return;
  if (!found || found.error) { body.replaceChildren(el("p", "grm-bad", (found && found.error) || "The server did not answer.")); return; }
  const grid = el("div", "grm-lab");
  grid.append(...found.panels.map((one) => panel(one, wanted.id)));
  body.replaceChildren(el("h2", "", found.title), grid);
}

async function begin() {
  element.append(box);
  const known = (await server.choices(null)) || [];
  for (const [node, first, now] of [[runBox, "choose", wanted.id], [besideBox, "nothing", wanted.beside]]) {
    node.replaceChildren(Object.assign(el("option", "", first), { value: "" }), ...known.map((one) => Object.assign(el("option", "", one.title), { value: one.id })));
    node.value = now;
  }
  load();
}
begin();
