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
  }, value.session));
}

// ---- the Lab: every question about this vote -----------------------------------------------------------------------
const LINKED = ["filter", "position", "margin"];
async function drawLab(asked) {
  if (cards.className !== "grm-lab") cards.replaceChildren(el("p", "grm-hint", "Voting over random subsets …"));
  const found = await server.panels(value.session, dials.k, dials.k_meta);
  if (asked !== cardsAsked || !found) return;
  cards.className = "grm-lab";
  // A point carries the numbers of its samples: one is opened, several are what the matrix shows.
  cards.replaceChildren(...found.map((one) => panel(one, value.session, LINKED.includes(one.name) ? pick : null)));
  if (!found.length) cards.replaceChildren(el("p", "grm-hint", "No sample could be read."));
}

function pick(points) {
  const places = [...new Set(points.flat().filter(Number.isInteger))].map((number) => number - 1);
  if (!places.length) return;
  if (places.length === 1) { mode = null; open(places); focusRow(places[0]); return; }
  tools.picked = new Set(places);
  drawMatrix();
}
