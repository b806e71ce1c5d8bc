/**
 * What a classifier does class by class, over samples of a data set.
 *
 *     precision   of the samples that it takes for the class, the share that are of it
 *     recall      of the samples of the class, the share that it finds
 *     confusion   row: the label, column: what it is taken for; samples
 *     top 5       samples whose label is among the five largest outputs
 *
 * Where a sample has several labels each is a class by itself, found where its output is above 0,
 * and there is neither a confusion nor a top 5. Of equal outputs the first is the larger.
 */
import type { AnyDataset } from "../data/dataset.js";
import type { Model } from "../nn/model.js";
import { size } from "../shape-size.js";
import { type Measure, placeOf } from "./each-output.js";
import type { ClassFigures, OneClass } from "./events.js";

/** Classes that are told of one by one, and with what they are taken for. */
const MOST_TOLD = 1000;
const MOST_CONFUSED = 100;
const TOP = 5;

/** The figures of a classifier's outputs. */
export function createClassFigures(
  model: Pick<Model, "output">,
  data: AnyDataset,
): Measure<Omit<ClassFigures, "of">> {
  const outputs = size(model.output);
  const isSingle = data.classes > 0;
  const names = isSingle ? data.labelNames : data.targetNames;
  return (indices) => {
    const counts = { of: zeros(outputs), taken: zeros(outputs), right: zeros(outputs) };
    const isConfused = isSingle && outputs <= MOST_CONFUSED;
    const confusion = isConfused ? Array.from({ length: outputs }, () => zeros(outputs)) : [];
    let top = 0;
    const addOne = (index: number, z: Float32Array) => {
      const [part, place] = placeOf(data, index);
      if (!isSingle) {
        const there = part.targets!.subarray(place * outputs, (place + 1) * outputs);
        z.forEach((value, c) => add(counts, c, there[c] > 0.5, value > 0));
        return;
      }
      const label = part.labels[place];
      const guess = z.reduce((best, value, c) => (value > z[best] ? c : best), 0);
      add(counts, label, true, guess === label);
      if (guess !== label) add(counts, guess, false, true);
      if (isConfused) confusion[label][guess]++;
      if (rankOf(z, label) < TOP) top++;
    };
    return {
      add: (all, some) =>
        some.forEach((index, k) => addOne(index, all.subarray(k * outputs, (k + 1) * outputs))),
      result() {
        const told = outputs <= MOST_TOLD ? classesOf(counts, names) : undefined;
        return {
          samples: indices.length,
          ...(isSingle && outputs > TOP && { top5: top / indices.length }),
          ...(told && { classes: told }),
          ...(isConfused && { confusion: confusion.map((row) => [...row]) }),
        };
      },
    };
  };
}

interface Counts {
  /** Samples of each class, those taken for it, and those of them that are. */
  readonly of: Float64Array;
  readonly taken: Float64Array;
  readonly right: Float64Array;
}

const zeros = (length: number) => new Float64Array(length);

function add({ of, taken, right }: Counts, c: number, isThere: boolean, isTaken: boolean): void {
  if (isThere) of[c]++;
  if (isTaken) taken[c]++;
  if (isThere && isTaken) right[c]++;
}

/** Outputs that come before that of a class, the largest first. */
function rankOf(z: Float32Array, c: number): number {
  return z.reduce(
    (rank, value, k) => rank + (value > z[c] || (value === z[c] && k < c) ? 1 : 0),
    0,
  );
}

function classesOf({ of, taken, right }: Counts, names: readonly string[] = []): OneClass[] {
  return Array.from(of, (count, c) => ({
    name: names[c] ?? String(c),
    count,
    ...(taken[c] > 0 && { precision: right[c] / taken[c] }),
    ...(count > 0 && { recall: right[c] / count }),
  }));
}
