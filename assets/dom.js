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
