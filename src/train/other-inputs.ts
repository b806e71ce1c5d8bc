/** Whether a network that a training starts from was made for inputs like those it gets now. */
import type { AnyDataset } from "../data/dataset.js";
import type { Normalization } from "../normalization.js";
import type { Settings } from "./fit-options.js";

/** Difference that nothing is said about, as a share of the deviation. */
const TOLERANCE = 0.1;

/**
 * A line where the inputs of the start's network were normalised by other numbers than those of
 * this training: it then computes something else. Of a network from elsewhere it is not known.
 */
export function otherInputs(
  { start, normalize }: Pick<Settings, "start" | "normalize">,
  data: Pick<AnyDataset, "mean" | "std">,
): string[] {
  const then = start?.network.normalization;
  const now = normalize ? data : { mean: [0], std: [1] };
  if (!then || isNear(then, now)) return [];
  return [
    "the inputs of the network that the training starts from were normalised by mean " +
      `${listed(then.mean)} and deviation ${listed(then.std)}, now they are by ` +
      `${listed(now.mean)} and ${listed(now.std)}: its first layers have to learn that`,
  ];
}

function isNear(a: Normalization, b: Normalization): boolean {
  const count = Math.max(a.mean.length, b.mean.length);
  // One number may stand for all channels, or a channel for its features.
  const at = (values: ArrayLike<number>, k: number): number =>
    values[Math.floor((k * values.length) / count)];
  return Array.from({ length: count }, (_, k) => k).every((k) => {
    const deviation = at(a.std, k);
    return (
      Math.abs(at(a.mean, k) - at(b.mean, k)) <= TOLERANCE * deviation &&
      Math.abs(deviation - at(b.std, k)) <= TOLERANCE * deviation
    );
  });
}

function listed(values: ArrayLike<number>): string {
  const numbers = Array.from(values, (value) => Number(value.toPrecision(3)));
  const shown = numbers.slice(0, 3).join(", ");
  return numbers.length > 3 ? `${shown}, ...` : shown;
}
