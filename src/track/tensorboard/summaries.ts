/** Numbers, weights and pictures as values of TensorBoard. */
import { largest, smallest } from "../../extremes.js";
import { mostActiveUnits, weightGrid } from "../../report/pictures.js";
import { squareImage } from "../../report/film.js";
import type { Scalar } from "../scalars.js";
import type { HistogramMessage, SummaryValue } from "./event-proto.js";

/** Buckets of a histogram, of one width. */
const BUCKETS = 60;

/** Tiles of a picture, and pixels a side that one is to have at least. */
const MOST_TILES = 64;
const LEAST_SIDE = 40;

/** Scalars as values. */
export function scalarValues(scalars: readonly Scalar[]): SummaryValue[] {
  return scalars.map(([tag, simpleValue]) => ({ tag, simpleValue }));
}

/**
 * A histogram of numbers; those that are not finite are left out, and so are zeros, which would
 * hide all others, if `skipZeros`. None of no numbers.
 */
export function histogramValue(
  tag: string,
  data: Float32Array,
  { skipZeros = false }: { readonly skipZeros?: boolean } = {},
): SummaryValue[] {
  const numbers = data.filter((x) => Number.isFinite(x) && !(skipZeros && x === 0));
  return numbers.length > 0 ? [{ tag, histogram: histogramOf(numbers) }] : [];
}

function histogramOf(numbers: Float32Array): HistogramMessage {
  const [min, max] = [smallest(numbers), largest(numbers)];
  const width = (max - min) / BUCKETS;
  const bucket = Array.from({ length: width > 0 ? BUCKETS : 1 }, () => 0);
  let [sum, sumSquares] = [0, 0];
  for (const x of numbers) {
    bucket[width > 0 ? Math.min(BUCKETS - 1, Math.floor((x - min) / width)) : 0]++;
    sum += x;
    sumSquares += x * x;
  }
  const last = bucket.length - 1;
  const bucketLimit = bucket.map((_, k) => (k === last ? max : min + (k + 1) * width));
  return { min, max, num: numbers.length, sum, sumSquares, bucketLimit, bucket };
}

/**
 * The first layer's weights as a picture, red positive and blue negative: the images that up to 64
 * units read, those with the most non-zeros, or the kernels of a convolution. None of weights that
 * can't be seen as images.
 *
 * @param shape - [out, in] or [out, in, kernel height, kernel width]
 */
export function pictureValue(
  tag: string,
  shape: readonly number[],
  theta: Float32Array,
): SummaryValue[] {
  const isConvolution = shape.length === 4;
  const size = isConvolution ? ([shape[2], shape[3]] as const) : squareImage(shape[1]);
  if (!size || size[0] * size[1] < 2) return [];
  const rows = isConvolution ? shape[0] * shape[1] : shape[0];
  // In their own order: a unit keeps its place as long as the same ones are shown.
  const units = mostActiveUnits(theta, rows, MOST_TILES).sort((a, b) => a - b);
  const zoom = Math.max(2, Math.ceil(LEAST_SIDE / Math.max(size[0], size[1])));
  const png = weightGrid(theta, rows, size, { units, zoom });
  const view = new DataView(png.buffer, png.byteOffset);
  // Width and height stand behind the signature and the head of the first chunk.
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  return [{ tag, image: { height, width, colorspace: 4, encodedImage: png } }];
}
