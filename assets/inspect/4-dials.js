// ---- dials: the stored samples are voted again, no model is asked --------------------------------------------------
const METHODS = ["naive", "guided", "guided-weighted"];
const dials = { method: "naive", k: null, k_meta: null };  // null: all samples, half of the valid ones
const methodBox = el("div", "grm-methods");
methodBox.id = "method";
methodBox.setAttribute("role", "radiogroup");
methodBox.setAttribute("aria-label", "Voting method");
const methodInputs = METHODS.map((name) => {
  const input = el("input");
  Object.assign(input, { type: "radio", name: "grm-method", value: name });
  input.addEventListener("change", () => turn({ method: name }));
  const label = el("label");
  label.append(input, el("span", "", name));
  methodBox.append(label);
  return input;
});
const dial = (id, text, act) => {
  const slider = el("input"), number = el("output");
  Object.assign(slider, { type: "range", min: 1, max: 8, step: 1, id });
  slider.addEventListener("input", () => { number.textContent = slider.value; act(Number(slider.value)); });
  const box = labelled(text, slider);
  box.append(number);
  parts.dials.append(box);
  return { slider, number, box };
};
parts.dials.append(methodBox);
// Another k puts k_meta back to half of it.
const kDial = dial("k-voted", "k", (k) => turn({ k: k >= value.rows.length ? null : k, k_meta: null }));
const metaDial = dial("k-meta", "k_meta", (k_meta) => turn({ k_meta }));
// Replays the vote sample by sample; the samples are drawn already.
let playing = 0;
const playButton = button("▶ play", "grm-small", play);
playButton.title = "replay the vote from k = 1 on";
parts.dials.insertBefore(playButton, metaDial.box);
function play() {
  if (playing) { clearInterval(playing); playing = 0; playButton.textContent = "▶ play"; return; }
  if (value.rows.length < 2) return;
  let k = 0;
  playButton.textContent = "■ stop";
  playing = setInterval(() => {
    k += 1;
    turn({ k: k >= value.rows.length ? null : k, k_meta: null });
    if (k >= value.rows.length) play();
  }, Math.max(120, Math.min(600, 12000 / value.rows.length)));
}
const totals = el("span", "grm-totals");
parts.dials.append(totals);

function turn(change) {
  Object.assign(dials, change);
  nameView();
  vote();
}

let votesAsked = 0, votedFor = "";
async function vote() {
  const asked = ++votesAsked, session = value.session;
  const found = await server.voted(session, dials.method, dials.k, dials.k_meta);
  if (asked !== votesAsked || session !== value.session || !found) return;
  const before = JSON.stringify([voted.kept, voted.winner]);
  const { plot, points, how } = voted;
  voted = { ...found, plot, points, how };  // the curve comes after the verdict; until then the one before stands
  drawHead();
  drawDials();
  if (JSON.stringify([voted.kept, voted.winner]) !== before) { drawMatrix(); markCards(); }
  if (mode === "lab" && !playing) drawCards();
  root.dataset.voted = [session, value.rows.length, dials.method, dials.k ?? "", dials.k_meta ?? ""].join("/");
  const curve = await server.drawn(session, dials.method, dials.k, dials.k_meta);
  if (asked !== votesAsked || session !== value.session) return;
  voted = { ...voted, plot: null, points: [], how: "", ...curve };
  drawPlot();
}

function drawDials() {
  parts.dials.hidden = !value.rows.length;
  methodInputs.forEach((input) => { input.checked = input.value === dials.method; });
  const count = Math.max(1, value.rows.length), k = Math.min(dials.k ?? count, count);
  const half = Math.max(1, Math.floor((voted.valid ?? k) / 2));
  put(kDial, count, k, count > 1);
  put(metaDial, k, Math.min(dials.k_meta ?? half, k), k > 1 && dials.method !== "naive");
  totals.replaceChildren();
  (voted.totals || []).forEach((total, r) => {
    const one = chip(r);
    one.append(el("b", "", Number.isInteger(total) ? total : total.toFixed(2)));
    if (r === voted.winner) one.classList.add("grm-won");
    totals.append(one);
  });
}

function put({ slider, number, box }, most, at, usable) {
  slider.max = Math.max(2, most);
  if (document.activeElement !== slider || Number(slider.value) > most) slider.value = at;
  number.textContent = at;
  slider.disabled = !usable;
  box.classList.toggle("grm-off", !usable);
}

// The address opens exactly the view that it was copied from.
function readAddress() {
  const address = new URL(window.location).searchParams;
  // While a session that was just scored opens, the address still names the one before.
  const given = address.get("session") === value.session ? address : new URLSearchParams();
  const whole = (name) => (/^[1-9][0-9]{0,5}$/.test(given.get(name) || "") ? Number(given.get(name)) : null);
  Object.assign(dials, { method: METHODS.includes(given.get("method")) ? given.get("method") : "naive", k: whole("k"), k_meta: whole("k_meta") });
  const named = (given.get("sample") || "").split(",").filter((text) => /^[1-9][0-9]{0,5}$/.test(text)).map((text) => Number(text) - 1);
  if (named.length) { chosen = named.slice(0, 3); focus = chosen[0]; touched = true; }
  mode = given.get("tab") === "lab" ? "lab" : /^[A-H]$/.test(given.get("about") || "") ? given.get("about").charCodeAt(0) - 65 : null;
}

function nameView() {
  if (!value.session) return;
  const url = new URL(window.location);
  const name = (key, given) => (given ? url.searchParams.set(key, given) : url.searchParams.delete(key));
  name("session", value.session);
  name("method", dials.method === "naive" ? "" : dials.method);
  name("k", dials.k);
  name("k_meta", dials.k_meta);
  name("sample", touched ? chosen.map((i) => i + 1).join(",") : "");
  name("about", Number.isInteger(mode) ? letter(mode) : "");
  name("tab", mode === "lab" ? "lab" : "");
  url.search = url.search.replaceAll("%2C", ",");
  if (url.href !== window.location.href) window.history.replaceState(null, "", url);
}
