// ---- labels of a sample: keys, spans --------------------------------------------------------------------------------
const PRINCIPLE_KEYS = [["f", "fit"], ["u", "unfit"], ["b", "biased"]];
const sample = () => item.samples[sampleAt];
const noteBox = el("div", "grm-note-box"), noteInput = el("input");
Object.assign(noteInput, { type: "text", placeholder: "a note on what is selected, or on the whole text; Enter keeps it", maxLength: 4000 });
noteInput.setAttribute("aria-label", "Note");
noteBox.append(noteInput);
noteBox.hidden = true;
let noteSpan = null;

async function labelSample(label) {
  if (!sample()) return;
  await say("class", label, { sample: sample().i });
  if (found("class", sample().i) && sampleAt < item.samples.length - 1) { sampleAt += 1; principleAt = 0; }
  drawItem();
}
async function labelPrinciple(label) {
  const one = sample();
  if (!one || !one.principles.length) return;
  const at = Math.min(principleAt, one.principles.length - 1);
  await say("principle", label, { sample: one.i, place: at });
  principleAt = Math.min(at + 1, one.principles.length - 1);
  drawItem();
}
function step(by) { sampleAt = Math.max(0, Math.min(item.samples.length - 1, sampleAt + by)); principleAt = 0; drawItem(); }
async function finish() { if (await say("done", "done")) next(); }

// Places are counted in characters as Python counts them, not in UTF-16 units.
function startNote() {
  const raw = document.getElementById("grm-raw"), chosen = window.getSelection();
  if (!raw || !sample().raw) return;
  noteSpan = [0, [...sample().raw].length];
  if (chosen.rangeCount && !chosen.isCollapsed && raw.contains(chosen.anchorNode) && raw.contains(chosen.focusNode)) {
    const range = chosen.getRangeAt(0);
    noteSpan = [[...sample().raw.slice(0, range.startOffset)].length, [...sample().raw.slice(0, range.endOffset)].length];
  }
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
  await say("span", "span", { sample: sample().i, span: noteSpan, note: noteInput.value.trim() });
  drawItem();
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

document.addEventListener("keydown", (event) => {
  if (!item || !box.isConnected || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || (event.target.tagName === "BUTTON" && event.key === "Enter" && !foot.contains(event.target))) return;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const wanted = [...foot.querySelectorAll("button"), ...(item.revealed ? [] : [])].find((node) => node.firstChild.textContent === pressed);
  const act = wanted ? () => wanted.click()
    : item.revealed && PRINCIPLE_KEYS.some(([k]) => k === pressed) ? () => labelPrinciple(PRINCIPLE_KEYS.find(([k]) => k === pressed)[1])
    : item.revealed && pressed === "ArrowDown" ? () => step(1) : item.revealed && pressed === "ArrowUp" ? () => step(-1)
    : pressed === "z" ? undo : null;
  if (!act) return;
  event.preventDefault();
  act();
});
