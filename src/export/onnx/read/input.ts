/** The graph's input, whose shape is known once a layer reads it. */
import { InputError } from "../../../errors.js";
import type { NodeAt } from "./node.js";
import { type SampleValue, given } from "./value.js";

/** A value that a layer reads: what the input is, and how it is normalised, is now settled. */
export function settled({ builder: { input } }: NodeAt, x: SampleValue): SampleValue {
  if (!x.open) return x;
  const { seen, mean, std } = x;
  if (seen.length !== 1 && seen.length !== 3) {
    throw new InputError(
      `expected samples of features, or of channels, height and width, found [${seen.join(", ")}]`,
    );
  }
  if (input.shape === undefined) Object.assign(input, { shape: seen, mean, std });
  if (input.shape!.join() !== seen.join())
    throw new InputError(
      `reads the input as [${seen.join(", ")}], others as [${input.shape!.join(", ")}]`,
    );
  if (input.mean !== mean || input.std !== std)
    throw new InputError("reads the input normalised otherwise than others");
  return { ...given(-1, seen), ...(x.scale !== undefined && { scale: x.scale }) };
}
