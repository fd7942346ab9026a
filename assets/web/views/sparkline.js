// Margin over k, small: the band of 90% of the subsets, the mean, and the line where the verdict would turn.

import { el } from "../lib/dom.js";

/** @typedef {import("../types").Point} Point */
/** @typedef {{ k: number, margin: number, low: number, high: number }} Drawn */

const PAD = 4; // pixels

/** The points that have a margin. @param {readonly Point[]} points @returns {Drawn[]} */
export const drawnOf = (points) =>
  points.flatMap(({ k, margin, low, high }) =>
    margin === null ? [] : [{ k, margin, low: low ?? margin, high: high ?? margin }],
  );

/** Where numbers stand in a box of this size. @param {readonly Drawn[]} points @param {number} width @param {number} height */
export function scaleOf(points, width, height) {
  const low = Math.min(0, ...points.map((point) => point.low));
  const high = Math.max(0, ...points.map((point) => point.high));
  const last = points[points.length - 1].k;
  const first = points[0].k;
  const span = high - low || 1;
  return {
    x: (/** @type {number} */ k) => PAD + ((width - 2 * PAD) * (k - first)) / (last - first || 1),
    y: (/** @type {number} */ value) => PAD + ((height - 2 * PAD) * (high - value)) / span,
  };
}

/** Whether there was room to draw. @param {HTMLCanvasElement} canvas @param {readonly Point[]} curve */
export function drawSpark(canvas, curve) {
  const points = drawnOf(curve);
  const { clientWidth: width, clientHeight: height } = canvas;
  const pen = canvas.getContext("2d");
  if (!pen || !width) return false;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  if (!points.length) return true;
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const { x, y } = scaleOf(points, width, height);
  pen.beginPath();
  for (const point of points) pen.lineTo(x(point.k), y(point.high));
  for (const point of [...points].reverse()) pen.lineTo(x(point.k), y(point.low));
  pen.fillStyle = colour("--g-data");
  pen.globalAlpha = 0.2;
  pen.fill();
  pen.globalAlpha = 1;
  pen.setLineDash([3, 3]);
  stroke(pen, colour("--g-edge"), 1, [
    [0, y(0)],
    [width, y(0)],
  ]);
  pen.setLineDash([]);
  stroke(
    pen,
    colour("--g-data"),
    2,
    points.map((point) => [x(point.k), y(point.margin)]),
  );
  const end = points[points.length - 1];
  pen.beginPath();
  pen.arc(x(end.k), y(end.margin), 3, 0, 7);
  pen.fillStyle = colour("--g-data");
  pen.fill();
  return true;
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour @param {number} width @param {number[][]} places */
function stroke(pen, colour, width, places) {
  pen.beginPath();
  for (const [x, y] of places) pen.lineTo(x, y);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = "round";
  pen.stroke();
}

/** The button that shows it; the plot grows out of it. @param {() => void} act */
export function sparkButton(act) {
  const node = el("button", "grm-spark");
  const canvas = el("canvas");
  const words = el("span", "grm-spark-words");
  node.type = "button";
  node.hidden = true;
  canvas.setAttribute("aria-hidden", "true");
  node.append(canvas, words);
  node.addEventListener("click", act);
  return { node, canvas, words };
}
