/** The epoch of each birth: against the weights themselves, epoch by epoch, and through a stop. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { linBreg, proxSgd, type Optimizer } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import {
  birthsOf,
  birthTensors,
  createBirthCounter,
  type BirthCounter,
} from "#bregman/measure/births.js";
import { newestCheckpoint } from "#bregman/runs/checkpoint.js";
import { fit } from "#bregman/runs/fit.js";
import type { Trainer } from "#bregman/engine/trainer.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { signalAt } from "../support/signal-at.js";

const random = stream(8, "births");
const labels = Uint8Array.from({ length: 120 }, (_, k) => k % 4);
const inputs = Float32Array.from(
  { length: 120 * 12 },
  (_, k) => random.normal() + (k % 12 === k % 4 ? 2 : 0),
);
const data = fromArrays({ shape: [12], train: { inputs, labels } });
const model = mlp([12, 10, 4]);
const optionsOf = (weights: Optimizer): FitOptions => ({
  optimizer: { weights, biases: linBreg({ tau: 0.1 }) },
  init: { weights: { density: 0.2 } },
  epochs: 6,
  batchSize: 20,
  threads: 1,
});
const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-births-"));
const names = ["linear1.weight", "linear2.weight"];

describe.each([
  ["linBreg", optionsOf(linBreg({ tau: 0.1, regularizer: l1(0.05) }))],
  [
    "proxSgd, where many die and come back",
    optionsOf(proxSgd({ tau: 0.3, regularizer: l1(0.03) })),
  ],
])("%s", (_, options) => {
  test("is that of the weights' last change from zero, and the counts are those of each layer", async () => {
    const seen: Map<string, Float32Array>[] = [];
    const births: Map<string, Uint16Array>[] = [];
    let counter: BirthCounter | undefined;
    const { epochs } = await fit(model, data, {
      ...options,
      observe(epoch, trainer) {
        expect(epoch).toBe(seen.length);
        seen.push(new Map(names.map((name) => [name, trainer.theta(name)])));
        counter ??= createBirthCounter(trainer as Trainer);
        counter.look(epoch);
        births.push(new Map([...counter.state()].map(([name, values]) => [name, values.slice()])));
      },
    });
    let changes = 0;
    names.forEach((name, layer) => {
      const size = seen[0].get(name)!.length;
      const expected = new Uint16Array(size);
      seen.forEach((thetas, epoch) => {
        const theta = thetas.get(name)!;
        let [born, died] = [0, 0];
        for (let k = 0; k < size; k++) {
          if (theta[k] === 0) {
            if (expected[k] !== 0) died++;
            expected[k] = 0;
          } else if (expected[k] === 0) {
            expected[k] = epoch + 1;
            born++;
          }
        }
        expect(births[epoch].get(name)).toEqual(expected);
        const line = epochs[epoch].layers[layer];
        expect([line.births, line.deaths]).toEqual(epoch === 0 ? [0, 0] : [born, died]);
        changes += epoch && born + died;
      });
    });
    expect(changes).toBeGreaterThan(20);
    expect(epochs.reduce((sum, line) => sum + line.births + line.deaths, 0)).toBe(changes);
  });

  test("is the same after a stop in the middle of an epoch", async () => {
    const kept = (folder: string) => birthsOf(newestCheckpoint(folder).checkpoint!.tensors);
    const [folder, other] = [newFolder(), newFolder()];
    await fit(model, data, { ...options, checkpoint: { folder } });
    const signal = signalAt(18);
    const checkpoint = { folder: other, resume: true };
    const { interrupted } = await fit(model, data, { ...options, signal, checkpoint });
    expect(interrupted).toBe(true);
    await fit(model, data, { ...options, checkpoint });
    const whole = kept(folder);
    expect(kept(other)).toEqual(whole);
    expect(new Set([...whole.values()].flatMap((values) => [...values])).size).toBeGreaterThan(3);
  });
});

test("checkpoints keep them; of earlier versions they say where a weight is only", () => {
  const births = new Map([["linear1.weight", Uint16Array.of(0, 1, 65535)]]);
  expect(birthsOf(new Map(birthTensors(births)))).toEqual(births);
  const old = new Map([
    ["theta/linear1.weight", { shape: [2], data: Float32Array.of(0, 2) }],
    ["born/linear1.weight", { shape: [2], data: Uint8Array.of(0, 1) }],
  ]);
  expect(birthsOf(old)).toEqual(new Map([["linear1.weight", Uint16Array.of(0, 1)]]));
});
