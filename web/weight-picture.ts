/** Weights as images, on a canvas, in the colours of the reports. */
import { divergingColour } from "../dist/report/colours.js";

/** Square images of the same size, line by line. */
export interface Tiles {
  /** Weights of an image's side. */
  readonly side: number;
  readonly columns: number;
  /** How many times larger than the smallest block of a picture. */
  readonly zoom: number;
  /** [count, side, side] */
  readonly values: Float32Array;
}

/** Between images, in weights. */
const GAP = 1;
const GAP_COLOUR = "#e6e7ea";
/** Between blocks, in weights of the smallest. */
const BLOCK_GAP = 4;
/** Pixels that the canvas has at least in its width: enough to be made smaller on any screen. */
const WIDTH = 900;

/** Draws blocks under each other; the full colour is that of a block's largest tenth. */
export function drawWeights(canvas: HTMLCanvasElement, blocks: readonly Tiles[]): void {
  const drawn = blocks.map((block) => ({ image: imageOf(block), zoom: block.zoom }));
  const width = Math.max(...drawn.map(({ image, zoom }) => zoom * image.width));
  const height = drawn.reduce((sum, { image, zoom }) => sum + zoom * image.height, 0);
  const scale = Math.ceil(WIDTH / width);
  canvas.width = scale * width;
  canvas.height = scale * (height + BLOCK_GAP * (blocks.length - 1));
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = false;
  let top = 0;
  for (const { image, zoom } of drawn) {
    const [wide, high] = [scale * zoom * image.width, scale * zoom * image.height];
    context.drawImage(image, 0, top, wide, high);
    top += high + scale * BLOCK_GAP;
  }
}

/** A pixel a weight. */
function imageOf({ side, columns, values }: Tiles): OffscreenCanvas {
  const pixels = side * side;
  const count = values.length / pixels;
  const pitch = side + GAP;
  const image = new OffscreenCanvas(
    columns * pitch - GAP,
    Math.ceil(count / columns) * pitch - GAP,
  );
  const sizes = values
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const full = sizes[Math.floor(0.9 * sizes.length)] ?? 1;
  const context = image.getContext("2d")!;
  context.fillStyle = GAP_COLOUR;
  context.fillRect(0, 0, image.width, image.height);
  for (let tile = 0; tile < count; tile++) {
    const data = context.createImageData(side, side);
    for (let k = 0; k < pixels; k++)
      data.data.set([...divergingColour(values[tile * pixels + k] / full), 255], 4 * k);
    context.putImageData(data, (tile % columns) * pitch, Math.floor(tile / columns) * pitch);
  }
  return image;
}
