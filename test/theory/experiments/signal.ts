/**
 * The variance rule's purpose: a signal keeps its size through layers of sparse weights and ReLUs.
 */
import { sparseInit } from "#bregman/init/sparse-init.js";
import { stream } from "#bregman/random.js";
import { square, times } from "../support/problems.js";

const WIDTH = 200;

export const LAYERS = 8;

/**
 * Mean square of the values before the ReLU of each layer, over that of the input, mean over draws;
 * density r. With He's alpha = 2 / n_in it is 2 in expectation: a ReLU leaves half of it, and the
 * input has seen none.
 */
export function signal(density: number, varianceFactor = 1, draws = 30): number[] {
  const random = stream(2022, "signal");
  const sizes = Array.from({ length: LAYERS }, () => 0);
  const W = new Float64Array(WIDTH * WIDTH);
  for (let draw = 0; draw < draws; draw++) {
    let x = Float64Array.from({ length: WIDTH }, () => random.normal());
    const first = square(x);
    for (let layer = 0; layer < LAYERS; layer++) {
      sparseInit(W, [WIDTH, WIDTH], { density, varianceFactor, atLeast: 0, random });
      const y = times(W, x);
      sizes[layer] += square(y) / first / draws;
      x = y.map((value) => Math.max(value, 0));
    }
  }
  return sizes;
}
