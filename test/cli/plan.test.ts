/** `bregman plan`: numbers that follow from the model alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planText } from "#bregman/cli/plan.js";
import { prepare } from "#bregman/train/prepare.js";
import { fitOptionsOf } from "#bregman/runs/recipe-options.js";
import { buildModel } from "#bregman/recipes/build.js";
import { loadRecipe } from "#bregman/recipes/load.js";
import { mlp } from "#bregman/models/mlp.js";
import { expect, test } from "vitest";
import { temporaryFolder } from "./run-cli.js";

test("ResNet-18: weights and multiplications of the paper's network, and its memory", async () => {
  const recipe = loadRecipe("cifar10-resnet18-groups");
  const { steps, memory } = await prepare(buildModel(recipe.model), fitOptionsOf(recipe));
  expect(steps.reduce((sum, { weights }) => sum + weights, 0)).toBe(11_164_352);
  // 0.557 billion multiplications a sample: 2 x 555,417,600 + 2 x 5,120.
  const flops = steps.reduce((sum, step) => sum + step.flops, 0);
  expect(flops).toBe(2 * 555_422_720);
  const now = steps.reduce((sum, step) => sum + step.flopsNow, 0);
  expect(now / flops).toBeGreaterThan(0.005);
  expect(now / flops).toBeLessThan(0.02);
  expect(memory.training + memory.parameters).toBeLessThan(1e9);
});

test("a batch that no memory holds is refused by what is too large for it", async () => {
  const recipe = loadRecipe("mnist-mlp-linbreg");
  const plan = (options: object) =>
    prepare(buildModel(recipe.model), { ...fitOptionsOf(recipe), ...options });
  await expect(plan({ batchSize: 1e9 })).rejects.toThrow(
    /the input is too large: .* for a batch of 1000000000/,
  );
  // A layer of 200 is smaller than the input; what counts is the part of a batch that is computed
  // at a time.
  const { memory } = await plan({ batchSize: 128_000, microBatches: 1000 });
  expect(memory.training).toBe((await plan({ batchSize: 128 })).memory.training);
  const wide = fitOptionsOf(recipe);
  await expect(prepare(mlp([4, 2000, 10]), { ...wide, batchSize: 1e6 })).rejects.toThrow(
    /layer "linear1" is too large/,
  );
});

test("the MLP's plan names its ops, kernels chosen by density", async () => {
  const text = await planText("mnist-mlp-linbreg");
  const linear1 = text.slice(text.indexOf("linear1"), text.indexOf("linear2"));
  expect(linear1).toMatch(/sparseForward .*findColumns, packColumns, .*\n.*denseWeightGrad/);
  expect(text).toContain("173,600");
  expect(text).toContain("0.347 MFLOP a sample dense");
});

test("a start that has lost something is told of", async () => {
  const recipe = loadRecipe("mnist-quick");
  const model = buildModel(recipe.model);
  const options = fitOptionsOf(recipe);
  expect((await prepare(model, options)).faults).toEqual([]);
  const { faults } = await prepare(model, {
    ...options,
    init: { weights: { density: 1e-6, atLeast: 0 } },
  });
  expect(faults).toEqual([
    expect.stringMatching(/^the start leaves no way from the inputs to the outputs/),
  ]);
  const file = join(temporaryFolder(), "thin.json");
  writeFileSync(
    file,
    JSON.stringify({ ...recipe, init: { weights: { density: 1e-6, atLeast: 0 } } }),
  );
  expect(await planText(file)).toContain(`warning        ${faults[0]}\n`);
  expect(await planText("mnist-quick")).not.toContain("warning");
});

test("what a recipe would take on several ranks: bytes from the counts, times from assumptions", async () => {
  const text = await planText("cifar10-resnet18-groups", { ranks: 8, gbit: 1, stepMs: 1000 });
  const { steps } = await prepare(
    buildModel(loadRecipe("cifar10-resnet18-groups").model),
    fitOptionsOf(loadRecipe("cifar10-resnet18-groups")),
  );
  const zeros = steps.reduce((sum, { weights, nonZeros }) => sum + weights - nonZeros, 0);
  expect(text).toContain("8 ranks, a batch in 8 parts, 1 Gbit/s");
  expect(text).toMatch(/fine step +11,173,962 numbers, 78 MB sent by a rank/);
  const frozen = new Intl.NumberFormat("en").format(11_173_962 - zeros);
  expect(text).toMatch(new RegExp(`frozen step +${frozen} numbers, 1.0 MB sent by a rank`));
  expect(text).toMatch(/mean +\d+ ms a step for 1000 ms alone: [\d.]+ times as fast/);
  // Twice the work leaves the share of sending smaller.
  const efficiency = async (stepMs: number) =>
    Number(
      /efficiency (\d+) %/.exec(
        await planText("cifar10-resnet18-groups", { ranks: 8, gbit: 1, stepMs }),
      )![1],
    );
  expect(await efficiency(2000)).toBeGreaterThan(await efficiency(1000));
  await expect(planText("mnist-quick", { ranks: 200 })).rejects.toThrow(
    "200 ranks can't share a batch of 128 samples",
  );
});
