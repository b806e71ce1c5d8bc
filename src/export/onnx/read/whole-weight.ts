/** Weights of convolutions in groups, or with holes, as those of one group without: with zeros. */
import { InputError } from "../../../errors.js";
import { roomFor } from "../../../room-for.js";
import { size } from "../../../shape-size.js";
import type { Constant } from "./constant.js";
import type { HoledWindow } from "./windows.js";

/**
 * The weight of our layer, [out, channels, height, width].
 *
 *     w'[o, g C / G + c, d_h y, d_w x] = w[o, c, y, x]      o in group g of G; d: how far apart
 *
 * @param weight - [out, channels / groups, sides of the window ...]
 * @throws InputError if the channels don't fit, or memory has no room
 */
export function wholeWeight(
  weight: Constant,
  channels: number,
  groups: number,
  { size: [height, width], dilation: [down, across] }: HoledWindow,
): Constant {
  const [out, perGroup] = weight.shape;
  const fits = Number.isInteger(groups) && groups >= 1 && perGroup * groups === channels;
  if (!fits || out % groups !== 0) {
    throw new InputError(
      `expected a weight for ${channels} channels, found ${groups} groups of ${perGroup} for ${out} outputs`,
    );
  }
  const shape = [out, channels, height, width];
  if (size(shape) === weight.data.length) return { ...weight, shape };
  const data = roomFor(Float64Array, size(shape), `a weight of [${shape.join(", ")}]`);
  const [rows, cols] = [(height - 1) / down + 1, (width - 1) / across + 1];
  let from = 0;
  for (let o = 0; o < out; o++) {
    const first = Math.floor(o / (out / groups)) * perGroup;
    for (let c = first; c < first + perGroup; c++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < cols; x++)
          data[((o * channels + c) * height + y * down) * width + x * across] = weight.data[from++];
  }
  return { ...weight, shape, data };
}
