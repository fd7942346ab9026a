// ---- samples side by side ----------------------------------------------------------------------------------------
let cardsAsked = 0;
async function drawCards() {
  const asked = ++cardsAsked;
  const wanted = [...chosen].sort((a, b) => a - b);
  const found = await Promise.all(wanted.map(detailOf));
  if (asked !== cardsAsked) return;
  nameView();
  cards.style.setProperty("--cols", Math.max(1, found.length));
  if (found.length) { cards.replaceChildren(...found.filter(Boolean).map(card)); return; }
  const hint = value.rows.length ? "Choose up to three samples to read them side by side (click, Enter, or j and k)." :
    value.running ? "Samples appear here as they finish." : "";
  cards.replaceChildren(el("p", "grm-hint", hint));
}

function card(sample) {
  const box = el("article", "grm-card");
  const head = el("header");
  head.append(el("h3", "", "Sample " + (sample.i + 1)));
  const scores = el("div", "grm-chips");
  (sample.scores || []).forEach((score, r) => {
    const one = chip(r);
    one.append(el("b", "", " " + score));
    scores.append(one);
  });
  head.append(scores);
  box.append(head);
  if (sample.reason) box.append(el("p", "grm-bad", "Casts no vote: " + sample.reason + "."));
  if (sample.principles.length) {
    box.append(el("h4", "", "Principles"));
    const most = Math.max(...sample.principles.map((p) => p.weight || 0), 1);
    for (const p of sample.principles) box.append(principle(p, most));
  }
  if (sample.critique) box.append(el("h4", "", "Critique"), critique(sample));
  if (!sample.principles.length && !sample.critique) box.append(el("div", "grm-text", sample.raw || "(nothing)"));
  box.append(footer(sample));
  return box;
}

function principle(p, most) {
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
  return line;
}

// "Response 2" in a critique is the second one *shown*: its letter is put beside it. Quotations are marked with what
// became of them when they were looked up; a click shows where the response holds the words.
const FOUND = {
  exact: "stands in response ", near: "nearly stands in response ", missing: "not found in any response", query: "stands in the query",
};
function critique(sample) {
  const box = el("div", "grm-text");
  let from = 0;
  for (const quote of sample.quotes || []) {
    named(box, sample.critique.slice(from, quote.at[0]), sample.order);
    box.append(mark(sample.critique.slice(...quote.at), quote));
    from = quote.at[1];
  }
  named(box, sample.critique.slice(from), sample.order);
  return box;
}

function named(box, text, order) {
  let from = 0;
  for (const found of text.matchAll(/\bResponse\s{1,3}(\d{1,2})\b/gi)) {
    const own = order[Number(found[1]) - 1];
    if (!own || own.length > 1) continue;
    box.append(text.slice(from, found.index + found[0].length), " ", chip(own.charCodeAt(0) - 65));
    from = found.index + found[0].length;
  }
  box.append(text.slice(from));
}

function mark(text, quote) {
  const node = el("mark", "grm-quote grm-quote-" + quote.found, text);
  const said = FOUND[quote.found] + (quote.response === null ? "" : letter(quote.response));
  node.title = said;
  if (quote.found === "missing") node.append(el("span", "grm-missing", " not found"));
  if (quote.response === null) return node;
  node.style.setProperty("--c", COLOURS[quote.response % COLOURS.length]);
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", text + ", " + said);
  const show = () => showInResponse(quote);
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter") show(); });
  return node;
}

function showInResponse(quote) {
  const box = parts.case.querySelector("details");
  const texts = parts.case.querySelectorAll(".grm-response .grm-text");
  if (!box || !texts[quote.response]) return;
  box.open = true;
  for (const each of texts) each.replaceChildren(each.textContent);
  const node = texts[quote.response], whole = node.textContent;
  const found = el("mark", "grm-quote grm-quote-" + quote.found, whole.slice(...quote.where));
  found.style.setProperty("--c", COLOURS[quote.response % COLOURS.length]);
  node.replaceChildren(whole.slice(0, quote.where[0]), found, whole.slice(quote.where[1]));
  found.scrollIntoView({ block: "center" });
}

function footer(sample) {
  const foot = el("footer");
  const facts = ["shown as " + sample.order.join(" "), "seed " + sample.seed];
  if (sample.tokens !== null) facts.push(sample.tokens + " tokens", sample.seconds + " s");
  if (sample.finish && sample.finish !== "stop") facts.push("finish: " + sample.finish);
  if (sample.meta !== null) facts.push("meta " + sample.meta.toFixed(2));
  foot.append(el("span", "", facts.join(" · ")));
  const raw = el("details");
  raw.append(el("summary", "", "raw text"), el("pre", "", sample.raw));
  foot.append(raw);
  return foot;
}
