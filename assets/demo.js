// The Demo: recorded sessions as slides. Everything is here after one answer of the server; no model is asked.
const box = el("div", "grm-demo");
const stage = el("div", "grm-stage"), bar = el("div", "grm-demo-bar");
box.append(stage, bar);
let slides = [], at = 0, timer = 0;
const votes = { A: 0, B: 0, tie: 0 };
const stop = () => { clearInterval(timer); timer = 0; };

function go(to) {
  stop();
  at = Math.max(0, Math.min(slides.length, to));
  window.history.replaceState(null, "", "#" + (at + 1));
  draw();
}

function draw() {
  stage.replaceChildren();
  if (!slides.length) { stage.append(el("p", "", "Nothing is recorded here.")); bar.replaceChildren(); return; }
  const slide = slides[at];
  if (!slide) drawEnd();
  else {
    stage.append(el("h1", "", slide.title), el("p", "grm-lead", slide.said));
    ({ vote: drawVote, sample: drawSample, grow: drawGrow, filter: drawFilter, accuracy: drawAccuracy })[slide.kind](slide);
  }
  bar.replaceChildren(button("◀ back", "grm-small", () => go(at - 1)));
  slides.forEach((_, i) => { const dot = button(i + 1, "grm-small", () => go(i)); dot.setAttribute("aria-current", i === at); bar.append(dot); });
  bar.append(button("next ▶", "grm-small", () => go(at + 1)), el("span", "grm-note", "Replay of recorded sessions. Arrow keys, Page keys and space turn the pages."));
  const leave = el("a", "grm-link", "leave to the session");
  leave.href = slide && slide.session ? "/?session=" + encodeURIComponent(slide.session) : "/";
  bar.append(leave);
}

function answers(slide) {
  const list = el("div", "grm-responses");
  stage.append(el("p", "grm-asked", slide.case.query[slide.case.query.length - 1].content));
  slide.case.responses.forEach((text, i) => {
    const card = el("div", "grm-response"), head = el("div", "grm-response-head");
    head.append(chip(i));
    if (slide.kind !== "vote" && slide.best === letter(i)) head.append(el("span", "grm-note", "labelled best"));
    card.append(head, el("div", "grm-text", text));
    list.append(card);
  });
  stage.append(list);
}

function drawVote(slide) {
  answers(slide);
  const row = el("div", "grm-votes");
  const names = [...slide.case.responses.map((_, i) => letter(i)), "tie"];
  for (const name of names) {
    votes[name] ??= 0;
    const node = button("", "grm-vote", () => { votes[name] += 1; label(); });
    const label = () => { node.textContent = name + (votes[name] ? " · " + votes[name] : ""); };
    label();
    row.append(node);
  }
  stage.append(row, button("start again", "grm-small", () => { for (const name of names) votes[name] = 0; draw(); }));
}

function drawSample(slide) {
  answers(slide);
  const first = slide.first, card = el("article", "grm-card-plain");
  card.append(el("h4", "", "Principles"));
  for (const p of first.principles) card.append(el("p", "", "• " + p.text + (p.weight === null ? "" : " (weight " + p.weight + ")")));
  card.append(el("h4", "", "Critique"), el("div", "grm-text", first.critique), el("h4", "", "Scores"));
  const scores = el("div", "grm-chips");
  (first.scores || []).forEach((score, i) => { const one = chip(i); one.append(el("b", "", " " + score)); scores.append(one); });
  card.append(scores);
  stage.append(card);
}

function drawGrow(slide) {
  answers(slide);
  const total = slide.rows.length, line = el("p", "grm-verdict-line"), totals = el("div", "grm-chips"), area = el("div");
  line.setAttribute("aria-live", "polite");
  const slider = el("input");
  Object.assign(slider, { type: "range", min: 1, max: total, value: 1 });
  slider.setAttribute("aria-label", "k, samples added up");
  const show = (k) => {
    slider.value = k;
    const winner = slide.winners[k - 1];
    line.textContent = "k = " + k + ": " + (winner ? winner + " leads" : "a tie") + (slide.best ? (winner === slide.best ? ", as labelled" : ", the label says " + slide.best) : "");
    totals.replaceChildren(...slide.totals[k - 1].map((sum, i) => { const one = chip(i); one.append(el("b", "", " " + sum)); return one; }));
    if (slide.figure) {
      const data = slide.figure.data.map((trace) => ({ ...trace, x: trace.x.slice(0, k), y: trace.y.slice(0, k) }));
      const range = slide.figure.data[0].y, low = Math.min(0, ...range), high = Math.max(0, ...range), room = 0.1 * (high - low || 1);
      const layout = { ...slide.figure.layout, height: 300, yaxis: { ...slide.figure.layout.yaxis, range: [low - room, high + room] } };
      area.replaceChildren(plot({ data, layout }, "Margin over k"));
    }
  };
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  const reduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const pace = Math.max(150, Math.min(900, 1000 * (slide.seconds.reduce((a, b) => a + b, 0) / total || 0.3)));
  const play = button("▶ play", "grm-vote", () => {
    if (timer) { stop(); play.textContent = "▶ play"; return; }
    let k = Number(slider.value) >= total ? 0 : Number(slider.value);
    if (reduced) { show(total); return; }
    play.textContent = "■ stop";
    timer = setInterval(() => { k += 1; show(k); if (k >= total) { stop(); play.textContent = "▶ play"; } }, pace);
  });
  const row = el("div", "grm-votes");
  row.append(play, slider);
  stage.append(row, line, totals, area);
  show(1);
}

function drawFilter(slide) {
  answers(slide);
  const table = el("table", "grm-filter-table");
  const ranked = [...slide.rows].filter((row) => row.scores).sort((a, b) => (b.meta ?? 0) - (a.meta ?? 0));
  let filtered = false;
  const line = el("p", "grm-verdict-line");
  const draw = () => {
    table.replaceChildren();
    for (const row of ranked) {
      const out = filtered && !slide.kept.includes(row.i), tr = el("tr", out ? "grm-dropped" : "");
      tr.append(el("td", "grm-index", (out ? "× " : "") + (row.i + 1)));
      row.scores.forEach((score) => { const cell = el("td", "grm-score", score); cell.style.setProperty("--s", score / 10); tr.append(cell); });
      tr.append(el("td", "grm-num", row.meta === null ? "–" : row.meta.toFixed(2)));
      table.append(tr);
    }
    line.textContent = filtered ? slide.guided : slide.verdict;
  };
  const turn = button("let the meta RM filter", "grm-vote", () => { filtered = !filtered; turn.textContent = filtered ? "without the filter" : "let the meta RM filter"; draw(); });
  stage.append(turn, line, table);
  draw();
}

function drawAccuracy(slide) {
  stage.append(plot(slide.figure, "Accuracy over k"));
  stage.append(el("p", "grm-note", "Means over the items of each set; solid lines are plain voting, dotted ones keep the half that the meta RM likes best."));
}

function drawEnd() {
  stage.append(el("h1", "", "That was it"), el("p", "grm-lead", "Sampling more and voting helps where the judge errs at random, and does not where it errs in the same way."));
  stage.append(button("Hand-out (HTML, opens offline)", "grm-vote", async () => {
    const text = await server.handout(null);
    if (text) download("grm-lens-demo.html", "text/html", text);
  }), button("Once more", "grm-vote", () => go(0)));
}

document.addEventListener("keydown", (event) => {
  if (!element.isConnected || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, button, select, textarea")) return;
  if (["ArrowRight", "PageDown", " "].includes(event.key)) go(at + 1);
  else if (["ArrowLeft", "PageUp"].includes(event.key)) go(at - 1);
  else return;
  event.preventDefault();
});

async function begin() {
  element.append(box);
  slides = (await server.tour(null)) || [];
  go((Number(window.location.hash.slice(1)) || 1) - 1);
}
begin();
