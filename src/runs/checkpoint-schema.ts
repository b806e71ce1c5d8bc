/**
 * What is believed of the JSON within a checkpoint. Its checksum says that it is as it was written,
 * not by whom: the file may be a stranger's, or of a program that has changed something and signed
 * it anew.
 */
import * as z from "../bundled/zod.js";
import { UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import type { Progress } from "../train/progress.js";
import { checked, layer } from "./run-schema.js";

const count = z.int().nonnegative();
const number = z.number();
/** JSON has null where a number was not finite. */
const figure = number.nullable();
const maybe = figure.exactOptional();

/**
 * A line of metrics as it was; nothing is filled in, since its numbers are to come back with their
 * bits.
 */
const line = z.object({
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
  density: number,
  layers: z.array(layer),
  tau: figure,
  births: count,
  deaths: count,
  regularizer: figure,
  seconds: number,
});

const parameter = z.object({
  name: z.string(),
  kernel: z.enum(["dense", "sparse"]),
  gradient: z.enum(["all", "pattern"]),
  lambda: number.nonnegative(),
  step: count,
  fullSteps: count,
});

const progress = z
  .object({
    lengths: z.array(z.int().positive()).min(1).exactOptional(),
    epoch: z.int().positive(),
    order: z.object({ epoch: count, position: count }),
    sums: z.object({ loss: number, correct: count, seen: count }),
    schedule: z.looseObject({ factor: figure }),
    seconds: number,
    work: z
      .object({
        steps: count,
        frozenSteps: count,
        multiplications: number,
        dense: number,
        seconds: number,
        denseStep: number.exactOptional(),
      })
      .exactOptional(),
    epochs: z.array(line).min(1),
    backend: z.string(),
    isa: z.string(),
    trainer: z.object({
      steps: count,
      cycle: z.object({ coarse: count, left: count, fixed: z.literal(true).exactOptional() }),
      parameters: z.array(parameter),
    }),
  })
  .superRefine(({ epoch, order, sums, epochs, trainer: { cycle } }, { addIssue }) => {
    const refuse = (path: PropertyKey[], message: string) =>
      addIssue({ code: "custom", path, message });
    if (epochs.length !== epoch || epochs.some((one, k) => one.epoch !== k)) {
      refuse(["epochs"], `expected one line for each epoch before ${epoch}, from 0 on`);
    }
    const namesOf = ({ layers }: (typeof epochs)[number]) =>
      layers.map(({ name }) => name).join("\n");
    if (epochs.some((one) => namesOf(one) !== namesOf(epochs[0]))) {
      refuse(["epochs"], "expected the same layers in all lines");
    }
    // Within an epoch its order is under way; before its first step that of the epoch before has
    // come to its end.
    const isWithin = sums.seen > 0;
    const [before, position] = [Math.max(0, epoch - 2), isWithin ? sums.seen : order.position];
    if (order.epoch !== (isWithin ? epoch - 1 : before) || order.position !== position) {
      refuse(["order"], `does not fit epoch ${epoch}, of which ${sums.seen} samples are done`);
    }
    if (cycle.left > cycle.coarse) {
      refuse(["trainer", "cycle", "left"], `expected at most ${cycle.coarse}, found ${cycle.left}`);
    }
  });

const texts = z.record(z.string(), z.string());

/**
 * How far a run has come, from the JSON of its checkpoint.
 *
 * @throws UnusableFileError of one line that begins with `where`, as {@link parseTexts}
 */
export function parseProgress(text: string, where: string): Progress {
  return believed(progress, text, where) as Progress;
}

/** Texts by key, from JSON. */
export function parseTexts(text: string, where: string): Readonly<Record<string, string>> {
  return believed(texts, text, where) as Readonly<Record<string, string>>;
}

/** The value of the text as it is, if the schema takes it. */
function believed(schema: z.ZodType, text: string | undefined, where: string): unknown {
  if (text === undefined) throw new UnusableFileError(`${where}: there is none`);
  const value = parseJson(text, where);
  checked(schema, value, where);
  return value;
}
