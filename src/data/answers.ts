/** What is to be told of the samples of a part: their labels, or numbers. */
import { UnusableFileError } from "../errors.js";
import { pickRows } from "./in-use.js";
import { type Labels, labelsLike } from "./labels.js";
import type { OwnPart } from "./own-part.js";

export interface Answers {
  /** Samples that have one. */
  readonly count: number;
  /** Those of the rows that were picked, or all. */
  of(picked: Int32Array | undefined): Pick<OwnPart, "labels" | "allLabels" | "targets">;
}

export function labelAnswers(all: Labels): Answers {
  return {
    count: all.length,
    of: (picked) =>
      picked
        ? { labels: pickRows(all, 1, picked, labelsLike(all, picked.length)), allLabels: all }
        : { labels: all },
  };
}

/**
 * @param values - [count, features] row-major
 * @throws UnusableFileError for one that is not finite in float32
 */
export function targetAnswers(
  values: ArrayLike<number | bigint>,
  features: number,
  where: string,
): Answers {
  const all = Float32Array.from(values, Number);
  const bad = all.findIndex((y) => !Number.isFinite(y));
  if (bad >= 0) {
    throw new UnusableFileError(
      `${where}: targets must be finite in float32, found ${values[bad]} at index ${bad}`,
    );
  }
  return {
    count: all.length / features,
    of: (picked) => ({
      labels: new Uint8Array(0),
      targets: picked
        ? pickRows(all, features, picked, new Float32Array(picked.length * features))
        : all,
    }),
  };
}
