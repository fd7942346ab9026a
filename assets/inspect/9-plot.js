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
async function drawLab(asked) {
  const found = await server.panels(value.session, dials.k, dials.k_meta);
  if (asked !== cardsAsked || !found) return;
  cards.className = "grm-lab";
  // A chosen point of the meta RM's plot opens its sample.
  const choose = (number) => { if (Number.isInteger(number)) { mode = null; open([number - 1]); focusRow(number - 1); } };
  cards.replaceChildren(...found.map((one) => panel(one, value.session, one.name === "filter" ? choose : null)));
  if (!found.length) cards.replaceChildren(el("p", "grm-hint", "No sample could be read."));
}
