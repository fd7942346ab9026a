// ---- margin vs k -------------------------------------------------------------------------------------------------
let drawn = "";           // what the plot shows already
function drawPlot() {
  const dark = document.body.classList.contains("dark");
  const key = JSON.stringify([value.session, dark, voted.how, voted.points]);
  if (key === drawn) return;
  drawn = key;
  parts.plot.replaceChildren();
  if (!voted.points || !voted.points.length) return;
  parts.plot.append(el("h3", "", "When does the verdict settle?"));
  if (voted.plot && window.Plotly) {
    const area = el("div", "grm-figure");
    area.setAttribute("role", "img");
    area.setAttribute("aria-label", "Margin per sample over k; the table below holds the same numbers");
    parts.plot.append(area);
    const ink = dark ? "#d1d5db" : "#374151", grid = dark ? "#374151" : "#e5e7eb";
    const layout = { ...voted.plot.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 12 } };
    for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...layout[axis], gridcolor: grid, zerolinecolor: ink, linecolor: grid };
    const lines = JSON.parse(JSON.stringify(voted.plot.data));
    if (dark) { lines[1].fillcolor = "rgba(86, 180, 233, 0.22)"; lines[2].line.color = "#56B4E9"; }
    window.Plotly.newPlot(area, lines, layout, { displayModeBar: false, responsive: true });
  } else {
    parts.plot.append(el("p", "grm-note", "No margin to draw: the full vote is a tie, or there is only one response."));
  }
  const under = el("div", "grm-under");
  under.append(el("p", "grm-note", voted.how), button("CSV", "grm-small", saveCsv));
  const box = el("details");
  box.append(el("summary", "", "Table"), pointsTable());
  parts.plot.append(under, box);
}

const COLUMNS = ["k", "margin", "low", "high", "win", "accuracy"];
function pointsTable() {
  const table = el("table", "grm-points");
  const head = el("tr");
  for (const name of COLUMNS) head.append(el("th", "", name));
  table.append(head);
  for (const point of voted.points) {
    const tr = el("tr");
    for (const name of COLUMNS) tr.append(el("td", "", point[name] === null ? "–" : name === "k" ? point.k : point[name].toFixed(3)));
    table.append(tr);
  }
  return table;
}

function saveCsv() {
  const lines = [COLUMNS.join(","), ...voted.points.map((p) => COLUMNS.map((name) => p[name] ?? "").join(","))];
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = "margin-" + dials.method + "-" + value.session + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
