// ---- findings ------------------------------------------------------------------------------------------------------
// What to look at, the gravest first; each opens the samples where it is.
let findingsShown = "";
function drawFindings() {
  const found = value.findings || [];
  const key = value.session + JSON.stringify(found);
  if (key === findingsShown) return;
  findingsShown = key;
  parts.findings.replaceChildren();
  if (!found.length) return;
  const box = el("details");
  box.open = found.some((one) => one.severity === "error");
  const kinds = [...new Set(found.map((one) => one.kind))];
  const head = el("summary");
  head.append(el("strong", "", found.length + (found.length === 1 ? " finding" : " findings")), el("span", "", ": " + kinds.join(", ")));
  const list = el("ul");
  for (const one of grouped(found)) list.append(finding(one));
  box.append(head, list);
  parts.findings.append(box);
}

// One line per kind where the same thing was found in many samples.
function grouped(found) {
  const lines = new Map();
  for (const one of found) {
    const line = lines.get(one.kind);
    if (!line) { lines.set(one.kind, { ...one, samples: [...one.samples], count: 1 }); continue; }
    line.count += 1;
    line.samples.push(...one.samples);
  }
  return [...lines.values()];
}

function finding(one) {
  const line = el("li", "grm-finding grm-finding-" + one.severity);
  line.append(el("b", "", one.kind), " " + (one.count > 1 ? one.count + " times, such as: " : "") + one.evidence + " ");
  const places = [...new Set(one.samples)].sort((a, b) => a - b);
  if (places.length && places.length < value.rows.length) {
    const shown = places.slice(0, columns());
    const label = places.length === 1 ? "open sample " + (places[0] + 1) : "open " + shown.map((i) => i + 1).join(", ") + " of " + places.length;
    line.append(button(label, "grm-small", () => { mode = null; open(shown); cards.scrollIntoView({ block: "nearest" }); }));
  }
  return line;
}

let findingAt = -1;
function nextFinding() {
  const found = [...parts.findings.querySelectorAll("button")];
  if (!found.length) return;
  parts.findings.querySelector("details").open = true;
  findingAt = (findingAt + 1) % found.length;
  found[findingAt].click();
  found[findingAt].focus();
}
