// ---- two ways to read: sample by sample, or all that was said of one response ---------------------------------------
let mode = null;  // own index of the response that is read about, "lab", or null: sample by sample
function drawModes() {
  parts.modes.replaceChildren();
  parts.modes.hidden = !value.rows.length;
  const tab = (text, pressed, act) => {
    const node = button(text, "grm-small", act);
    node.setAttribute("aria-pressed", pressed);
    return node;
  };
  parts.modes.append(tab("sample by sample", mode === null, () => read(null)));
  for (let r = 0; r < value.n; r++) parts.modes.append(tab("about " + letter(r), mode === r, () => read(r)));
  parts.modes.append(tab("lab", mode === "lab", () => read("lab")));
  if (mode === null && chosen.length > 1) parts.modes.append(tab("mark differences", comparing, compareCards));
  parts.modes.append(button("keys: ?", "grm-small grm-last", () => sheet.show()));
}

function read(response) {
  mode = response;
  drawCards();
}

function compareCards() {
  comparing = !comparing;
  drawCards();
}

async function drawAbout(asked) {
  const found = await server.about(value.session, mode);
  if (asked !== cardsAsked || !found) return;
  cards.className = "grm-said-of";
  cards.replaceChildren(...found.map((one) => {
    const line = el("article");
    const head = el("div", "grm-about-head");
    const score = chip(mode);
    score.append(el("b", "", " " + one.score));
    head.append(score);
    if (one.samples.length > 1) head.append(el("span", "grm-note", one.samples.length + " times"));
    for (const i of one.samples.slice(0, 12)) head.append(button("sample " + (i + 1), "grm-small", () => { mode = null; open([i]); }));
    if (one.samples.length > 12) head.append(el("span", "grm-note", "and " + (one.samples.length - 12) + " more"));
    line.append(head, el("div", "grm-text", one.text || "(nothing was written on it)"));
    return line;
  }));
  if (!found.length) cards.replaceChildren(el("p", "grm-hint", "No sample could be read."));
}

// ---- keys ----------------------------------------------------------------------------------------------------------
const KEYS = [
  ["j k", "next, previous sample", () => step(1), () => step(-1)],
  ["x", "pin the sample of the focused row, or let it go", () => choose(focus)],
  ["r", "raw text of the samples shown", toggleRaw],
  ["d", "mark how the samples differ", compareCards],
  ["b", "read about the next response, then sample by sample again", () => read(mode === null || mode === "lab" ? 0 : mode + 1 < value.n ? mode + 1 : null)],
  ["m", "next voting method", () => turn({ method: METHODS[(METHODS.indexOf(dials.method) + 1) % METHODS.length] })],
  ["[ ]", "one sample fewer, more in the vote", () => moveK(-1), () => moveK(1)],
  ["- +", "k_meta down, up", () => moveMeta(-1), () => moveMeta(1)],
  ["l", "the Lab: plots of this vote", () => read(mode === "lab" ? null : "lab")],
  ["p", "play the vote from k = 1, or stop it", play],
  ["f", "find in principles", () => { more.open = true; wordsBox.focus(); }],
  ["c", "open or close query and responses", () => { const box = parts.case.querySelector("details"); if (box) box.open = !box.open; }],
  ["n", "samples of the next finding", nextFinding],
];
const sheet = keySheet(KEYS);
root.append(sheet.node);

function toggleRaw() {
  const all = [...cards.querySelectorAll("footer details")], closed = all.some((one) => !one.open);
  for (const one of all) one.open = closed;
  if (closed && all.length) all[0].scrollIntoView({ block: "center" });  // it stands below a long critique
}

function moveK(by) {
  const count = value.rows.length, k = Math.max(1, Math.min(count, (dials.k ?? count) + by));
  turn({ k: k >= count ? null : k, k_meta: null });
}

function moveMeta(by) {
  if (dials.method === "naive") return;
  const most = Math.min(dials.k ?? value.rows.length, value.rows.length);
  turn({ k_meta: Math.max(1, Math.min(most, Number(metaDial.slider.value) + by)) });
}

document.addEventListener("keydown", (event) => {
  if (!element.isConnected || event.ctrlKey || event.metaKey || event.altKey || !value.session) return;
  if (event.target.closest("input:not([type=radio], [type=range], [type=checkbox]), textarea, select, [contenteditable=true]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "?") { sheet.show(); return; }
  if (!sheet.live()) return;
  for (const [keys, , ...acts] of KEYS) {
    const at = keys.split(" ").indexOf(event.key);
    if (at >= 0) { event.preventDefault(); acts[at](); return; }
  }
});
