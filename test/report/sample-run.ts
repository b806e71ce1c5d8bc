/** A made-up run folder for the tests of the report. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { weightGrid } from "#bregman/report/pictures.js";
import type { EpochMetrics, FinalMetrics } from "#bregman/measure/events.js";

/** The line of an epoch of a run that learns. */
export function sampleEpoch(epoch: number): EpochMetrics {
  const nonZeros = 20 + 5 * epoch;
  const layer = {
    name: "linear1",
    shape: [10, 16],
    weights: 160,
    units: 10,
    activeUnits: 8,
    kernel: "sparse" as const,
  };
  const second = {
    name: "linear2",
    shape: [4, 10],
    weights: 40,
    units: 4,
    activeUnits: 4,
    kernel: "dense" as const,
  };
  return {
    epoch,
    ...(epoch > 0 && { trainLoss: 1 / epoch, trainAccuracy: 1 - 0.3 / epoch }),
    validLoss: 1.2 / (epoch + 1),
    validAccuracy: epoch === 0 ? 0.1 : 1 - 0.4 / epoch,
    density: (nonZeros + 20) / 200,
    layers: [
      { ...layer, nonZeros, density: nonZeros / 160 },
      { ...second, nonZeros: 20, density: 0.5 },
    ],
    tau: epoch < 3 ? 0.1 : 0.05,
    births: epoch && 7,
    deaths: epoch && 2,
    regularizer: 3,
    seconds: epoch * 1.5,
  };
}

export const sampleFinal: FinalMetrics = {
  testLoss: 0.31,
  testAccuracy: 0.9127,
  validAccuracy: 0.9,
  trainAccuracy: 0.95,
  density: 0.3,
  linearDensity: 0.3,
  nodeDensity: [0.8, 1],
  flopDensity: 0.3,
  saved: {
    steps: 1000,
    frozenSteps: 900,
    births: 28,
    deaths: 8,
    trainingFlops: 1.2e9,
    trainingFlopDensity: 0.4,
    stepSeconds: 0.005,
    denseStepSeconds: 0.0125,
  },
  seconds: 6.25,
  bytes: { dense: 856, sparse: 512, compressed: 300 },
};

export interface SampleOptions {
  epochs?: number;
  recipe?: object;
  result?: object | false;
  pictures?: boolean;
}

/** Writes a run folder and returns its path. */
export function sampleRun({
  epochs = 4,
  recipe = {},
  result = {},
  pictures = true,
}: SampleOptions = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "bregman-run-"));
  const lines = Array.from(
    { length: epochs + 1 },
    (_, epoch) => `${JSON.stringify(sampleEpoch(epoch))}\n`,
  );
  writeFileSync(
    join(folder, "recipe.json"),
    JSON.stringify({ name: "sample", epochs: 4, seed: 1, ...recipe }),
  );
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""));
  if (result !== false) {
    const facts = {
      command: "bregman train sample",
      backend: "wasm",
      isa: "simd128",
      threads: 2,
      commit: "0123456789abcdef",
    };
    writeFileSync(
      join(folder, "result.json"),
      JSON.stringify({ ...facts, final: sampleFinal, ...result }),
    );
  }
  if (pictures) {
    mkdirSync(join(folder, "pictures"));
    for (let epoch = 0; epoch <= epochs; epoch++) {
      const png = weightGrid(new Float32Array(160).fill(epoch, 0, 20), 10, [4, 4]);
      writeFileSync(join(folder, "pictures", `epoch-00${epoch}.png`), png);
    }
  }
  return folder;
}
