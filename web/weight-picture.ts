/** The weights of some units as images, on a canvas, in the colours of the reports. */
import { divergingColour } from "../dist/report/colours.js";

/** Pixels of a digit's side. */
export const SIDE = 28;
/** Units that are shown, the first ones of the layer. */
export const UNITS = 64;
const COLUMNS = 8;
const GAP = 2;
const PITCH = SIDE + GAP;

/** Draws [units, SIDE * SIDE] weights; the full colour is that of the largest tenth. */
export function drawWeights(canvas: HTMLCanvasElement, weights: Float32Array): void {
  const pixels = SIDE * SIDE;
  const units = weights.length / pixels;
  canvas.width = COLUMNS * PITCH - GAP;
  canvas.height = Math.ceil(units / COLUMNS) * PITCH - GAP;
  const sizes = weights
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const full = sizes[Math.floor(0.9 * sizes.length)] ?? 1;
  const context = canvas.getContext("2d")!;
  for (let unit = 0; unit < units; unit++) {
    const tile = context.createImageData(SIDE, SIDE);
    for (let k = 0; k < pixels; k++)
      tile.data.set([...divergingColour(weights[unit * pixels + k] / full), 255], 4 * k);
    context.putImageData(tile, (unit % COLUMNS) * PITCH, Math.floor(unit / COLUMNS) * PITCH);
  }
}
