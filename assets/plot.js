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
function plot(figure, label, onSelect) {
  const area = el("div", "grm-figure"), dark = isDark();
  area.setAttribute("role", "img");
  area.setAttribute("aria-label", label + " The table holds the same numbers.");
  const ink = dark ? "#d1d5db" : "#374151", grid = dark ? "#374151" : "#e5e7eb";
  const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: (figure.layout.font || {}).size || 12 } };
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
    if (onSelect) area.on("plotly_selected", (event) => event && onSelect(event.points.map((point) => point.customdata)));
    if (onSelect) area.on("plotly_click", (event) => onSelect([event.points[0].customdata]));
  }).observe(area));
  return area;
}

// A column has one look: words stand to the left, numbers have the same decimals, large ones fewer.
function lookOf(values) {
  const numbers = values.filter((one) => typeof one === "number"), whole = numbers.every(Number.isInteger);
  const digits = whole ? 0 : numbers.some((one) => Math.abs(one) >= 100) ? 1 : 3;
  const told = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: digits === 1 };
  return {
    kind: values.some((one) => typeof one === "string") ? "grm-words" : "",
    cell: (one) => (one === null ? "–" : typeof one === "number" && !whole ? one.toLocaleString("en", told) : one),
  };
}

function tableOf(columns, rows) {
  const table = el("table", "grm-points"), head = el("tr"), frame = el("div", "grm-table");
  const looks = columns.map((_, i) => lookOf(rows.map((row) => row[i])));
  columns.forEach((name, i) => head.append(el("th", looks[i].kind, name)));
  table.append(head);
  for (const row of rows) {
    const tr = el("tr");
    row.forEach((given, i) => tr.append(el("td", looks[i].kind, looks[i].cell(given))));
    table.append(tr);
  }
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Numbers of the plot");
  frame.append(table);
  return frame;
}

// As the server's CSV: a text that a spreadsheet would run as a formula gets an apostrophe before it.
function csvOf(columns, rows) {
  const harmless = (text) => (/^\s*[=+\-@]|^[\t\r]/.test(text) ? "'" + text : text);
  const quoted = (text) => (/[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
  const cell = (given) => (typeof given === "string" ? quoted(harmless(given)) : given ?? "");
  return [columns.map(cell).join(","), ...rows.map((row) => row.map(cell).join(","))].join("\n") + "\n";
}

// Title, plot, what is to be known of it, and the numbers behind it. `of` ends the name of the CSV file; onSelect gets
// the customdata of the points that are clicked or framed.
function panel(found, of, onSelect) {
  const box = el("section", "grm-panel");
  box.dataset.name = found.name;
  box.append(el("h3", "", found.title));
  if (found.figure) box.append(plot(found.figure, found.title, onSelect));
  const under = el("div", "grm-under"), numbers = el("details");
  under.append(el("p", "grm-note", found.note), button("CSV", "grm-small", () => download(found.name + "-" + of + ".csv", "text/csv", csvOf(found.columns, found.rows))));
  numbers.open = !found.figure && found.rows.length > 0;
  numbers.append(el("summary", "", "Table"), tableOf(found.columns, found.rows));
  box.append(under, numbers);
  return box;
}
