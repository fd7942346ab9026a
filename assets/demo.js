// The Demo: recorded sessions as slides. Everything is here after one answer of the server; no model is asked.
const box = el("div", "grm-demo");
const stage = el("div", "grm-stage"), bar = el("div", "grm-demo-bar");
box.append(stage, bar);
let slides = [], at = 0, timer = 0;
let advance = () => false;  // what the next key does on this slide before the page turns; whether it did anything
const BALLOTS = "grm-lens-demo-votes";
const votes = (() => { try { return JSON.parse(window.sessionStorage.getItem(BALLOTS)) || {}; } catch (blocked) { return {}; } })();
const keepVotes = () => { try { window.sessionStorage.setItem(BALLOTS, JSON.stringify(votes)); } catch (blocked) { /* private windows forget it */ } };
const stop = () => { clearTimeout(timer); timer = 0; };
const points = () => parseFloat(getComputedStyle(box).fontSize);

function go(to) {
  stop();
  at = Math.max(0, Math.min(slides.length, to));
  const url = new URL(window.location);  // whole: a bare "#2" is taken from Gradio's <base>, which is another page
  url.hash = at + 1;
  window.history.replaceState(null, "", url);
  draw();
}

function draw() {
  const held = bar.contains(document.activeElement) ? document.activeElement.textContent : null;
  stage.replaceChildren();
  advance = () => false;
  if (!slides.length) { stage.append(el("p", "", "Nothing is recorded here.")); bar.replaceChildren(); return; }
  const slide = slides[at];
  if (!slide) drawEnd();
  else {
    stage.append(el("h1", "", slide.title), el("p", "grm-lead", slide.said));
    ({ vote: drawVote, sample: drawSample, grow: drawGrow, filter: drawFilter, accuracy: drawAccuracy })[slide.kind](slide);
  }
  bar.replaceChildren(button("◀ back", "grm-small", () => go(at - 1)));
  slides.forEach((_, i) => { const dot = button(i + 1, "grm-small", () => go(i)); dot.setAttribute("aria-current", i === at); bar.append(dot); });
  bar.append(button("next ▶", "grm-small", () => go(at + 1)), el("span", "grm-note", "Replay of recorded sessions. Page, arrow or space keys, or a presenter's remote: on; letters vote; p plays."));
  const leave = el("a", "grm-link", "leave to the session");
  leave.href = slide && slide.session ? "/?session=" + encodeURIComponent(slide.session) : "/";
  bar.append(leave);
  const again = [...bar.children].find((node) => held && node.textContent === held);
  if (again) again.focus();
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
    const node = button("", "grm-vote", () => { votes[name] = (votes[name] || 0) + 1; label(); });
    const label = () => { node.textContent = name + (votes[name] ? " · " + votes[name] : ""); keepVotes(); };
    node.dataset.key = name[0].toLowerCase();
    label();
    row.append(node);
  }
  stage.append(row, button("start again", "grm-small", () => { for (const name of names) votes[name] = 0; keepVotes(); draw(); }));
}

function drawSample(slide) {
  answers(slide);
  const first = slide.first, card = el("article", "grm-card-plain");
  card.append(el("h4", "", "Principles"));
  for (const p of first.principles) card.append(el("p", "", "• " + p.text + (p.weight === null ? "" : " (weight " + p.weight + ")")));
  card.append(el("h4", "", "Critique and scores"));
  for (const [name, text] of first.said) {
    const line = el("div", "grm-said-line");
    if (name !== null) line.append(scored(name.charCodeAt(0) - 65, first.scores));
    line.append(el("div", "grm-text", text));
    card.append(line);
  }
  if (first.said[0][0] === null) card.append(...(first.scores || []).map((_, i) => scored(i, first.scores)));
  stage.append(card);
}

function scored(i, numbers) {
  const one = chip(i);
  if (numbers) one.append(el("b", "", " " + numbers[i]));
  return one;
}

function drawGrow(slide) {
  answers(slide);
  const total = slide.rows.length, line = el("p", "grm-verdict-line"), totals = el("div", "grm-chips");
  line.setAttribute("aria-live", "polite");
  const slider = el("input");
  Object.assign(slider, { type: "range", min: 1, max: total, value: 1 });
  slider.setAttribute("aria-label", "k, samples added up");
  const area = slide.figure ? growing(slide) : { node: el("div"), show: () => {} };
  const show = (k) => {
    slider.value = k;
    const winner = slide.winners[k - 1], sums = slide.totals[k - 1];
    const said = !sums.length ? "no score that can be read" : winner ? winner + " leads" : "a tie";
    line.textContent = "k = " + k + ": " + said + (slide.best ? (winner === slide.best ? ", as labelled" : ", the label says " + slide.best) : "");
    totals.replaceChildren(...sums.map((_, i) => scored(i, sums)));
    area.show(k);
  };
  const paced = el("input");
  Object.assign(paced, { type: "checkbox" });
  const mean = slide.seconds.reduce((a, b) => a + b, 0) / total || 1;
  const wait = (k) => 1000 * slide.seconds[k - 1] * (paced.checked ? 1 : Math.min(1, 0.4 / mean));
  const halt = () => { stop(); play.textContent = "▶ play"; };
  const next = (k) => { show(k); if (k >= total) halt(); else timer = setTimeout(next, wait(k + 1), k + 1); };
  const play = button("▶ play", "grm-vote", () => {
    if (timer) { halt(); return; }
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) { show(total); return; }
    play.textContent = "■ stop";
    next(Number(slider.value) >= total ? 1 : Number(slider.value));
  });
  play.dataset.key = "p";
  // The next key plays, then jumps to the end, then turns the page.
  advance = () => {
    if (Number(slider.value) >= total) return false;
    if (timer) { halt(); show(total); } else play.click();
    return true;
  };
  slider.addEventListener("input", () => { halt(); show(Number(slider.value)); });
  const row = el("div", "grm-votes");
  row.append(play, slider, labelled("at recorded pace, " + mean.toFixed(1) + " s a sample", paced));
  stage.append(row, line, totals, area.node);
  show(1);
}

// The margin up to k; the axes are those of the whole curve, so that it grows and does not jump.
function growing(slide) {
  const [whole] = slide.figure.data, low = Math.min(0, ...whole.y), high = Math.max(0, ...whole.y), room = 0.1 * (high - low || 1);
  const layout = { ...slide.figure.layout, height: Math.max(220, Math.min(420, window.innerHeight * 0.32)), font: { size: 0.62 * points() } };
  layout.yaxis = { ...layout.yaxis, range: [low - room, high + room] };
  const node = el("div"), upTo = (k) => ({ x: whole.x.filter((x) => x <= k), y: whole.y.slice(0, whole.x.filter((x) => x <= k).length) });
  const show = (k) => {
    const drawn = node.firstChild;
    if (drawn && drawn.data) { const { x, y } = upTo(k); window.Plotly.restyle(drawn, { x: [x], y: [y] }, [0]); }
    else node.replaceChildren(plot({ data: [{ ...whole, ...upTo(k) }], layout }, "Margin over k"));
  };
  return { node, show };
}

// The samples from the meta RM's best to its worst, half of them beside the other half, so that all are seen at once.
function drawFilter(slide) {
  answers(slide);
  const tables = el("div", "grm-filter-tables"), half = Math.ceil(slide.rows.length / 2);
  const ranked = [...slide.rows].filter((row) => row.scores).sort((a, b) => (b.meta ?? 0) - (a.meta ?? 0));
  let filtered = false;
  const line = el("p", "grm-verdict-line");
  const tableOf = (rows) => {
    const table = el("table", "grm-filter-table"), head = el("tr");
    for (const name of ["sample", ...slide.case.responses.map((_, i) => letter(i)), "meta RM"]) head.append(el("th", "", name));
    table.append(head);
    for (const row of rows) {
      const out = filtered && !slide.kept.includes(row.i), tr = el("tr", out ? "grm-dropped" : "");
      tr.append(el("td", "grm-index", (out ? "× " : "") + (row.i + 1)));
      row.scores.forEach((score) => { const cell = el("td", "grm-score", score); cell.style.setProperty("--s", score / 10); tr.append(cell); });
      tr.append(el("td", "grm-num", row.meta === null ? "–" : row.meta.toFixed(2)));
      table.append(tr);
    }
    return table;
  };
  const draw = () => {
    tables.replaceChildren(tableOf(ranked.slice(0, half)), tableOf(ranked.slice(half)));
    line.textContent = filtered ? slide.guided : slide.verdict;
  };
  const turn = button("let the meta RM filter", "grm-vote", () => { filtered = !filtered; turn.textContent = filtered ? "without the filter" : "let the meta RM filter"; draw(); });
  advance = () => { if (filtered) return false; turn.click(); return true; };
  stage.append(turn, line, tables);
  draw();
}

function drawAccuracy(slide) {
  const layout = { ...slide.figure.layout, height: Math.max(300, window.innerHeight * 0.5), font: { size: 0.62 * points() } };
  stage.append(plot({ ...slide.figure, layout }, "Accuracy over k"));
  const guided = slide.sets.some((one) => one.guided && one.guided.length);
  stage.append(el("p", "grm-note", "Means over the items of each set (n = items)" + (guided ? "; solid lines are plain voting, dotted ones keep the half that the meta RM likes best." : ", by plain voting.")));
}

function drawEnd() {
  stage.append(el("h1", "", "That was it"), el("p", "grm-lead", "Sampling more and voting helps where the judge errs at random, and does not where it errs in the same way."));
  stage.append(button("Hand-out (HTML, opens offline)", "grm-vote", async () => {
    const text = await server.handout(null);
    if (text) download("grm-lens-demo.html", "text/html", text);
  }), button("Once more", "grm-vote", () => go(0)));
}

// Page keys come from a presenter's remote, whatever was clicked last; the others leave fields and buttons alone.
const sheet = keySheet([["→ ←", "on, back (space, page keys and a presenter's remote too)"], ["A B C D", "vote, where the slide asks"], ["p", "play the vote"]]);
box.append(sheet.node);
document.addEventListener("keydown", (event) => {
  if (!element.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") { sheet.show(); return; }
  if (sheet.node.open) return;
  const field = event.target.closest("input, select, textarea"), pressed = event.target.closest("button, a");
  const on = event.key === "PageDown" || (!field && (event.key === "ArrowRight" || (event.key === " " && !pressed && sheet.live())));
  const back = event.key === "PageUp" || (!field && event.key === "ArrowLeft");
  const named = field || event.key.length > 1 || !sheet.live() ? null : stage.querySelector('button[data-key="' + CSS.escape(event.key.toLowerCase()) + '"]');
  if (on) { if (!advance()) go(at + 1); } else if (back) go(at - 1); else if (named) named.click(); else return;
  event.preventDefault();
});

async function begin() {
  element.append(box);
  slides = (await server.tour(null)) || [];
  go((Number(window.location.hash.slice(1)) || 1) - 1);
}
begin();
