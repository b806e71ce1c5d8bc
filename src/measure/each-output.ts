/**
 * Measures over samples of a data set, all of them and the loss from one pass: the model gives each
 * sample's outputs once.
 */
import type { AnyDataset, AnySamples } from "../data/dataset.js";
import type { Turns } from "../engine/next-turn.js";
import type { Trainer } from "../engine/trainer.js";

/** A measure under way. */
export interface Pass<Result> {
  /**
   * Takes the outputs of some samples, row-major, one behind the other. They are overwritten
   * afterwards.
   */
  add(outputs: Float32Array, indices: Int32Array): void;
  /** What is measured, once all samples have come. */
  result(): Result;
}

/** Begins to measure samples, by their indices (training samples first, then test samples). */
export type Measure<Result> = (indices: Int32Array) => Pass<Result>;

type Measured<Measures> = {
  [Key in keyof Measures]: Measures[Key] extends Measure<infer Result> | undefined
    ? Result | undefined
    : never;
};

/**
 * Mean loss and share of correct predictions over samples, with what the measures say of them;
 * undefined for no samples.
 */
export async function judge<
  Measures extends Readonly<Record<string, Measure<unknown> | undefined>>,
>(
  evaluator: Pick<Trainer, "evaluateInTurns">,
  indices: Int32Array,
  turns: Turns,
  measures: Measures,
): Promise<(Judged & Measured<Measures>) | undefined> {
  if (indices.length === 0) return undefined;
  const passes = Object.entries(measures).flatMap(([key, measure]) =>
    measure ? [[key, measure(indices)] as const] : [],
  );
  const each = (outputs: Float32Array, some: Int32Array) => {
    for (const [, pass] of passes) pass.add(outputs, some);
  };
  const judged = await evaluator.evaluateInTurns(indices, turns, passes.length ? each : undefined);
  const results = passes.map(([key, pass]) => [key, pass.result()] as const);
  return { ...judged, ...(Object.fromEntries(results) as Measured<Measures>) };
}

interface Judged {
  readonly loss: number;
  readonly accuracy: number;
}

/** The part that a sample is in, and its place there. */
export function placeOf(
  { train, test }: Pick<AnyDataset, "train" | "test">,
  index: number,
): readonly [part: AnySamples, place: number] {
  return index < train.count ? [train, index] : [test, index - train.count];
}
