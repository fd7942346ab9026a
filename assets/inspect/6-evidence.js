// ---- evidence ------------------------------------------------------------------------------------------------------
// "Response 2" in a critique is the second one *shown*: its letter is put beside it. Quotations are marked with what
// became of them when they were looked up; a click shows where the response holds the words.
const FOUND = {
  exact: "stands in response ", near: "nearly stands in response ", missing: "not found in any response", query: "stands in the query",
};
function told(sample, start, end) {
  const box = el("div", "grm-text");
  let from = start;
  for (const quote of sample.quotes) {
    if (quote.at[0] < start || quote.at[1] > end) continue;
    named(box, sample.critique.slice(from, quote.at[0]), sample.order);
    box.append(mark(sample.critique.slice(...quote.at), quote));
    from = quote.at[1];
  }
  named(box, sample.critique.slice(from, end).trimEnd(), sample.order);
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
