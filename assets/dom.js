// Small makers of nodes that every page's script begins with. Text reaches the page through textContent only.
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A6FC9", "#7A7A7A"];
const letter = (i) => (i < 26 ? "" : String.fromCharCode(64 + Math.floor(i / 26))) + String.fromCharCode(65 + (i % 26));
const el = (tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
};
const button = (text, cls, act) => {
  const node = el("button", cls, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
};
const chip = (i) => {
  const node = el("span", "grm-chip", letter(i));
  node.style.setProperty("--c", COLOURS[i % COLOURS.length]);
  return node;
};
const labelled = (text, field) => {
  const node = el("label", "grm-field");
  node.append(el("span", "", text), field);
  return node;
};
const choice = (pairs, act) => {
  const node = el("select");
  for (const [value, text] of pairs) { const one = el("option", "", text); one.value = value; node.append(one); }
  node.addEventListener("change", act);
  return node;
};

// `content` is text or bytes.
const download = (name, type, content) => {
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
};

// The list of a page's keys, with the switch that turns single keys off on all pages (WCAG 2.1.4). `rows`: keys and what
// they do. `live()`: whether a single key is to be followed.
const keySheet = (rows) => {
  const MEMORY = "grm-lens-keys", node = el("dialog", "grm-keys"), list = el("table"), box = el("input"), label = el("label");
  let on = true;
  try { on = window.localStorage.getItem(MEMORY) !== "off"; } catch (blocked) { on = true; }
  for (const [keys, what] of [...rows, ["?", "this list"], ["Esc", "close; in a field: leave it"]]) {
    const line = el("tr"), cell = el("td");
    for (const key of keys.split(" ")) cell.append(el("kbd", "", key), " ");
    line.append(cell, el("td", "", what));
    list.append(line);
  }
  Object.assign(box, { type: "checkbox", checked: on, id: "grm-keys-on" });
  box.addEventListener("change", () => {
    on = box.checked;
    try { window.localStorage.setItem(MEMORY, on ? "on" : "off"); } catch (blocked) { /* private windows forget it */ }
  });
  label.append(box, " single keys are on");
  node.append(el("h3", "", "Keys"), list, label, button("Close", "grm-small", () => node.close()));
  return { node, show: () => { if (!node.open) node.showModal(); }, live: () => on && !node.open };
};
