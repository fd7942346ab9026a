import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { actOf, isComposing, meant, namesOf, onKey } from "../../assets/web/lib/keys.js";
import { meaning } from "../../assets/web/pages/demo.js";

test("the n-th key of a row has the row's n-th act", () => {
  const [next, back] = [() => "next", () => "back"];
  const rows = [["j k", "next, previous", next, back]];
  assert.equal(actOf(rows, "j"), next);
  assert.equal(actOf(rows, "k"), back);
  assert.equal(actOf(rows, "x"), undefined);
  assert.equal(actOf(rows, " "), undefined);
});

test("a presenter's remote turns the page from anywhere", () => {
  assert.equal(meaning("PageDown", true, true, false), "on");
  assert.equal(meaning("PageUp", true, false, false), "back");
});

test("a field keeps its keys, a button its space", () => {
  for (const key of ["ArrowRight", "ArrowLeft", " ", "a"]) assert.equal(meaning(key, true, false, true), null);
  assert.equal(meaning(" ", false, true, true), "named");
  assert.equal(meaning(" ", false, false, true), "on");
});

test("single keys can be switched off, arrows cannot", () => {
  assert.equal(meaning("p", false, false, false), null);
  assert.equal(meaning("ArrowRight", false, false, false), "on");
});

/** A pressed key; `held` are the states of keys that were pressed before. */
const pressed = (key, code, { shiftKey = false, held = [] } = {}) => ({
  key,
  code,
  shiftKey,
  getModifierState: (name) => held.includes(name),
});

test("a key means what the keyboard writes, then what stands there on an American one", () => {
  assert.deepEqual(namesOf(pressed("j", "KeyJ")), ["j"]);
  assert.deepEqual(namesOf(pressed("о", "KeyJ")), ["о", "j"], "Russian");
  assert.deepEqual(namesOf(pressed("ξ", "KeyJ")), ["ξ", "j"], "Greek");
  assert.deepEqual(namesOf(pressed("&", "Digit1")), ["&", "1"], "French");
  assert.deepEqual(namesOf(pressed("Dead", "BracketLeft")), ["["], "French");
  assert.deepEqual(namesOf(pressed("х", "BracketLeft")), ["х", "["], "Russian");
  assert.deepEqual(namesOf(pressed("z", "KeyW")), ["z", "w"], "French");
  assert.deepEqual(namesOf(pressed("Enter", "Enter")), ["Enter"]);
  assert.deepEqual(namesOf(pressed("ArrowDown", "Numpad2")), ["ArrowDown"]);
  assert.deepEqual(namesOf(pressed(" ", "Space")), [" "]);
});

test("Caps Lock changes nothing, Shift gives what is written above", () => {
  assert.deepEqual(namesOf(pressed("J", "KeyJ", { held: ["CapsLock"] })), ["j"]);
  assert.deepEqual(namesOf(pressed("О", "KeyJ", { held: ["CapsLock"] })), ["о", "j"]);
  assert.deepEqual(namesOf(pressed("!", "Digit1", { shiftKey: true })), ["!"]);
  assert.deepEqual(namesOf(pressed(",", "Slash", { shiftKey: true })), [",", "?"], "Russian");
  assert.deepEqual(namesOf(pressed("+", "Equal", { shiftKey: true })), ["+"]);
});

test("what AltGr writes is no letter of its place", () => {
  assert.deepEqual(namesOf(pressed("µ", "KeyM", { held: ["AltGraph"] })), ["µ"]);
  assert.deepEqual(namesOf(pressed("[", "Digit8", { held: ["AltGraph"] })), ["["]);
});

test("the letter that is written comes before the place", () => {
  const acts = { z: () => "undo", w: () => "other", j: () => "next" };
  assert.equal(
    meant(pressed("z", "KeyW"), (name) => acts[name]),
    acts.z,
  );
  assert.equal(
    meant(pressed("о", "KeyJ"), (name) => acts[name]),
    acts.j,
  );
  assert.equal(
    meant(pressed("q", "KeyQ"), (name) => acts[name]),
    undefined,
  );
});

test("a key that composes a word does nothing, whatever it is", () => {
  const seen = [];
  const place = new EventTarget();
  onKey(place, (event) => seen.push(event.key));
  const press = (more) => place.dispatchEvent(Object.assign(new Event("keydown"), more));
  press({ key: "Enter", code: "Enter", keyCode: 229, isComposing: true });
  press({ key: "Escape", code: "Escape", keyCode: 27, isComposing: true });
  press({ key: "Enter", code: "Enter", keyCode: 229, isComposing: false });
  press({ key: "Process", code: "KeyN", keyCode: 229, isComposing: false });
  assert.deepEqual(seen, []);
  press({ key: "Enter", code: "Enter", keyCode: 13, isComposing: false });
  assert.deepEqual(seen, ["Enter"]);
  assert.equal(isComposing({ isComposing: false, keyCode: 74 }), false);
});

test("no module listens to keys by itself", () => {
  const web = new URL("../../assets/web/", import.meta.url);
  const files = readdirSync(web, { recursive: true }).filter((name) => name.endsWith(".js"));
  const listening = files.filter((name) => /"key(?:down|up|press)"/.test(readFileSync(new URL(name, web), "utf8")));
  assert.deepEqual(listening, ["lib/keys.js"]);
});
