/**
 * Reads the trajectories of test/fixtures/optimizers.json, and says what the authors' names mean
 * here.
 */
import { readFileSync } from "node:fs";
import {
  groupLasso,
  l1,
  none,
  nonNegativeL1,
  sparseGroupLasso,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import { adaBreg, linBreg, proxSgd, type Optimizer } from "#bregman/optim/index.js";

export interface ReferenceCase {
  readonly optimizer: "LinBreg" | "AdaBreg" | "ProxSGD";
  readonly hyper: {
    readonly lr: number;
    readonly delta?: number;
    readonly momentum?: number;
    readonly betas?: readonly [number, number];
    readonly eps?: number;
  };
  readonly regularizer: string;
  readonly lamda: number;
  readonly dtype: "float32" | "float64";
  readonly input: "4x3" | "conv2x3x3x3" | "quadratic";
  /** Numbers of the steps (from 1) that theta, v and reg_value hold; all ten if absent. */
  readonly steps?: readonly number[];
  readonly theta: readonly (readonly number[])[];
  readonly v0?: readonly number[];
  readonly v?: readonly (readonly number[])[];
  readonly reg_value?: readonly number[];
  readonly loss_before_step?: readonly number[];
}

interface Fixtures {
  readonly inputs: Readonly<
    Record<string, { shape: number[]; theta0: number[]; grads: number[][] }>
  >;
  readonly quadratic: {
    readonly A_shape: number[];
    readonly A: number[];
    readonly B_shape: number[];
    readonly B: number[];
  };
  readonly cases: readonly ReferenceCase[];
}

export const fixtures = JSON.parse(
  readFileSync("test/fixtures/optimizers.json", "utf8"),
) as Fixtures;

/** The regularizer of that name and strength. */
export function referenceRegularizer(name: string, lamda: number): Regularizer {
  switch (name) {
    case "none":
      return none();
    case "l1":
      return l1(lamda);
    case "l1_pos":
      return nonNegativeL1(lamda);
    case "l1_l2_rows":
      return groupLasso({ lambda: lamda, groups: "rows" });
    case "l1_l2_conv":
      return groupLasso({ lambda: lamda, groups: "kernels" });
    case "l1_l1_l2_rows":
      // That code applies lamda twice, both parts with weight lamda^2, and knows no lambda0.
      return sparseGroupLasso({ lambda: 2 * lamda ** 2, lambda0: 0.5, groups: "rows" });
    default:
      throw new Error(`unknown regularizer ${name} in the fixtures`);
  }
}

/** The optimizer of a case. */
export function referenceOptimizer({
  optimizer,
  hyper,
  regularizer,
  lamda,
}: ReferenceCase): Optimizer {
  const J = referenceRegularizer(regularizer, lamda);
  const { lr: tau, delta = 1, momentum = 0 } = hyper;
  switch (optimizer) {
    case "LinBreg":
      return linBreg({ tau, delta, momentum, regularizer: J });
    case "AdaBreg":
      return adaBreg({
        tau,
        delta,
        beta1: hyper.betas![0],
        beta2: hyper.betas![1],
        eps: hyper.eps!,
        regularizer: J,
      });
    case "ProxSGD":
      return proxSgd({ tau, regularizer: J });
  }
}

/** theta0, shape and the gradient of each step: given, or that of 0.5 |A theta - B|^2. */
export function referenceProblem({ input }: ReferenceCase): {
  shape: Shape;
  theta0: readonly number[];
  gradient(theta: ArrayLike<number>, step: number): number[];
  loss?(theta: ArrayLike<number>): number;
} {
  if (input !== "quadratic") {
    const { shape, theta0, grads } = fixtures.inputs[input];
    return { shape, theta0, gradient: (_, step) => grads[step] };
  }
  const { A_shape, A, B } = fixtures.quadratic;
  const { shape, theta0 } = fixtures.inputs["4x3"];
  const [m, n] = A_shape;
  const k = shape[1];
  const residual = (theta: ArrayLike<number>): number[] =>
    B.map((b, at) => {
      const [i, j] = [Math.floor(at / k), at % k];
      let sum = -b;
      for (let l = 0; l < n; l++) sum += A[i * n + l] * theta[l * k + j];
      return sum;
    });
  return {
    shape,
    theta0,
    gradient(theta) {
      const r = residual(theta);
      return Array.from({ length: n * k }, (_, at) => {
        const [l, j] = [Math.floor(at / k), at % k];
        let sum = 0;
        for (let i = 0; i < m; i++) sum += A[i * n + l] * r[i * k + j];
        return sum;
      });
    },
    loss: (theta) => residual(theta).reduce((sum, r) => sum + (r * r) / 2, 0),
  };
}
