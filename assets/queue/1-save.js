// The annotator's desk. What is said is sent at once and kept in this browser until the server has it.
const settings = props.value || { may: false, rules: [], classes: [] };
const box = el("div", "grm-queue-page");
const memory = {
  read: (name, otherwise) => { try { return JSON.parse(window.localStorage.getItem("grm-lens-" + name)) ?? otherwise; } catch (blocked) { return otherwise; } },
  write: (name, given) => { try { window.localStorage.setItem("grm-lens-" + name, JSON.stringify(given)); } catch (blocked) { /* private windows forget it */ } },
};
const me = { name: memory.read("author", ""), queue: new URL(window.location).searchParams.get("queue") || "" };
let finished = null;  // queue and place of the item that was closed last
let item = null;      // what the server shows of the present item
let sampleAt = 0;     // place of the sample among item.samples
let principleAt = 0;  // of the principle that f, u and b speak of
const state = el("span", "grm-saved");
state.setAttribute("role", "status");

// ---- saving: nothing said is lost, also where the server is gone for a while ---------------------------------------
let unsaved = memory.read("unsaved", []);
let sending = null;
function keep(annotation) {
  unsaved.push(annotation);
  memory.write("unsaved", unsaved);
  return send();
}

async function send() {
  while (sending) await sending;
  if (!unsaved.length) return true;
  let finish;
  let why = "";
  sending = new Promise((done) => { finish = done; });
  try {
    while (unsaved.length) {
      tell("saving …", "");
      const answer = await Promise.race([server.save(unsaved[0]), new Promise((_, late) => setTimeout(() => late(new Error("no answer")), 8000))]);
      if (!answer) throw new Error("the server did not answer");
      if (answer.later) { why = ". " + answer.error; throw new Error(answer.error); }
      if (answer.error) tell("refused: " + answer.error, "grm-bad"); else tell("saved " + answer.at, "");
      unsaved.shift();
      memory.write("unsaved", unsaved);
      if (answer.error) return false;
    }
    return true;
  } catch (problem) {
    tell("not saved: " + unsaved.length + " kept here, tried again soon" + why, "grm-bad");
    return false;
  } finally { sending = null; finish(); }
}
setInterval(async () => {
  if (!unsaved.length || sending || !await send()) return;
  if (item && !item.revealed && found("best")) reopen();  // the blind label that could not be saved before
}, 5000);
const tell = (text, kind) => { state.textContent = text; state.className = "grm-saved " + kind; };

// ---- saying ---------------------------------------------------------------------------------------------------------
const name = () => "a-" + crypto.getRandomValues(new Uint32Array(4)).reduce((text, part) => text + part.toString(16).padStart(8, "0"), "");
const found = (kind, sample = null, place = null) => item.mine.filter((one) => one.kind === kind && one.sample === sample && one.place === place).pop();
// One annotation stands for a thing; the same label again takes it back. Spans stand side by side.
async function say(kind, label, { sample = null, place = null, span = null, note = "" } = {}) {
  if (!settings.may) { tell("this page is read-only", "grm-bad"); return false; }
  const before = kind === "span" ? null : found(kind, sample, place);
  const kept = before && before.label === label && kind !== "done" ? "" : label;
  const one = { id: name(), session_id: item.session, kind, label: kept, sample, place, span, note, author: me.name, queue: item.queue,
    created_at: new Date().toISOString(), replaces: before ? before.id : null };
  item.mine = item.mine.filter((each) => each !== before);
  if (kept) item.mine.push({ ...one });
  return keep(one);
}

// Takes back the last thing said of this item.
async function undo() {
  const last = item && item.mine[item.mine.length - 1];
  if (!last && finished && finished.queue === me.queue) {  // the item before, which was closed last
    const answer = await server.look(me.queue, me.name, finished.place);
    finished = null;
    if (!answer || answer.error) { tell("nothing to undo", ""); return; }
    show(answer);
    if (item.mine.length && item.mine[item.mine.length - 1].kind === "done") await undo();
    return;
  }
  if (!last) { tell("nothing to undo", ""); return; }
  item.mine.pop();
  await keep({ id: name(), session_id: item.session, kind: last.kind, label: "", sample: last.sample, place: last.place, span: last.span, note: "",
    author: me.name, queue: item.queue, created_at: new Date().toISOString(), replaces: last.id });
  if (last.kind === "best") await reopen(); else back(last);
  tell("undone: " + (last.kind === "class" || last.kind === "principle" ? last.label : last.kind), "");
}

// What was taken back is looked at again.
function back(last) {
  if (last.sample !== null) { sampleAt = Math.max(0, item.samples.findIndex((one) => one.i === last.sample)); principleAt = last.place || 0; }
  drawItem();
}
