// ---- the matrix's tools: in which order its rows stand, and which are shown --------------------------------------
const tools = { sort: "arrival", show: "all", response: "any", low: 1, high: 10, words: "", holding: null, picked: null };  // picked: on a plot of the Lab
const SHOWN = [
  ["all", "all samples"], ["against", "against the verdict"], ["dropped", "dropped by the filter"],
  ["failed", "failed to parse"], ["flagged", "with findings"],
];
const sortBox = choice([], () => { tools.sort = sortBox.value; drawMatrix(); });
const showBox = choice(SHOWN, () => { tools.show = showBox.value; drawMatrix(); });
const responseBox = choice([], () => { tools.response = responseBox.value; drawMatrix(); });
const scoreBox = (name) => {
  const node = el("input", "grm-score-box");
  Object.assign(node, { type: "number", min: 1, max: 10, value: tools[name] });
  node.setAttribute("aria-label", name === "low" ? "lowest score" : "highest score");
  node.addEventListener("input", () => { tools[name] = Number(node.value) || (name === "low" ? 1 : 10); drawMatrix(); });
  return node;
};
const lowBox = scoreBox("low"), highBox = scoreBox("high");
const wordsBox = el("input");
Object.assign(wordsBox, { type: "search", placeholder: "words of a principle", id: "grm-words" });
wordsBox.setAttribute("aria-label", "Only samples with a principle that holds these words");
wordsBox.addEventListener("input", findWords);
const more = el("details", "grm-filters");
const counted = el("span", "grm-counted");
counted.setAttribute("aria-live", "polite");
const range = el("span", "grm-range");
range.append(responseBox, lowBox, " to ", highBox);
more.append(el("summary", "", "filter"), labelled("principle", wordsBox), labelled("score", range));
const clearAll = button("clear", "grm-small", clearTools);
parts.tools.append(labelled("sort", sortBox), labelled("show", showBox), more, counted, clearAll);

function clearTools() {
  Object.assign(tools, { show: "all", response: "any", low: 1, high: 10, words: "", holding: null, picked: null });
  showBox.value = "all"; responseBox.value = "any"; lowBox.value = 1; highBox.value = 10; wordsBox.value = "";
  drawMatrix();
}

async function findWords() {
  const words = tools.words = wordsBox.value.trim();
  const found = words ? await server.holding(value.session, words) : null;
  if (words !== tools.words) return;
  tools.holding = found && new Set(found);
  drawMatrix();
}

function fillTools() {
  const key = value.n + "/" + metaKnown();
  if (parts.tools.dataset.key === key) return;
  parts.tools.dataset.key = key;
  const all = [...Array(value.n).keys()];
  const options = (box, pairs) => box.replaceChildren(...pairs.map(([name, text]) => Object.assign(el("option", "", text), { value: name })));
  const sorts = [["arrival", "arrival"]];
  if (metaKnown()) sorts.push(["meta", "meta score"]);
  if (value.n > 1) sorts.push(["margin", "margin of the winner"], ...all.map((r) => ["place" + r, "where " + letter(r) + " was shown"]));
  options(sortBox, sorts);
  if (!sorts.some(([name]) => name === tools.sort)) tools.sort = "arrival";
  sortBox.value = tools.sort;
  options(responseBox, [["any", "any"], ...all.map((r) => [String(r), letter(r)])]);
  responseBox.value = tools.response;
}

// A sample's own margin for the response that won, or for its own best where nobody won.
function marginOf(row) {
  if (!row.scores || value.n < 2) return -Infinity;
  const best = Math.max(...row.scores), winner = voted.winner ?? row.scores.indexOf(best);
  return row.scores[winner] - Math.max(...row.scores.filter((_, r) => r !== winner));
}

const flaggedSamples = () => new Set((value.findings || []).flatMap((one) => (one.samples.length < value.rows.length ? one.samples : [])));
function filtered() {
  const flagged = flaggedSamples();
  const KEEP = {
    all: () => true,
    against: (row) => row.scores && voted.winner !== null && row.scores[voted.winner] < Math.max(...row.scores),
    dropped, failed: (row) => !row.scores, flagged: (row) => flagged.has(row.i),
  };
  const inRange = (score) => score >= tools.low && score <= tools.high;
  return value.rows.filter((row) => {
    if (!KEEP[tools.show](row) || (tools.holding && !tools.holding.has(row.i)) || (tools.picked && !tools.picked.has(row.i))) return false;
    if (tools.low <= 1 && tools.high >= 10) return true;
    return Boolean(row.scores) && (tools.response === "any" ? row.scores.some(inRange) : inRange(row.scores[Number(tools.response)]));
  });
}

function arranged() {
  const rows = filtered();
  const by = {
    arrival: (row) => row.i, meta: (row) => (row.meta === null ? Infinity : -row.meta), margin: (row) => -marginOf(row),
  }[tools.sort] || ((row) => row.order.indexOf(letter(Number(tools.sort.slice(5)))));
  rows.sort((a, b) => by(a) - by(b) || a.i - b.i);
  const narrowed = tools.show !== "all" || tools.holding || tools.picked || tools.low > 1 || tools.high < 10;
  counted.textContent = narrowed ? rows.length + " of " + value.rows.length + " shown" + (tools.picked ? ", chosen on a plot" : "") : "";
  clearAll.hidden = !narrowed;
  return rows;
}
