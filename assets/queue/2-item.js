// ---- one item: first blind, then what the GRM saw -------------------------------------------------------------------
const body = el("div", "grm-queue-body"), foot = el("div", "grm-label-bar");
body.tabIndex = -1;
let judging = false;
let caseOpen = null;  // whether query and responses stand open beside the samples; null: where there is room
foot.setAttribute("role", "toolbar");
foot.setAttribute("aria-label", "Labels");
const key = (text, label, act, on) => {
  const node = button("", "grm-key" + (on ? " grm-on" : ""), act);
  node.append(el("kbd", "", text), " " + label);
  node.setAttribute("aria-pressed", Boolean(on));
  return node;
};

async function next(after = -1) {
  const answer = await server.take(me.queue, me.name, after);
  if (!answer || answer.error) { body.replaceChildren(el("p", "grm-bad", answer ? answer.error : "The server did not answer.")); return; }
  show(answer);
}
async function reopen() {
  const answer = await server.look(me.queue, me.name, item.place);
  if (answer && !answer.error) show(answer);
}
function show(answer) {
  item = answer.end ? null : answer;
  sampleAt = principleAt = 0;
  body.replaceChildren();
  if (item && item.revealed) { const open = item.samples.findIndex((one) => !found("class", one.i)); sampleAt = Math.max(0, open); }
  drawProgress(answer.progress);
  if (item) drawItem();
  else { foot.replaceChildren(); body.replaceChildren(el("h2", "", "That was the last item for you in this queue."), el("p", "grm-note", "Agreement and the failure report stand above.")); }
  window.scrollTo(0, 0);
}

function drawProgress(now) {
  const bar = el("progress");
  Object.assign(bar, { max: Math.max(1, now.total), value: now.done });
  bar.setAttribute("aria-label", "Items done");
  const pace = now.pace ? ", " + now.pace + " s an item" : "";
  progress.replaceChildren(bar, el("span", "", (item ? "item " + (item.place + 1) + " · " : "") + now.mine + " done by you, " + now.done + " of " + now.total + " done" + pace));
}

function drawItem() {
  item.revealed ? drawSamples() : drawBlind();
}

// `one` is the sample that is read: each response then says as which one it was shown, and what it got.
function drawCase(open, one) {
  const part = el("details", "grm-case-box");
  part.open = open;
  part.append(el("summary", "", "Query and responses"));
  const asked = reachable(el("div", "grm-asked-box"), "Query");
  for (const turn of item.case.query) {
    if (item.case.query.length > 1) asked.append(el("div", "grm-role", turn.role));
    asked.append(el("div", "grm-asked grm-text" + (turn.content.length > 300 ? " grm-much" : ""), turn.content));
  }
  const list = el("div", "grm-responses");
  item.case.responses.forEach((text, i) => {
    const card = reachable(el("div", "grm-response"), "Response " + letter(i)), head = el("div", "grm-response-head");
    head.append(chip(i), el("strong", "", "Response " + letter(i)));
    if (one) head.append(el("span", "grm-note", "shown as Response " + (one.order.indexOf(letter(i)) + 1) + (one.scores ? ": " + one.scores[i] + "/10" : "")));
    if (item.case.labels) head.append(el("span", "grm-note", "label " + item.case.labels[i]));
    card.append(head, el("div", "grm-text", text));
    list.append(card);
  });
  part.append(asked, list);
  return part;
}
// What may have to be scrolled can be reached by keyboard.
function reachable(node, label) {
  Object.assign(node, { tabIndex: 0, role: "group", ariaLabel: label });
  return node;
}

function drawBlind() {
  body.replaceChildren(el("h2", "", item.case.responses.length > 1 ? "Which response is best?" : "Is the response good?"), drawCase(true));
  // One answer at a time: the same key again, while it is being saved, would take it back.
  const said = found("best"), act = (label) => async () => {
    if (judging) return;
    judging = true;
    try { if (await say("best", label)) await reopen(); else drawItem(); } finally { judging = false; }
  };
  const keys = item.case.responses.map((_, i) => key(i + 1, letter(i), act(letter(i)), said && said.label === letter(i)));
  foot.replaceChildren(...keys, key("t", "tie", act("tie")), key("0", "cannot say", act("cannot say")), key("s", "skip", () => next(item.place)));
}

// ---- after the blind label: every sample is diagnosed -------------------------------------------------------------
function drawSamples() {
  const best = found("best"), head = el("div", "grm-verdict");
  head.append(el("h2", "", item.verdict), el("p", "grm-note", "You said " + best.label + ". Here because of: " + item.reason + "."));
  const grid = el("div", "grm-desk"), list = el("div", "grm-desk-list");
  item.samples.forEach((one, at) => {
    const said = found("class", one.i), node = button("", at === sampleAt ? "grm-on" : "", () => { sampleAt = at; principleAt = 0; drawItem(); });
    node.append(el("b", "", one.i + 1), el("span", "", one.scores ? one.scores.join(" ") : one.reason), el("span", "grm-said-class", said ? said.label : ""));
    node.setAttribute("aria-current", at === sampleAt);
    list.append(node);
  });
  const wide = window.matchMedia("(min-width: 1100px)").matches;
  grid.append(list, drawSample(item.samples[sampleAt]), drawCase(caseOpen ?? wide, item.samples[sampleAt]));
  grid.lastChild.addEventListener("toggle", (event) => { caseOpen = event.target.open; });
  const read = body.querySelector(".grm-case-box")?.scrollTop ?? 0;  // the place in a long response stays
  body.replaceChildren(head, grid);
  grid.lastChild.scrollTop = read;
  drawKeys();
  const now = list.children[sampleAt];
  if (now) list.scrollTop = Math.max(0, now.offsetTop - list.clientHeight / 2);
}

function drawSample(one) {
  const card = el("article", "grm-desk-card");
  if (!one) { card.append(el("p", "grm-note", "This session has no samples.")); return card; }
  card.append(el("h3", "", "Sample " + (one.i + 1) + ", shown " + one.order.join(" ")));
  if (one.principles.length) card.append(el("h4", "", "Principles"));
  one.principles.forEach((p, at) => {
    const said = found("principle", one.i, at), line = el("div", "grm-desk-principle" + (at === principleAt ? " grm-on" : ""));
    line.append(el("span", "grm-text", p.text + (p.weight === null ? "" : " (" + p.weight + "%)")));
    for (const [letterKey, label] of PRINCIPLE_KEYS) line.append(key(letterKey, label, () => { principleAt = at; labelPrinciple(label); }, said && said.label === label));
    card.append(line);
  });
  card.append(el("h4", "", "What it wrote"));
  const text = el("div", "grm-text grm-raw-text", one.raw);
  text.id = "grm-raw";
  card.append(text);
  for (const span of item.mine.filter((each) => each.kind === "span" && each.sample === one.i)) {
    card.append(el("p", "grm-span-note", "“" + [...one.raw].slice(span.span[0], span.span[1]).join("").slice(0, 120) + "”: " + span.note));
  }
  if (noteOn && noteOn.sample !== one.i) noteBox.hidden = true;
  card.append(noteBox);
  return card;
}
