// ---- nothing judged yet: what there is to read -------------------------------------------------------------------
const recent = el("nav", "grm-recent");
function drawRecent() {
  if (!element.contains(recent)) element.append(recent);
  const found = value.session ? [] : value.recent || [];
  recent.hidden = !found.length;
  recent.replaceChildren(el("h3", "", "Or read a session that is here already"));
  for (const one of found) {
    const link = el("a", "", one.title || "(no title)");
    link.href = "/?session=" + encodeURIComponent(one.id);
    link.append(el("span", "grm-note", "k = " + one.k + (one.demo ? " · recorded" : "")));
    recent.append(link);
  }
}

// ---- updates -----------------------------------------------------------------------------------------------------
function update() {
  if (!element.contains(root)) element.append(root);
  const before = value.session;
  value = { n: 0, k: 0, rows: [], ...(props.value || {}) };
  if (value.session !== before) {
    chosen = []; touched = false; focus = 0; drawn = "";
    const url = new URL(window.location);
    if (value.session) url.searchParams.set("session", value.session);
    window.history.replaceState(null, "", url);
  }
  root.hidden = !value.session;
  drawRecent();
  root.dataset.phase = value.phase || "";
  root.dataset.done = value.rows.length;
  const ready = value.rows.map((row) => row.i).sort((a, b) => a - b);
  const first = ready.slice(0, columns());
  const fresh = !touched && first.join() !== chosen.join();
  if (fresh) { chosen = first; focus = first[0] || 0; }
  drawCase();
  drawHead();
  drawFindings();
  drawMatrix();
  if (fresh || !chosen.length) drawCards();
  drawPlot();
}
watch("value", update);
new MutationObserver(() => value.session && drawPlot()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
update();
