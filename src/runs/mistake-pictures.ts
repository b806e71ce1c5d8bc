/**
 * The surest mistakes of a run as pictures in its folder, so that its report can be made without
 * the data:
 *
 *     pictures/mistake-1.png    the first one of result.json, and so on
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { writeFileAtomic } from "../atomic-file.js";
import type { AnyDataset } from "../data/dataset.js";
import { inputRows, isBytes } from "../inputs.js";
import type { Mistake } from "../measure/events.js";
import { filesOf, ownFolder } from "../own-folder.js";
import { size } from "../shape-size.js";

const FOLDER = "pictures";
const NAME = /^mistake-\d+\.png$/;
/** A larger image is drawn from every second line and column, every third, ... */
const MOST_PIXELS = 128;

/** The file of a mistake, by its place in the result. */
export const mistakeFile = (place: number): string => `mistake-${place + 1}.png`;

/**
 * Writes them in the place of those of an earlier end of the run.
 *
 * @throws UnusableFileError if there is something else in the place of the folder, or it can't be
 *   written
 */
export function writeMistakes(
  run: string,
  { test, shape }: AnyDataset,
  mistakes: readonly Mistake[] = [],
): void {
  for (const name of filesOf(run, FOLDER))
    if (NAME.test(name)) rmSync(join(run, FOLDER, name), { force: true });
  if (mistakes.length === 0) return;
  const folder = ownFolder(run, FOLDER);
  mistakes.forEach(({ sample }, k) => {
    const pixels = inputRows(test.inputs, size(shape), Int32Array.of(sample));
    const grey = isBytes(pixels) ? pixels : asBytes(pixels);
    writeFileAtomic(join(folder, mistakeFile(k)), pngOf(grey, shape));
  });
}

/** Numbers have no known range: the smallest is black, the largest white. */
function asBytes(values: Float32Array | Float64Array): Uint8Array {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  const scale = most > least ? 255 / (most - least) : 0;
  return Uint8Array.from(values, (value) => Math.round((value - least) * scale));
}

/** A PNG of an image [channels, height, width]. */
function pngOf(pixels: Uint8Array, [channels, height, width]: AnyDataset["shape"]): Uint8Array {
  const step = Math.ceil(Math.max(height, width) / MOST_PIXELS);
  const [lines, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const data = Uint8Array.from({ length: channels * lines * columns }, (_, k) => {
    const [place, channel] = [Math.floor(k / channels), k % channels];
    const [y, x] = [Math.floor(place / columns), place % columns];
    return pixels[(channel * height + y * step) * width + x * step];
  });
  return encode({ width: columns, height: lines, channels, depth: 8, data });
}
