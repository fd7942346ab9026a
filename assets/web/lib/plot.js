// Plots: a figure arrives as plotly's own JSON; here it only gets the colours of the theme.

import { download, el } from "./dom.js";

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

const SCALE = 2; // pixels of a saved PNG for each of the page's
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

/** @type {Record<string, string>} */
const ESCAPES = { "&": "&amp;", "<": "&lt;", $: "&#36;" };

/** Anybody's text as a name in a plot, as `label` of reports/figures.py makes it: plotly reads names as pseudo-HTML
 * and formulas. @param {string} text @param {number} most */
export const label = (text, most) =>
  (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text).replace(/[&<$]/g, (sign) => ESCAPES[sign]);

/** New points of one trace of a drawn plot; false where it is not drawn yet.
 * @param {Element | null} area @param {{ x: unknown[], y: unknown[] }} points @param {number} trace */
export function restyle(area, { x, y }, trace) {
  if (!area || !("data" in area)) return false;
  /** @type {any} */ (window).Plotly.restyle(area, { x: [x], y: [y] }, [trace]);
  return true;
}

/** Saves a drawn plot as a picture, on the page's own ground and with its font in it.
 * @param {any} area @param {"svg" | "png"} format @param {string} name */
export async function savePlot(area, format, name) {
  const library = await plotly();
  const { clientWidth: width, clientHeight: height } = area;
  const ground = { paper_bgcolor: getComputedStyle(document.body).getPropertyValue("--g-panel").trim() };
  const figure = { data: area.data, layout: { ...area.layout, ...ground } };
  /** @type {string} */
  const made = await library.toImage(figure, { format: "svg", width, height });
  const style = await fontStyle();
  const svg = decodeURIComponent(made.slice(made.indexOf(",") + 1)).replace(/<svg[^>]*>/, (head) => head + style);
  const drawing = new Blob([svg], { type: "image/svg+xml" });
  const saved = format === "svg" ? drawing : await pixels(drawing, width, height);
  download(`${name}.${format}`, saved.type, saved);
}

/** The page's font as a rule that holds it: a picture is a document of its own, which knows none of the page's.
 * Empty on a page from the disk, which may not read the file. */
async function fontStyle() {
  const answer = await fetch(new URL("../fonts/inter-latin.woff2", import.meta.url)).catch(() => null);
  if (!answer?.ok) return "";
  const reader = new FileReader();
  reader.readAsDataURL(await answer.blob());
  await new Promise((ready) => reader.addEventListener("load", ready));
  return `<style>@font-face{font-family:Inter;font-weight:100 900;src:url("${reader.result}")}</style>`;
}

/** A drawing as a PNG of twice its size. @param {Blob} drawing @param {number} width @param {number} height
 * @returns {Promise<Blob>} */
async function pixels(drawing, width, height) {
  const image = new Image(width * SCALE, height * SCALE);
  image.src = URL.createObjectURL(drawing);
  await image.decode();
  const canvas = Object.assign(el("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d")?.drawImage(image, 0, 0, image.width, image.height);
  URL.revokeObjectURL(image.src);
  return new Promise((ready, fail) =>
    canvas.toBlob((blob) => (blob ? ready(blob) : fail(new Error("the plot could not be drawn"))), "image/png"),
  );
}
