// Short lines of words (engine state, what is wrong with the input): data in, text nodes out.
const list = document.createElement("div");
list.className = "grm-notices";
list.setAttribute("aria-live", "polite");
function update() {
  if (!element.contains(list)) element.append(list);
  const lines = (props.value || []).map((line) => {
    const node = document.createElement("p");
    node.className = "grm-line grm-" + (["ok", "bad", "warn", "busy"].includes(line.kind) ? line.kind : "busy");
    node.textContent = line.text;
    return node;
  });
  list.replaceChildren(...lines);
}
watch("value", update);
update();
