/** The entry "init" of a recipe: how the first weights and biases are drawn. */
import * as z from "../bundled/zod.js";
import { spread } from "./mask-schema.js";

const positive = z.number().positive();

const weightKeys = {
  density: positive.max(1).describe("Share of the weights that start non-zero"),
  mask: z
    .enum(["entry", "row", "kernel"])
    .describe("What is drawn: single weights, whole rows, or kernels of a convolution"),
  count: z
    .enum(["bernoulli", "exact", "withReplacement"])
    .describe(
      "How many are kept: each by chance, exactly so many, or so many draws that may coincide",
    ),
  atLeast: z
    .int()
    .nonnegative()
    .describe(
      "So many weights (or kernels, as the mask says) are kept in each row at least: rows with fewer get more",
    ),
  varianceFactor: positive.describe(
    "Var W as a share of the He value; the weights that the mask keeps have Var / their share",
  ),
  distribution: z.enum(["normal", "uniform"]).describe("What they are drawn from"),
};
/** A mask of whole rows has nothing to add to a row. */
function checkAtLeast(
  { mask, atLeast }: { mask?: string; atLeast?: number },
  context: z.RefinementCtx,
): void {
  if (mask !== "row" || !atLeast) return;
  const message = `expected 0 where the mask keeps whole rows, found ${atLeast}`;
  context.addIssue({ code: "custom", path: ["atLeast"], message });
}

const layerInit = z
  .strictObject({
    density: weightKeys.density.exactOptional(),
    mask: weightKeys.mask.exactOptional(),
    count: weightKeys.count.exactOptional(),
    atLeast: weightKeys.atLeast.exactOptional(),
    varianceFactor: weightKeys.varianceFactor.exactOptional(),
    distribution: weightKeys.distribution.exactOptional(),
  })
  .superRefine(checkAtLeast);
const weightInit = z
  .strictObject({
    density: weightKeys.density.default(1),
    mask: weightKeys.mask.default("entry"),
    count: weightKeys.count.default("bernoulli"),
    atLeast: weightKeys.atLeast.exactOptional(),
    spread: spread.exactOptional(),
    varianceFactor: weightKeys.varianceFactor.default(1),
    distribution: weightKeys.distribution.default("normal"),
  })
  .superRefine(checkAtLeast);

export const init = z.strictObject({
  weights: weightInit.prefault({}).describe("For the weights of linear layers"),
  convs: weightInit.optional().describe("For the weights of convolutions; default: as weights"),
  layers: z
    .record(z.string(), layerInit)
    .exactOptional()
    .describe("What is different in single layers, by their names (bregman plan shows them)"),
  biases: z
    .strictObject({
      scale: positive.default(1).describe("Biases are drawn below scale / sqrt(inputs)"),
      signed: z
        .boolean()
        .default(false)
        .describe("false: positive only, so that no unit starts dead"),
    })
    .prefault({})
    .describe("For the biases"),
});
