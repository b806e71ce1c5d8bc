/** The table of optimizers the theorems run over, and a source of random tensors for them. */
import { adaBreg, linBreg, type Optimizer } from "#bregman/optim/index.js";
import { stream, type Random } from "#bregman/random.js";
import type { Regularizer } from "#bregman/regularizers/index.js";

export type Make = (options: {
  tau: number;
  delta: number;
  regularizer: Regularizer;
  weightDecay?: number;
}) => Optimizer;

/** Every optimizer of the mirror form, by name. */
export const MIRROR: readonly (readonly [string, Make])[] = [
  ["linBreg", linBreg],
  ["linBreg, momentum 0.9", (options) => linBreg({ ...options, momentum: 0.9 })],
  ["linBreg, Nesterov 0.9", (options) => linBreg({ ...options, momentum: 0.9, nesterov: true })],
  ["adaBreg", adaBreg],
  [
    "adaBreg, first moment uncorrected",
    (options) => adaBreg({ ...options, biasCorrectFirstMoment: false }),
  ],
];

/** Normal numbers, a third of them exact zeros. */
export function randomArray(random: Random, length: number, density = 2 / 3): number[] {
  return Array.from({ length }, () => (random.bernoulli(density) ? random.normal() : 0));
}

export const randomFrom = (name: string): Random => stream(2022, name);
