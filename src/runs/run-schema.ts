/**
 * What is believed of the files of a run folder, which may be a stranger's: the lines of
 * metrics.jsonl, and result.json. Keys that are not known are passed over; a figure that was not
 * finite is null in JSON, and counts as absent.
 */
import * as z from "../bundled/zod.js";
import { UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { check, pathName } from "../recipes/problems.js";
import type { EpochMetrics } from "../measure/events.js";
import type { RunResult } from "./run-result.js";

const count = z.int().nonnegative();
const figure = z.number();
const maybe = figure.exactOptional();
const maybeCount = count.exactOptional();

/** What a line of metrics says of a layer. */
export const layer = z.object({
  name: z.string(),
  shape: z.array(z.int().positive()).min(1).max(8),
  weights: count,
  nonZeros: count,
  density: figure,
  units: count,
  activeUnits: count,
  kernels: maybeCount,
  activeKernels: maybeCount,
  births: maybeCount,
  deaths: maybeCount,
  lambda: maybe,
  kernel: z.enum(["dense", "sparse"]),
});

/** A line of metrics.jsonl; what those of early versions lack has a default. */
const epochSchema = withoutNulls({
  epoch: count,
  trainLoss: maybe,
  trainAccuracy: maybe,
  validLoss: maybe,
  validAccuracy: maybe,
  validTop5: maybe,
  testAccuracy: maybe,
  validSsim: maybe,
  validMae: maybe,
  validR2: maybe,
  density: figure,
  layers: z.array(layer).default([]),
  tau: figure.default(Number.NaN),
  births: count.default(0),
  deaths: count.default(0),
  regularizer: figure.default(0),
  seconds: figure.default(0),
});

const best = {
  epoch: count,
  validAccuracy: figure,
  testAccuracy: figure,
  density: figure,
  linearDensity: figure,
};

const final = {
  testLoss: maybe,
  testAccuracy: maybe,
  validLoss: maybe,
  validAccuracy: maybe,
  trainAccuracy: maybe,
  ssim: maybe,
  byClass: z
    .object({
      of: z.enum(["test", "validation"]),
      samples: count,
      top5: maybe,
      classes: z
        .array(z.object({ name: z.string(), count, precision: maybe, recall: maybe }))
        .exactOptional(),
      confusion: z.array(z.array(count)).exactOptional(),
    })
    .exactOptional(),
  mistakes: z
    .array(
      z.object({ sample: count, label: z.string(), takenFor: z.string(), probability: figure }),
    )
    .exactOptional(),
  testMae: maybe,
  testR2: maybe,
  validMae: maybe,
  validR2: maybe,
  targets: z.array(withoutNulls({ name: z.string(), mae: maybe, r2: maybe })).exactOptional(),
  density: figure,
  linearDensity: figure,
  kernelDensity: maybe,
  nodeDensity: z.array(figure),
  flopDensity: figure,
  saved: z
    .object({
      steps: count,
      frozenSteps: count,
      births: count,
      deaths: count,
      trainingFlops: figure,
      trainingFlopDensity: figure,
      stepSeconds: figure,
      denseStepSeconds: maybe,
    })
    .exactOptional(),
  connections: z
    .array(
      z.object({
        from: z.string(),
        to: z.string(),
        density: figure,
        scale: figure.nullable().exactOptional(),
      }),
    )
    .exactOptional(),
  best: z.object({ ...best, kernelDensity: maybe }).exactOptional(),
  kept: maybeCount,
  seconds: figure,
  bytes: z.object({ dense: count, sparse: count, compressed: maybeCount }),
};

const result = {
  recipe: z.string(),
  seed: count,
  command: z.string(),
  commit: z.string().exactOptional(),
  machine: z.string(),
  backend: z.string(),
  isa: z.string(),
  threads: count,
  samples: z.object({ train: count, valid: count, test: count }),
  interrupted: z.boolean(),
};

const resultSchema = z.object({
  ...result,
  epochs: z.array(z.object({ epoch: count })).min(1),
  final: withoutNulls(final),
});

/** As far as it goes: of any version, or of another program. */
const partialSchema = withoutNulls({
  ...partial(result),
  final: withoutNulls(partial(final)).exactOptional(),
});

/** result.json as far as it says something. */
export type PartialResult = z.infer<typeof partialSchema>;

/**
 * A line of metrics.jsonl.
 *
 * @throws UnusableFileError of one line that begins with `where`, as the readers below
 */
export function parseEpoch(text: string, where: string): EpochMetrics {
  return checked(epochSchema, parseJson(text, where), where);
}

/** The text of a result.json, whole. */
export function parseResult(text: string, where: string): RunResult {
  return checked(resultSchema, parseJson(text, where), where);
}

/** The text of a result.json, as far as it goes. */
export function parsePartialResult(text: string, where: string): PartialResult {
  return checked(partialSchema, parseJson(text, where), where);
}

/**
 * A value of a file as its schema has it.
 *
 * @throws UnusableFileError of one line: "<where>: layers[0].shape: expected an array, found 5"
 */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  const outcome = check(schema, value);
  if ("value" in outcome) return outcome.value;
  const [{ path, text }, ...others] = outcome.problems;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  throw new UnusableFileError(
    `${where}: ${path.length > 0 ? `${pathName(path)}: ` : ""}${text}${more}`,
  );
}

/** An object whose keys count as absent where they are null. */
function withoutNulls<Shape extends z.ZodRawShape>(shape: Shape) {
  const drop = (value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null))
      : value;
  return z.preprocess(drop, z.object(shape));
}

/** The same shape, any of it absent. */
function partial<Shape extends z.ZodRawShape>(shape: Shape) {
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [key, z.exactOptional(schema)]),
  ) as {
    [Key in keyof Shape]: z.ZodExactOptional<Shape[Key]>;
  };
}
