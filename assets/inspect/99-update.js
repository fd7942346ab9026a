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

// ---- the session as a document -----------------------------------------------------------------------------------
const DOCUMENTS = [["html", "Report", "text/html"], ["md", "Markdown", "text/markdown"], ["csv", "CSV", "text/csv"], ["jsonl", "JSONL", "application/jsonl"]];
const documents = el("div", "grm-documents"), lost = el("span", "grm-bad", "The server did not answer; nothing was taken.");
lost.hidden = true;
lost.setAttribute("role", "alert");
function drawDocuments() {
  documents.hidden = !value.session || value.running || !value.rows.length;
  if (documents.childElementCount) return;
  documents.append(el("span", "grm-note", "Take it with you:"));
  for (const [kind, label, type] of DOCUMENTS) documents.append(button(label, "grm-small", () => saveDocument(kind, type)));
  documents.append(button("Copy as Markdown", "grm-small", copyMarkdown), lost);
  parts.documents.append(documents);
}

async function saveDocument(kind, type) {
  const text = await server.document(value.session, kind);
  lost.hidden = Boolean(text);
  if (!text) return;
  download("grm-lens-" + value.session + "." + kind, type, text);
}

async function copyMarkdown(event) {
  const pressed = event.currentTarget;
  const text = await server.document(value.session, "md");
  lost.hidden = Boolean(text);
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text);
    pressed.textContent = "Copied";
  } catch (refused) {
    pressed.textContent = "The browser refuses to copy; use Markdown";
  }
}

// ---- updates -----------------------------------------------------------------------------------------------------
function update(given) {
  if (!element.contains(root)) element.append(root);
  const before = value.session;
  value = { n: 0, k: 0, rows: [], ...(given || {}) };
  if (value.session !== before) {
    if (before && before !== comparedWith) comparedWith = "";  // it belongs to the session that was scored next
    newSession();
  }
  nameView();
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
  drawDials();
  drawFindings();
  drawMatrix();
  if (fresh || !chosen.length || before !== value.session) drawCards();
  drawPlot();
  drawDocuments();
  const news = value.session + "/" + value.rows.length + "/" + value.running;
  if (value.rows.length && news !== votedFor) { votedFor = news; vote(); if (tools.words) findWords(); }
}

function newSession() {
  if (playing) play();
  chosen = []; touched = false; focus = 0; drawn = ""; votedFor = ""; voted = {}; comparing = false; mode = null;
  rawShown.clear();
  clearTools();
  readAddress();
}
watch("value", () => update(props.value));
new MutationObserver(() => { if (value.session) { drawPlot(); if (mode === "lab") drawCards(); } }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
update(props.value);
// A stored session is asked for at once; what the page's own load event pushes comes a second later.
const linked = new URL(window.location).searchParams.get("session");
if (linked) server.view(linked).then((found) => { if (found && found.session && !value.session) update(found); });
