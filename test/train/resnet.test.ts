/**
 * ResNet-18 follows PyTorch: losses of the first 50 LinBreg steps on real CIFAR-10 images, from the
 * same weights and batches.
 *
 * test/fixtures/resnet18-losses.json was computed by PyTorch 1.13 in float32 (model and optimizer
 * written from their definitions: kernel groups with lambda 0.0004, tau 0.001, batches of 16).
 */
import { readFileSync } from "node:fs";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { createPool } from "#bregman/runtime/pool.js";
import { createTrainer } from "#bregman/engine/trainer.js";
import { expect, test } from "vitest";
import { batches, BATCH, images, initial, LAMBDA, model, TAU } from "../support/resnet-problem.js";

const { losses, kernels } = JSON.parse(
  readFileSync(new URL("../fixtures/resnet18-losses.json", import.meta.url), "utf8"),
) as { losses: number[]; kernels: number[] };

test("50 steps of sparse ResNet-18 agree with PyTorch", { timeout: 300_000 }, async () => {
  const pool = await createPool({ threads: 2 });
  const { inputs, labels } = images();
  const regularizer = groupLasso({ lambda: LAMBDA, groups: "kernels" });
  const trainer = createTrainer({
    pool,
    model,
    loss: "crossEntropy",
    samples: storeSamples(pool.memory, [{ inputs, labels }], {
      features: 3072,
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.2023, 0.1994, 0.201],
    }),
    batchSize: BATCH,
    initial,
    optimizers: {
      weight: linBreg({ tau: TAU }),
      bias: linBreg({ tau: TAU }),
      conv: linBreg({ tau: TAU, regularizer }),
    },
  });
  const convs = trainer.updaters
    .map(({ parameter }) => parameter)
    .filter(({ role }) => role === "conv");
  const activeKernels = () =>
    convs.reduce((sum, { name, shape }) => {
      const theta = trainer.theta(name);
      const taps = shape[2] * shape[3];
      const active = Array.from({ length: theta.length / taps }, (_, k) =>
        theta.subarray(k * taps, (k + 1) * taps).some((w) => w !== 0),
      );
      return sum + active.filter(Boolean).length;
    }, 0);
  expect(convs.some(({ kernel }) => kernel === "sparse")).toBe(true);
  batches.forEach((batch, k) => {
    const { loss } = trainer.step(batch);
    // Rounding decides the sign of some pre-activations near 0, in PyTorch as here, and each such
    // ReLU moves a gradient by a thousandth: the two runs drift apart, slowly at this learning
    // rate.
    const tolerance = k < 5 ? 1e-4 : k < 20 ? 2e-3 : 1e-2;
    expect(Math.abs(loss - losses[k]), `loss of step ${k + 1}`).toBeLessThan(tolerance * losses[k]);
    if (k % 7 !== 0) return;
    const active = activeKernels();
    expect(Math.abs(active - kernels[k]), `kernels after step ${k + 1}`).toBeLessThan(
      1e-3 * kernels[k],
    );
  });
  await pool.close();
});
