// ---- labels of a sample: keys, spans --------------------------------------------------------------------------------
const PRINCIPLE_KEYS = [["f", "fit"], ["u", "unfit"], ["b", "biased"]];
const sample = () => item.samples[sampleAt];
const noteBox = el("div", "grm-note-box"), noteInput = el("input");
Object.assign(noteInput, { type: "text", placeholder: "a note on what is selected, or on the whole text; Enter keeps it", maxLength: 4000 });
noteInput.setAttribute("aria-label", "Note");
noteBox.append(noteInput);
noteBox.hidden = true;
let noteOn = null;  // what the note is about: the sample, and characters of its text

async function labelSample(label) {
  if (!sample()) return;
  // The page goes on at once: a second key, before the server has answered, is about what is seen then.
  const at = sample().i, saving = say("class", label, { sample: at });
  if (found("class", at) && sampleAt < item.samples.length - 1) { sampleAt += 1; principleAt = 0; }
  drawItem();
  await saving;
}
async function labelPrinciple(label) {
  const one = sample();
  if (!one || !one.principles.length) return;
  const at = Math.min(principleAt, one.principles.length - 1);
  const saving = say("principle", label, { sample: one.i, place: at });
  principleAt = Math.min(at + 1, one.principles.length - 1);
  drawItem();
  await saving;
}
function step(by) { sampleAt = Math.max(0, Math.min(item.samples.length - 1, sampleAt + by)); principleAt = 0; drawItem(); }
async function finish() {
  const one = item;
  if (!await say("done", "done")) return;
  finished = { queue: me.queue, place: one.place };
  if (item === one) next();
}

// Places are counted in characters as Python counts them, not in UTF-16 units.
function startNote() {
  const raw = document.getElementById("grm-raw"), chosen = window.getSelection();
  if (!raw || !sample().raw) return;
  let span = [0, [...sample().raw].length];
  if (chosen.rangeCount && !chosen.isCollapsed && raw.contains(chosen.anchorNode) && raw.contains(chosen.focusNode)) {
    const range = chosen.getRangeAt(0);
    span = [[...sample().raw.slice(0, range.startOffset)].length, [...sample().raw.slice(0, range.endOffset)].length];
  }
  noteOn = { sample: sample().i, span };
  noteBox.hidden = false;
  noteInput.value = "";
  noteInput.focus();
}
noteInput.addEventListener("keydown", async (event) => {
  event.stopPropagation();
  if (event.key === "Escape") { noteBox.hidden = true; body.focus(); }
  if (event.key !== "Enter" || !noteInput.value.trim()) return;
  noteBox.hidden = true;
  body.focus();
  const saving = say("span", "span", { ...noteOn, note: noteInput.value.trim() });
  drawItem();
  await saving;
});

function drawKeys() {
  const said = sample() ? found("class", sample().i) : null;
  foot.replaceChildren(
    ...settings.classes.map((label, i) => key(i + 1, label, () => labelSample(label), said && said.label === label)),
    key("n", "note", startNote), key("j", "next", () => step(1)), key("k", "back", () => step(-1)), key("p", "principle", nextPrinciple),
    key("z", "undo", undo), key("s", "skip", () => next(item.place)), key("Enter", "done", finish));
}
function nextPrinciple() {
  const one = sample();
  if (one && one.principles.length) { principleAt = (principleAt + 1) % one.principles.length; drawItem(); }
}

const sheet = keySheet([
  ["1 2 3 4 5 6 7 8", "the best response; then what the sample is: " + settings.classes.join(", ")],
  ["t 0", "a tie; cannot say"],
  ["j k", "next, previous sample (arrows too)"],
  ["p", "the next principle"],
  ["f u b", "the principle: " + PRINCIPLE_KEYS.map(([, label]) => label).join(", ")],
  ["n", "a note on what is selected"],
  ["z", "undo; on a new item: open the last one again"],
  ["s", "skip the item"],
  ["Enter", "the item is done"],
]);
box.append(sheet.node);

document.addEventListener("keydown", (event) => {
  if (!box.isConnected || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary, [role=button]")) return;  // it does what it says
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.key === "?") { sheet.show(); return; }
  if (!sheet.live() || !(item || finished)) return;
  const revealed = item && item.revealed;
  const wanted = [...foot.querySelectorAll("button")].find((node) => node.firstChild.textContent === pressed);
  const act = wanted ? () => wanted.click()
    : revealed && PRINCIPLE_KEYS.some(([k]) => k === pressed) ? () => labelPrinciple(PRINCIPLE_KEYS.find(([k]) => k === pressed)[1])
    : revealed && pressed === "ArrowDown" ? () => step(1) : revealed && pressed === "ArrowUp" ? () => step(-1)
    : pressed === "z" ? undo : null;
  if (!act) return;
  event.preventDefault();
  act();
});
