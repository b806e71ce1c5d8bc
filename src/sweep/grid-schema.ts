/**
 * What a grid is: one JSON object that names recipes, ranges for their fields, seeds, and how to
 * look through them.
 *
 *     {
 *       "recipe": "mnist-quick",
 *       "ranges": {
 *         "optimizer.weights.tau": { "logUniform": [0.01, 1] },
 *         "optimizer.weights.regularizer.lambda": [0.001, 0.01, 0.1]
 *       },
 *       "seeds": [0, 1, 2],
 *       "strategy": { "kind": "random", "runs": 20 }
 *     }
 */
import * as z from "../bundled/zod.js";

const count = z.int().positive();
const seed = z.int().min(0).max(0xffffffff);
const ends = z.tuple([z.number(), z.number()]);

const between = z
  .strictObject({
    uniform: ends.exactOptional().describe("Lowest and highest value"),
    logUniform: ends.exactOptional().describe("The same, evenly spread over powers of ten"),
    steps: z
      .int()
      .min(2)
      .exactOptional()
      .describe("Values from end to end that a grid takes; without them values are drawn"),
    integers: z.boolean().default(false).describe("true: values are rounded to integers"),
  })
  .superRefine(({ uniform, logUniform }, context) => {
    const fault = (message: string, path: string[] = []): void =>
      context.addIssue({ code: "custom", path, message });
    if ((uniform === undefined) === (logUniform === undefined)) {
      const found = uniform === undefined ? "neither" : "both";
      fault(`expected either uniform or logUniform, found ${found}`);
      return;
    }
    const key = uniform === undefined ? "logUniform" : "uniform";
    const [low, high] = (uniform ?? logUniform)!;
    if (low >= high)
      fault(`expected a low end below the high one, found ${low} and ${high}`, [key]);
    if (key === "logUniform" && low <= 0)
      fault(`expected ends more than 0, found ${low} and ${high}`, [key]);
  });

const range = z
  .union([z.array(z.json()).min(1), between])
  .describe("A list of values, or the ends of an interval");

const strategy = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("grid") }).describe("Every combination"),
  z
    .strictObject({ kind: z.literal("random"), runs: count, seed: seed.default(0) })
    .describe("So many combinations, drawn by a seed"),
  z
    .strictObject({
      kind: z.literal("halving"),
      runs: count.exactOptional().describe("Combinations that are drawn; default: every one"),
      seed: seed.default(0),
      factor: z
        .int()
        .min(2)
        .default(3)
        .describe("One of so many goes on to so many times the epochs"),
      firstEpochs: count.default(1).describe("Epochs of the first rung"),
    })
    .describe("All for a few epochs; those of the best validation go on"),
]);

/** Schema of a grid; see {@link gridJsonSchema}. */
export const gridSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; ignored"),
  recipe: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe("Name or file of a recipe, or a list of them; files start from this one's folder"),
  ranges: z
    .record(z.string(), range)
    .default({})
    .describe('By the field of the recipe, such as "optimizer.weights.tau" or "model.features[1]"'),
  epochs: count.exactOptional().describe("Another number of epochs than the recipes'"),
  seeds: z
    .array(seed)
    .min(1)
    .exactOptional()
    .describe("Seeds that each combination is run with; default: the recipe's"),
  strategy: strategy.prefault({ kind: "grid" }),
});

/** A grid with all defaults filled in. */
export type Grid = z.infer<typeof gridSchema>;
export type SweptRange = z.infer<typeof range>;
export type Strategy = z.infer<typeof strategy>;

/** The schema as JSON Schema (draft 2020-12), for editors. */
export function gridJsonSchema(): object {
  return z.toJSONSchema(gridSchema, { io: "input" });
}
