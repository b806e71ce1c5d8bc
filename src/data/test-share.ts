/**
 * A test part out of the training file, where there is no file of its own: a share of its samples,
 * drawn by a seed. What is normalised by the training samples is then so by the others alone.
 */
import { InputError } from "../errors.js";
import { stream } from "../random.js";
import { pickSamples, USE_DEFAULTS } from "./in-use.js";
import type { OwnPart } from "./own-part.js";
import { heldOut, split, stratifiedSplit } from "./split.js";

/** How the test part is drawn. */
export interface TestShareOptions {
  /** Samples for it: their number, or their share. */
  readonly share: number;
  readonly splitSeed?: number | undefined;
  /** So many of each class as its share of the samples. */
  readonly stratify?: boolean | undefined;
}

/**
 * Divides the samples of a file.
 *
 * @param count - of its samples
 * @throws InputError for a share that can't be, or to stratify samples without labels
 */
export function withTestShare(
  part: OwnPart,
  count: number,
  { share, splitSeed = USE_DEFAULTS.splitSeed, stratify = false }: TestShareOptions,
): { readonly train: OwnPart; readonly test: OwnPart } {
  const held = heldOut(count, share, undefined, "test");
  if (held === 0) throw new InputError("testShare must be above 0, found 0");
  const random = stream(splitSeed, "test");
  const { train, valid } = stratify
    ? stratifiedSplit(part.labels, held, random)
    : split(count, held, random);
  const pick = (rows: Int32Array): OwnPart => {
    const { count: _, ...samples } = pickSamples({ ...part, count }, rows.toSorted());
    return { where: part.where, ...samples };
  };
  return { train: pick(train), test: pick(valid) };
}
