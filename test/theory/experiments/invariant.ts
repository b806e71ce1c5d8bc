/**
 * How far v - theta / delta is from dJ(theta), at the start and after every step of a run with
 * random gradients.
 */
import type { Shape } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom, type Make } from "../../support/optimizer-table.js";
import { dimensionsOf, inDomain, type Spec } from "../../support/regularizer-table.js";

/** 12 weights, of a matrix or of a convolution. */
export const shapeFor = (spec: Spec): Shape => (dimensionsOf(spec) > 2 ? [2, 2, 1, 3] : [4, 3]);

export interface InvariantRun {
  /** The largest distance, over start and steps. */
  readonly error: number;
  /** Weights that became non-zero. */
  readonly born: number;
}

export function invariantRun(
  [optimizerName, make]: readonly [string, Make],
  spec: Spec,
  { delta, FloatArray }: { delta: number; FloatArray: typeof Float64Array | typeof Float32Array },
): InvariantRun {
  const shape = shapeFor(spec);
  const random = randomFrom(`${optimizerName}, ${spec.name}`);
  const optimizer = make({ tau: 0.3, delta, regularizer: spec.make(1) });
  const start = randomArray(random, 12);
  const theta = FloatArray.from(inDomain(spec, start));
  // A zero row and a zero column, and a steady part in the gradient, so that groups are born on the
  // way.
  theta.fill(0, 3, 6);
  for (const i of [1, 4, 7, 10]) theta[i] = 0;
  const drift = inDomain(spec, randomArray(random, 12, 1));
  const state = optimizer.init(theta, shape);
  const errorNow = (): number => {
    const p = Array.from(state.v, (value, i) => value - theta[i] / delta);
    return spec.error(p, [...theta], shape);
  };
  let [error, born] = [errorNow(), 0];
  for (let k = 0; k < 25; k++) {
    const before = [...theta];
    const noise = randomArray(random, 12);
    const g = FloatArray.from(drift.map((steady, i) => noise[i] - steady));
    optimizer.step(state, theta, g, shape);
    error = Math.max(error, errorNow());
    born += before.filter((value, i) => value === 0 && theta[i] !== 0).length;
  }
  return { error, born };
}
