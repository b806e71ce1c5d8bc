/**
 * How the density of a network moves while it learns, by the library's own training loop: LinBreg
 * and AdaBreg add weights, ProxSGD adds and removes them, SGD has them all after the first step.
 * Observed, not a theorem.
 */
import {
  adaBreg,
  fit,
  fromArrays,
  l1,
  linBreg,
  mlp,
  proxSgd,
  sgd,
  stream,
  type Optimizer,
} from "../../support/bregman.js";

export const METHODS = {
  LinBreg: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
  AdaBreg: adaBreg({ tau: 0.002, regularizer: l1(0.15) }),
  ProxSGD: proxSgd({ tau: 0.1, regularizer: l1(0.003) }),
  SGD: sgd({ tau: 0.1 }),
} as const satisfies Record<string, Optimizer>;

export type Method = keyof typeof METHODS;

export const EPOCHS = 40;

/**
 * Four classes of points in 40 dimensions, 10 of which matter; the classes overlap, so that the
 * loss stays noisy.
 */
function points() {
  const random = stream(2022, "density");
  const count = 800;
  const labels = Uint8Array.from({ length: count }, (_, k) => k % 4);
  const centres = Array.from({ length: 4 }, () =>
    Float32Array.from({ length: 10 }, () => random.normal()),
  );
  const inputs = Float32Array.from({ length: count * 40 }, (_, at) => {
    const [k, i] = [Math.floor(at / 40), at % 40];
    return random.normal() + (i < 10 ? centres[labels[k]][i] : 0);
  });
  return fromArrays({ shape: [40], train: { inputs, labels } });
}

export interface DensityRun {
  /** Before training and after each epoch. */
  readonly densities: readonly number[];
  /** Mean training loss of each epoch. */
  readonly losses: readonly number[];
}

/**
 * A network 40-48-4 from 2 % of its weights. The wasm backend on one thread gives the same bits
 * everywhere.
 */
export async function densityRun(method: Method): Promise<DensityRun> {
  const weights = METHODS[method];
  const { epochs } = await fit(mlp([40, 48, 4]), points(), {
    optimizer: { weights, biases: sgd({ tau: 0.1 }) },
    init: { weights: { density: 0.02, atLeast: 0 } },
    batchSize: 32,
    epochs: EPOCHS,
    seed: 1,
    backend: "wasm",
    threads: 1,
  });
  return {
    densities: epochs.map(({ density }) => density),
    losses: epochs.flatMap(({ trainLoss }) => trainLoss ?? []),
  };
}

/** How often, and by how much at most, a curve falls. */
export function falls(values: readonly number[]): { count: number; most: number } {
  const drops = values.slice(1).map((value, i) => values[i] - value);
  return { count: drops.filter((drop) => drop > 0).length, most: Math.max(0, ...drops) };
}
