// Plots: a figure arrives as plotly's own JSON; here it only gets the colours of the theme.

import { el } from "./dom.js";

/** @typedef {Record<string, any>} Figure a plotly figure as plain JSON */

/** @type {Promise<any> | null} */
let plotlyLoaded = null;

/** Fetched when the first plot comes near the window, and run once: it weighs several times the rest of the page. */
function plotly() {
  plotlyLoaded ??= new Promise((ready) => {
    const script = el("script");
    script.addEventListener("load", () => ready(/** @type {any} */ (window).Plotly));
    script.src = new URL("../plotly.min.js", import.meta.url).href;
    document.head.append(script);
  });
  return plotlyLoaded;
}

export const isDark = () => document.body.classList.contains("dark");

const FONT = "Inter, system-ui, sans-serif";
const LIGHTER = {
  "#0072B2": "#56B4E9",
  "#D55E00": "#F0894A",
  "#009E73": "#3CC9A0",
  "#C27C00": "#E69F00",
  "#008A65": "#2FBF95",
  "#B3588C": "#D98AB8",
  "#3A95C9": "#7CC7F0",
  "#7A5FC0": "#A690E6",
  "#6F7580": "#9AA3B0",
  "rgba(0, 114, 178, 0.18)": "rgba(86, 180, 233, 0.22)",
  "rgba(0, 114, 178, 0.15)": "rgba(86, 180, 233, 0.2)",
};

/** Traces and layout in the colours of the theme. @param {Figure} figure @param {boolean} dark */
export function themed(figure, dark) {
  const [ink, grid] = dark ? ["#c3cad5", "#29303c"] : ["#3c4553", "#e0e4ea"];
  const clear = "rgba(0,0,0,0)";
  const font = { family: FONT, color: ink, size: figure.layout.font?.size || 12 };
  /** @type {Record<string, any>} */
  const layout = { ...figure.layout, paper_bgcolor: clear, plot_bgcolor: clear, font };
  for (const axis of ["xaxis", "yaxis"]) {
    layout[axis] = { ...layout[axis], gridcolor: grid, zerolinecolor: ink, linecolor: grid, automargin: true };
  }
  let data = JSON.stringify(figure.data);
  if (dark) for (const [from, to] of Object.entries(LIGHTER)) data = data.replaceAll(from, to);
  return { data: JSON.parse(data), layout };
}

/** Pixels below or above the window in which a plot is drawn already, so that scrolling meets it ready. */
const NEAR = "300px";

/** The figure, drawn once it is near the window and has a width: plotly measures it. Until then it keeps its room.
 * `onSelect` gets the customdata of the points that are clicked or framed.
 * @param {Figure} figure @param {string} label @param {((points: any[]) => unknown) | null} [onSelect] */
export function plot(figure, label, onSelect) {
  const area = /** @type {HTMLDivElement & { on: Function }} */ (el("div", "grm-figure"));
  area.setAttribute("role", "img");
  area.setAttribute("aria-label", `${label} The table holds the same numbers.`);
  if (figure.layout.height) area.style.minHeight = `${figure.layout.height}px`;
  whenNear(area, (library) => {
    const { data, layout } = themed(figure, isDark());
    library.newPlot(area, data, layout, { displayModeBar: false, responsive: true });
    if (!onSelect) return;
    area.on("plotly_selected", (/** @type {any} */ event) => {
      if (event) onSelect(event.points.map((/** @type {any} */ point) => point.customdata));
    });
    area.on("plotly_click", (/** @type {any} */ event) => onSelect([event.points[0].customdata]));
  });
  return area;
}

/** Calls `draw` once, when the area is near the window and has a width.
 * @param {Element} area @param {(library: any) => void} draw */
function whenNear(area, draw) {
  const near = new IntersectionObserver(
    async (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      near.disconnect();
      const library = await plotly();
      new ResizeObserver((_, sized) => {
        if (!area.clientWidth) return;
        sized.disconnect();
        draw(library);
      }).observe(area);
    },
    { rootMargin: NEAR },
  );
  near.observe(area);
}

/** New points of one trace of a drawn plot; false where it is not drawn yet.
 * @param {Element | null} area @param {{ x: unknown[], y: unknown[] }} points @param {number} trace */
export function restyle(area, { x, y }, trace) {
  if (!area || !("data" in area)) return false;
  /** @type {any} */ (window).Plotly.restyle(area, { x: [x], y: [y] }, [trace]);
  return true;
}

/** Saves a drawn plot as a picture, on the page's own ground. @param {any} area @param {"svg" | "png"} format @param {string} name */
export async function savePlot(area, format, name) {
  const library = await plotly();
  const { clientWidth: width, clientHeight: height } = area;
  const ground = { paper_bgcolor: getComputedStyle(document.body).getPropertyValue("--g-panel").trim() };
  const figure = { data: area.data, layout: { ...area.layout, ...ground } };
  await library.downloadImage(figure, { format, filename: name, width, height, scale: format === "png" ? 2 : 1 });
}
