// ---- plots ---------------------------------------------------------------------------------------------------------
// A figure arrives as plotly's own JSON; here it only gets the colours of the theme.
let plotlyAsked = null;
const plotly = () => (plotlyAsked ??= new Promise((ready) => {
  const script = el("script");
  script.addEventListener("load", ready);
  script.src = document.getElementById("grm-plotly").href;
  document.head.append(script);
}));
const isDark = () => document.body.classList.contains("dark");
const LIGHTER = { "#0072B2": "#56B4E9", "#D55E00": "#F0894A", "#009E73": "#3CC9A0" };
function plot(figure, label, onChoose) {
  const area = el("div", "grm-figure"), dark = isDark();
  area.setAttribute("role", "img");
  area.setAttribute("aria-label", label + " The table holds the same numbers.");
  const ink = dark ? "#d1d5db" : "#374151", grid = dark ? "#374151" : "#e5e7eb";
  const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 12 } };
  for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...layout[axis], gridcolor: grid, zerolinecolor: ink, linecolor: grid, automargin: true };
  let data = JSON.stringify(figure.data);
  if (dark) {
    for (const [from, to] of Object.entries(LIGHTER)) data = data.replaceAll(from, to);
    data = data.replaceAll("rgba(0, 114, 178, 0.18)", "rgba(86, 180, 233, 0.22)").replaceAll("rgba(0, 114, 178, 0.15)", "rgba(86, 180, 233, 0.2)");
  }
  // Drawn once it has a place and a width: plotly measures it.
  plotly().then(() => new ResizeObserver((seen, watcher) => {
    if (!area.clientWidth) return;
    watcher.disconnect();
    window.Plotly.newPlot(area, JSON.parse(data), layout, { displayModeBar: false, responsive: true });
    if (onChoose) area.on("plotly_click", (event) => onChoose(event.points[0].customdata));
  }).observe(area));
  return area;
}

function tableOf(columns, rows) {
  const table = el("table", "grm-points"), head = el("tr"), frame = el("div", "grm-table");
  for (const name of columns) head.append(el("th", "", name));
  table.append(head);
  const cell = (given) => (given === null ? "–" : typeof given === "number" && !Number.isInteger(given) ? given.toFixed(3) : given);
  for (const row of rows) {
    const tr = el("tr");
    for (const given of row) tr.append(el("td", "", cell(given)));
    table.append(tr);
  }
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Numbers of the plot");
  frame.append(table);
  return frame;
}

function saveCsv(name, columns, rows) {
  const lines = [columns.join(","), ...rows.map((row) => row.map((given) => given ?? "").join(","))];
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = name + "-" + value.session + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

// Title, plot, what is to be known of it, and the numbers behind it.
function panel(found, onChoose) {
  const box = el("section", "grm-panel");
  box.dataset.name = found.name;
  box.append(el("h3", "", found.title));
  if (found.figure) box.append(plot(found.figure, found.title, onChoose));
  const under = el("div", "grm-under"), numbers = el("details");
  under.append(el("p", "grm-note", found.note), button("CSV", "grm-small", () => saveCsv(found.name, found.columns, found.rows)));
  numbers.append(el("summary", "", "Table"), tableOf(found.columns, found.rows));
  box.append(under, numbers);
  return box;
}

// ---- margin vs k under the present dials ---------------------------------------------------------------------------
let drawn = "";           // what the plot shows already
const COLUMNS = ["k", "margin", "low", "high", "win", "accuracy"];
function drawPlot() {
  const key = JSON.stringify([value.session, isDark(), voted.how, voted.points]);
  if (key === drawn) return;
  drawn = key;
  parts.plot.replaceChildren();
  if (!voted.points || !voted.points.length) return;
  parts.plot.append(panel({
    name: "margin-" + dials.method, title: "When does the verdict settle?", figure: voted.plot,
    note: (voted.plot ? "" : "No margin to draw: the full vote is a tie, or there is only one response. ") + voted.how,
    columns: COLUMNS, rows: voted.points.map((point) => COLUMNS.map((name) => point[name])),
  }));
}

// ---- the Lab: every question about this vote -----------------------------------------------------------------------
async function drawLab(asked) {
  const found = await server.panels(value.session, dials.k, dials.k_meta);
  if (asked !== cardsAsked || !found) return;
  cards.className = "grm-lab";
  // A chosen point of the meta RM's plot opens its sample.
  const choose = (number) => { if (Number.isInteger(number)) { mode = null; open([number - 1]); focusRow(number - 1); } };
  cards.replaceChildren(...found.map((one) => panel(one, one.name === "filter" ? choose : null)));
  if (!found.length) cards.replaceChildren(el("p", "grm-hint", "No sample could be read."));
}
