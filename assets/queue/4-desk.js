// ---- the desk: who, which queue, agreement, report ------------------------------------------------------------------
const top = el("div", "grm-session-bar"), progress = el("div", "grm-queue-progress"), side = el("div");
const who = el("input"), queueBox = choice([], () => { me.queue = queueBox.value; begin(); });
Object.assign(who, { type: "text", value: me.name, placeholder: "your name", maxLength: 80, id: "queue-author" });
who.addEventListener("change", () => { me.name = who.value.trim(); memory.write("author", me.name); begin(); });
queueBox.id = "queue-name";
top.append(labelled("I am", who), labelled("queue", queueBox), button("new queue", "grm-small", drawMake), button("agreement", "grm-small", drawAgreement),
  button("failure report", "grm-small", drawReport), button("to the item", "grm-small", () => begin()), button("keys: ?", "grm-small", () => sheet.show()), state);
box.append(top, progress, side, body, foot);
let known = { queues: [], runs: [], tags: [] };

let turn = 0;  // what is asked for later wins: an answer that comes late must not take a form away
async function begin() {
  const mine = ++turn;
  known = (await server.overview(me.name)) || known;
  if (mine !== turn) return;
  const url = new URL(window.location);
  me.queue ? url.searchParams.set("queue", me.queue) : url.searchParams.delete("queue");
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
  const options = known.queues.map((one) => [one.id, one.title + " (" + one.done + " of " + one.total + ")"]);
  queueBox.replaceChildren(...[["", "choose"], ...options].map(([id, text]) => Object.assign(el("option", "", text), { value: id })));
  queueBox.value = me.queue;
  side.replaceChildren();
  if (!me.name || !me.queue) {
    item = null;
    foot.replaceChildren();
    progress.replaceChildren();
    body.replaceChildren(welcome());
    return;
  }
  await send();
  await next();
  if (top.contains(document.activeElement) && document.activeElement.tagName !== "BUTTON") body.focus();  // or the keys would type there
}

// What stands there before a queue is chosen: the queues with their progress, and what the work is.
function welcome() {
  const part = el("div", "grm-welcome"), steps = el("ol");
  part.append(el("p", "grm-hint", me.name ? "Choose a queue, or make a new one." : "Say who you are: labels carry the name of who made them."));
  for (const one of known.queues) {
    const row = button("", "grm-queue-row", () => { me.queue = one.id; begin(); });
    row.append(el("b", "", one.title), el("span", "", one.done + " of " + one.total + " done, " + one.mine + " by you"));
    part.append(row);
  }
  for (const text of [
    "Make a queue: sessions chosen by rules (verdict against the label, flips, ties, findings), some at random as a control.",
    "Per session, first blind: which response is best? Query and responses only.",
    "Then the GRM's samples: what went wrong in each, whether its principles fit, what to note. Every label is saved at once.",
    "Agreement shows where annotators differ once both are done; the failure report counts what went wrong.",
  ]) steps.append(el("li", "", text));
  part.append(el("h3", "", "How the desk works"), steps);
  return part;
}

function leaveItem(...nodes) { turn += 1; item = null; body.replaceChildren(); foot.replaceChildren(); side.replaceChildren(...nodes); }

async function drawMake() {
  const mine = ++turn;
  known = (await server.overview(me.name)) || known;
  if (mine !== turn) return;
  const form = el("div", "grm-panel grm-make"), title = el("input"), overlap = el("input"), control = el("input");
  Object.assign(title, { type: "text", maxLength: 120 });
  for (const [node, value] of [[overlap, 20], [control, 10]]) Object.assign(node, { type: "number", min: 0, max: 100, value });
  const run = choice([["", "all sessions"], ...known.runs.map((one) => [one.id, one.title])], () => {});
  const tag = choice([["", "any tag"], ...known.tags.map((one) => [one, one])], () => {});
  const rules = settings.rules.map((rule) => { const input = el("input"); input.type = "checkbox"; input.value = rule; return [rule, input]; });
  const list = el("div", "grm-rules");
  for (const [rule, input] of rules) { const label = el("label"); label.append(input, " " + rule); list.append(label); }
  const said = el("p", "grm-bad");
  form.append(el("h3", "", "A new queue"), labelled("title", title), labelled("from", run), labelled("with", tag), el("p", "grm-note", "Rules, in this order; without any, all sessions in random order."), list,
    labelled("% seen by two", overlap), labelled("% random control", control), button("make it", "grm-small", async (event) => {
      const pressed = event.currentTarget;
      pressed.disabled = true;  // a second click would make a second queue
      const answer = await server.make({ title: title.value, run: run.value, tag: tag.value, rules: rules.filter(([, input]) => input.checked).map(([rule]) => rule), overlap: overlap.value / 100, control: control.value / 100, seed: 0 });
      pressed.disabled = false;
      if (!answer || answer.error) { said.textContent = answer ? answer.error : "The server did not answer."; return; }
      me.queue = answer.id;
      begin();
    }), said);
  leaveItem(form);
}

const tableBox = (title, found) => { const part = el("section", "grm-panel"); part.append(el("h3", "", title), found.rows.length ? tableOf(found.columns, found.rows) : el("p", "grm-note", "Nothing was labelled by two people yet.")); return part; };
async function drawAgreement() {
  const mine = turn, found = await server.agreed(me.queue, me.name);
  if (mine !== turn) return;
  if (!found || found.error) { leaveItem(el("p", "grm-bad", found ? found.error : "The server did not answer.")); return; }
  const differ = el("section", "grm-panel");
  differ.append(el("h3", "", "To settle: " + found.differ.length), el("p", "grm-note", found.items + " items are finished by all who had them; peers stay hidden for the others (" + found.waiting + ")."));
  for (const one of found.differ) {
    const line = el("p", "grm-differ");
    const what = one.kind === "best" ? "best response" : "sample " + (one.sample + 1) + (one.place === null ? "" : ", principle " + (one.place + 1));
    line.append("item " + (one.item + 1) + ", " + what + ": " + Object.entries(one.labels).map(([author, label]) => author + " " + label).join(", ") + " ");
    line.append(button("open", "grm-small", async () => { side.replaceChildren(); const answer = await server.look(me.queue, me.name, one.item); if (answer && !answer.error) show(answer); }));
    differ.append(line);
  }
  leaveItem(tableBox("Krippendorff's alpha, all annotators", found.alphas), tableBox("Cohen's kappa, every two", found.kappas), differ);
}

async function drawReport() {
  leaveItem(el("p", "grm-note", "Counting …"));  // the first time, a sentence model is loaded for the clusters
  const mine = turn, found = await server.failed(me.queue);
  if (mine !== turn) return;
  if (!found || found.error) { leaveItem(el("p", "grm-bad", found ? found.error : "The server did not answer.")); return; }
  const grid = el("div", "grm-lab grm-failures"), examples = el("section", "grm-panel");
  grid.append(...found.panels.map((one) => panel(one, me.queue || "all")));
  examples.append(el("h3", "", "Examples"));
  for (const [label, list] of Object.entries(found.examples)) {
    if (!list.length) continue;
    examples.append(el("h4", "", label));
    for (const one of list) {
      const link = el("a", "grm-link", one.query + " (sample " + (one.sample + 1) + ": " + one.scores + ")");
      link.href = "/?session=" + encodeURIComponent(one.session) + "&sample=" + (one.sample + 1);
      const line = el("p");
      line.append(link);
      examples.append(line);
    }
  }
  const save = el("div", "grm-documents");
  save.append(button("HTML", "grm-small", () => download("failure-report.html", "text/html", found.html)), button("Markdown", "grm-small", () => download("failure-report.md", "text/markdown", found.markdown)));
  leaveItem(el("p", "", found.said), ...(found.lacks ? [el("p", "grm-note", found.lacks)] : []), save, grid, examples);
}
element.append(box);
begin();
