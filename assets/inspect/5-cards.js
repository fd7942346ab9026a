// ---- samples side by side ----------------------------------------------------------------------------------------
// Every card has the same rows (head, principles, what is said of no response, then of each), so that they align.
let cardsAsked = 0;
let comparing = false;      // whether words that differ from the first card are marked
let comparedWith = "";      // the session whose principles were taken over
const rawShown = new Set(); // sample indices whose raw text is open
async function drawCards() {
  const asked = ++cardsAsked;
  nameView();
  drawModes();
  parts.plot.hidden = mode === "lab";
  if (mode !== null) { await (mode === "lab" ? drawLab(asked) : drawAbout(asked)); return; }
  const wanted = [...chosen].sort((a, b) => a - b);
  const found = (await Promise.all(wanted.map(detailOf))).filter(Boolean);
  const changes = comparing ? await Promise.all(found.slice(1).map((other) => server.differences(value.session, found[0].i, other.i))) : [];
  if (asked !== cardsAsked) return;
  cards.className = "grm-cards";
  cards.style.setProperty("--cols", Math.max(1, found.length));
  cards.style.setProperty("--rows", 4 + value.n);
  if (found.length) { cards.replaceChildren(...found.map((sample, at) => card(sample, changes[at - 1]))); markCards(); return; }
  const hint = value.rows.length ? "Choose up to three samples to read them side by side: click, Enter, or j and k." :
    value.running ? "Samples appear here as they finish." : "";
  cards.replaceChildren(el("p", "grm-hint", hint));
}

function card(sample, changes) {
  const box = el("article", "grm-card");
  box.dataset.i = sample.i;
  const head = el("header");
  head.append(el("h3", "", "Sample " + (sample.i + 1)), el("span", "grm-state"));
  const scores = el("div", "grm-chips");
  (sample.scores || []).forEach((score, r) => {
    const one = chip(r);
    one.append(el("b", "", " " + score));
    scores.append(one);
  });
  head.append(scores);
  if (sample.reason) head.append(el("p", "grm-bad", "Casts no vote: " + sample.reason + "."));
  box.append(head, principles(sample, changes), ...critique(sample, changes), footer(sample));
  return box;
}

// Which cards the present vote leaves out.
function markCards() {
  for (const box of cards.querySelectorAll(".grm-card")) {
    const row = value.rows.find((one) => one.i === Number(box.dataset.i));
    box.querySelector(".grm-state").textContent = row && dropped(row) ? "× not voted" : "";
  }
}

function principles(sample, changes) {
  const box = el("div", "grm-principles");
  if (!sample.principles.length) return box;
  box.append(el("h4", "", "Principles"));
  if (changes) { box.append(changed(changes.principles)); return box; }
  const most = Math.max(...sample.principles.map((p) => p.weight || 0), 1);
  for (const p of sample.principles) {
    const line = el("div", "grm-principle");
    line.append(el("span", "", p.text));
    if (p.weight !== null) {
      const weight = el("span", "grm-weight", p.weight);
      weight.title = "weight as written";
      const fill = el("i");
      fill.style.width = Math.max(4, (100 * p.weight) / most) + "%";
      weight.append(fill);
      line.append(weight);
    }
    box.append(line);
  }
  return box;
}

// One cell for what is said of no response and one per response, in own order, also where nothing is said.
function critique(sample, changes) {
  const cells = [];
  for (const own of [null, ...Array(value.n).keys()]) {
    const cell = el("div", "grm-about");
    const blocks = sample.blocks.filter((block) => block.response === own);
    if (own === null && sample.critique) cell.append(el("h4", "", "Critique"));
    if (own !== null && sample.blocks.some((block) => block.response !== null)) cell.append(aboutHead(sample, own));
    if (changes) cell.append(changed(changes.blocks[own === null ? "general" : own] || []));
    else for (const block of blocks) cell.append(told(sample, ...block.at));
    const length = blocks.reduce((sum, block) => sum + block.at[1] - block.at[0], 0);
    if (length > LONG) scrolled(cell, own === null ? "Critique" : "Critique of " + letter(own));
    if (own === null && !sample.critique && !sample.principles.length) cell.append(el("div", "grm-text", sample.raw || "(nothing)"));
    cells.push(cell);
  }
  return cells;
}

// A text of many screens gets its own scroll bar, so that what follows stays within reach.
const LONG = 6000;
function scrolled(node, label) {
  node.classList.add("grm-long");
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
}

function aboutHead(sample, own) {
  const head = el("div", "grm-about-head");
  const one = chip(own);
  if (sample.scores) one.append(el("b", "", " " + sample.scores[own]));
  head.append(one);
  const sub = sample.sub[own];
  if (sub !== null && sample.scores) {
    const differs = sub !== sample.scores[own];
    const note = el("span", differs ? "grm-mismatch" : "grm-note", "writes " + sub + "/10" + (differs ? ", boxes " + sample.scores[own] : ""));
    head.append(note);
  }
  return head;
}

function changed(changes) {
  const box = el("div", "grm-text");
  for (const [kind, text] of changes) box.append(kind === "same" ? text : el(kind === "added" ? "ins" : "del", "", text));
  return box;
}

function footer(sample) {
  const foot = el("footer");
  const facts = [value.alone ? "each response judged alone" : "shown as " + sample.order.join(" "), "seed " + sample.seed];
  if (sample.tokens !== null) facts.push(sample.tokens + " tokens", sample.seconds + " s");
  if (sample.finish && sample.finish !== "stop") facts.push("finish: " + sample.finish);
  if (sample.meta !== null) facts.push("meta " + sample.meta.toFixed(2));
  foot.append(el("span", "", facts.join(" · ")));
  if (sample.principles.length) {
    const again = button("judge again by these principles", "grm-small", () => {
      comparedWith = value.session;
      trigger("transfer", { session: value.session, sample: sample.i });
      window.scrollTo({ top: 0 });
    });
    foot.append(" ", again);
  }
  const raw = el("details");
  raw.open = rawShown.has(sample.i);
  raw.addEventListener("toggle", () => { if (raw.open) rawShown.add(sample.i); else rawShown.delete(sample.i); });
  raw.append(el("summary", "", "raw text"), rawText(sample));
  foot.append(raw);
  return foot;
}

// Exactly what the model wrote; what the parser took from it is marked.
function rawText(sample) {
  const pre = el("pre");
  let from = 0;
  for (const span of sample.spans) {
    const mark = el("mark", "grm-span-" + span.kind, sample.raw.slice(...span.at));
    mark.title = span.kind;
    pre.append(sample.raw.slice(from, span.at[0]), mark);
    from = span.at[1];
  }
  pre.append(sample.raw.slice(from));
  return pre;
}
