/**
 * What a recipe is: one JSON object that states an experiment in full. Defaults are filled in on
 * reading.
 *
 * To extend it, add a member to one of the unions (a model kind, an optimizer) or a key with a
 * default, so that older recipes stay valid. `build.ts` turns entries into objects. Regularizers
 * and schedules are not told here: each has its entry beside it (entry.ts).
 */
import * as z from "../bundled/zod.js";
import { FEED_DEFAULTS } from "../data/in-use.js";
import { isRegression, LOSS_KINDS, type LossKind } from "../nn/loss.js";
import { PRECISIONS } from "../nn/precision.js";
import { type DataEntry, dataSchema, hasTargets } from "./data-schema.js";
import { freeze, targetDensity } from "./density-schema.js";
import { madeBy, regularizerEntries, scheduleEntries } from "./entries.js";
import { faultOf, schemaOf } from "./entry-schema.js";
import { init } from "./init-schema.js";
import { finalCut, maskedOptimizers, maskFaults } from "./mask-schema.js";
import { model, type layer } from "./model-schema.js";
import { found } from "./union-fault.js";
import { start } from "./start-schema.js";

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().positive();
/** Decay factors of moving averages: 1 would never move. */
const decay = z.number().min(0).lt(1);
const seed = z.int().min(0).max(0xffffffff);

const regularizer = schemaOf(regularizerEntries, (said) => void madeBy(regularizerEntries, said));
const schedule = schemaOf(scheduleEntries);

const tau = positive.describe("Learning rate");
const delta = positive.default(1).describe("Elastic-net parameter: J + |theta|^2 / (2 delta)");
const regularizerOrNone = regularizer.prefault({ kind: "none" }).describe("J");
const momentum = {
  momentum: decay.default(0).describe("Decay of the running mean of gradients"),
  nesterov: z
    .boolean()
    .default(false)
    .describe("true: the gradient is taken where momentum alone would lead"),
};
const weightDecay = z
  .number()
  .nonnegative()
  .default(0)
  .describe("mu of a loss with mu / 2 |theta|^2 added");
const checkNesterov = (
  entry: { momentum: number; nesterov: boolean },
  context: z.RefinementCtx,
): void => {
  if (!entry.nesterov || entry.momentum > 0) return;
  context.addIssue({
    code: "custom",
    path: ["momentum"],
    message: "expected a value more than 0 for nesterov, found 0",
  });
};
const adamMoments = {
  beta1: decay.default(0.9).describe("Decay of the running mean of gradients"),
  beta2: decay.default(0.999).describe("Decay of the running mean of their squares"),
  eps: positive.default(1e-8).describe("Is added to the root of that mean"),
  biasCorrectFirstMoment: z
    .boolean()
    .default(true)
    .describe("false: as in the code behind the paper's AdaBreg tables"),
};

const optimizer = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("linBreg"),
      tau,
      delta,
      ...momentum,
      weightDecay,
      regularizer: regularizerOrNone,
    })
    .superRefine(checkNesterov),
  z.strictObject({
    kind: z.literal("adaBreg"),
    tau,
    delta,
    ...adamMoments,
    weightDecay,
    regularizer: regularizerOrNone,
  }),
  z
    .strictObject({ kind: z.literal("sgd"), tau, ...momentum, weightDecay })
    .superRefine(checkNesterov),
  z.strictObject({ kind: z.literal("adam"), tau, ...adamMoments, weightDecay }),
  z.strictObject({ kind: z.literal("proxSgd"), tau, regularizer: regularizerOrNone }),
  z
    .strictObject({
      kind: z.literal("lassoSgd"),
      tau,
      inner: z
        .enum(["plain", "adam"])
        .default("plain")
        .describe("How theta moves by the gradient of loss and penalty"),
      regularizer: regularizerOrNone.describe(
        "As a penalty in the loss: one that is finite everywhere",
      ),
      ...finalCut,
    })
    .superRefine(({ regularizer: said }, context) => {
      if (madeBy(regularizerEntries, said).finite) return;
      const message = `expected a regularizer that is finite everywhere, found "${said.kind}"`;
      context.addIssue({ code: "custom", path: ["regularizer", "kind"], message });
    }),
  ...maskedOptimizers,
]);

const clip = z
  .strictObject({
    norm: positive
      .exactOptional()
      .describe("Largest norm of the gradient of all parameters together"),
    value: positive.exactOptional().describe("Largest size of any of its components"),
  })
  .superRefine(({ norm, value }, context) => {
    if ((norm === undefined) !== (value === undefined)) return;
    const found = norm === undefined ? "neither" : "both";
    context.addIssue({ code: "custom", message: `expected either norm or value, found ${found}` });
  })
  .describe("Bounds the gradient before the optimizers see it");

const average = z
  .strictObject({
    decay: positive.lt(1).describe("A step; 0.999: the last 1000 steps or so count"),
  })
  .describe(
    "Evaluates and saves an average of the weights over the last steps; training is the same",
  );

/**
 * Schema of a recipe. `z.toJSONSchema(recipeSchema, { io: "input" })` gives editors completion; see
 * {@link recipeJsonSchema}.
 */
export const recipeSchema = z
  .strictObject({
    $schema: z.string().optional().describe("Leads editors to the schema of recipes; else ignored"),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
        // It names folders of results and runs.
        error: ({ input }) =>
          `expected letters, digits, dots, dashes and underscores, found ${JSON.stringify(input)}`,
      })
      .describe("Names folders of runs and results: letters, digits, dots, dashes, underscores"),
    description: z.string().default("").describe("For readers"),
    data: dataSchema.describe("What is learned from"),
    model: model.describe("The network"),
    loss: z
      .enum(LOSS_KINDS)
      .optional()
      .describe("Default: meanSquaredError for data with targets, else crossEntropy"),
    labelSmoothing: fraction
      .lt(1)
      .optional()
      .describe("Cross-entropy: share of each label that is spread over all classes, in training"),
    classWeights: z
      .union(
        [z.literal("balanced"), z.array(z.number().nonnegative()).min(1)],
        found('"balanced", or a list of one number a class'),
      )
      .optional()
      .describe("Cross-entropy: by which the samples of each class count, in training"),
    init: init.prefault({}).describe("How the first weights and biases are drawn"),
    start: start.optional(),
    optimizer: z
      .strictObject({
        weights: optimizer.describe("For the weights of linear layers"),
        biases: optimizer.describe("For the biases"),
        convs: optimizer
          .optional()
          .describe("For the weights of convolutions; default: as weights"),
        norms: optimizer.optional().describe("For the factors of batch norm; default: as biases"),
        skips: optimizer
          .optional()
          .describe("For the scalars of skip connections; default: as biases"),
      })
      .describe("How v moves and theta follows, for each kind of parameters"),
    schedule: schedule.prefault({ kind: "constant" }).describe("How tau changes over the run"),
    freeze: freeze.optional(),
    targetDensity: targetDensity.optional(),
    clip: clip.optional(),
    sampleDual: positive
      .optional()
      .describe("Relative variance that the estimated gradient of zero weights may have"),
    precision: z
      .enum(PRECISIONS)
      .optional()
      .describe(
        "bf16: planes between convolutions in half the bytes, native kernels only; default float32",
      ),
    average: average.optional(),
    freshStatistics: count
      .optional()
      .describe(
        "Batches over which batch norm's statistics are taken anew before each evaluation; default: running statistics",
      ),
    keep: z
      .enum(["last", "best"])
      .optional()
      .describe("Which network is saved: at the end, or of the epoch of best validation"),
    stop: z
      .strictObject({
        patience: count.describe("Epochs in a row without a better validation"),
      })
      .optional()
      .describe("Stops before the last epoch"),
    batchSize: count.default(FEED_DEFAULTS.batchSize).describe("Samples a step"),
    shuffle: z
      .boolean()
      .optional()
      .describe("false: each epoch visits the samples in their own order"),
    microBatches: count
      .optional()
      .describe("Parts that a batch is computed in, for less memory; their gradients are added up"),
    recompute: z
      .boolean()
      .optional()
      .describe(
        "Values between the ends of blocks are computed again for the backward pass, for less memory",
      ),
    epochs: count.describe("Passes over the training samples"),
    seed: seed
      .default(0)
      .describe("Of all that is drawn: with the same seed a run has the same bits"),
  })
  .superRefine((recipe, context) => {
    const {
      schedule: entry,
      optimizer: optimizers,
      data,
      labelSmoothing,
      epochs,
      batchSize,
      microBatches,
    } = recipe;
    const loss = recipe.loss ?? impliedLoss(data);
    const { biases, skips } = optimizers;
    const { validation, restore, augment } = data;
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: path.split("."), message });
    for (const [key, asks] of [
      ["keep", recipe.keep === "best"] as const,
      ["stop", recipe.stop !== undefined] as const,
    ]) {
      if (!asks || validation > 0) continue;
      const what = key === "keep" ? `"best"` : "it";
      fault(key, `expected ${what} with validation samples, found data.validation 0`);
    }
    if (microBatches !== undefined && microBatches > batchSize) {
      fault("microBatches", `expected at most batchSize (${batchSize}), found ${microBatches}`);
    }
    faultOf(
      () => {
        const { metric } = madeBy(scheduleEntries, entry, { epochs });
        if (metric !== "validAccuracy") return;
        const why = validation === 0 ? "data.validation is 0" : `${loss} has no accuracy`;
        if (validation > 0 && !isRegression(loss)) return;
        fault("schedule.metric", `expected "trainLoss", found "validAccuracy", but ${why}`);
      },
      context,
      "schedule",
    );
    for (const [key, method] of Object.entries(optimizers)) {
      for (const { path, message } of method ? maskFaults(key, method) : [])
        fault(`optimizer.${key}.${path}`, message);
    }
    for (const [key, what, method] of [
      ["biases", "a bias has", biases] as const,
      ["skips", "scalars have", skips] as const,
    ]) {
      if (!method || !("regularizer" in method)) continue;
      const { groups: found = "entries" } = madeBy(regularizerEntries, method.regularizer);
      if (found === "entries" || found === "rows") continue;
      fault(
        `optimizer.${key}.regularizer.groups`,
        `expected "rows": ${what} no ${found}, found "${found}"`,
      );
    }
    if (labelSmoothing && loss !== "crossEntropy") {
      fault("labelSmoothing", `expected it with the loss crossEntropy, found "${loss}"`);
    }
    const targeted = hasTargets(data);
    if (recipe.classWeights !== undefined && loss !== "crossEntropy") {
      fault("classWeights", `expected it with the loss crossEntropy, found "${loss}"`);
    }
    if ((restore || targeted) && loss === "crossEntropy") {
      const why = restore ? "as data.restore asks for" : "as the data have targets";
      fault("loss", `expected "meanSquaredError", ${why}, found "${loss}"`);
    }
    if (!restore && !targeted && loss !== "crossEntropy") {
      fault("data.restore", `missing; expected it, or targets, which the loss ${loss} needs`);
    }
    if (restore && targeted) fault("data.restore", "expected none beside targets, found an object");
    if (restore && augment)
      fault("data.augment", "expected nothing beside data.restore, found an object");
  })
  .transform((recipe) => {
    const { $schema: _, ...rest } = recipe;
    return { ...rest, loss: recipe.loss ?? impliedLoss(recipe.data) };
  });

/** The loss of a recipe that says none. */
function impliedLoss(data: DataEntry): LossKind {
  return hasTargets(data) ? "meanSquaredError" : "crossEntropy";
}

/** A recipe with all defaults filled in. Its keys: docs/recipes.md. */
export interface Recipe extends z.infer<typeof recipeSchema> {}
/** A recipe as people write it: defaults may be left out. */
export interface RecipeInput extends z.input<typeof recipeSchema> {}
export type RegularizerEntry = z.infer<typeof regularizer>;
export type OptimizerEntry = z.infer<typeof optimizer>;
export type ScheduleEntry = z.infer<typeof schedule>;
export type ModelEntry = z.infer<typeof model>;
export type LayerEntry = z.infer<typeof layer>;

/**
 * The schema as JSON Schema (draft 2020-12): give it to an editor for completion and checks of
 * recipe files.
 */
export function recipeJsonSchema(): object {
  return z.toJSONSchema(recipeSchema, { io: "input" });
}
