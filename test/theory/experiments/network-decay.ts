/**
 * Loss decay of small networks, all of whose parameters are under l1: float64, gradients of the
 * reference network.
 *
 * L is not known here. It is measured: the largest curvature (norm of the Hessian) at the points of
 * the run itself. For tanh the loss is smooth, and theorem 2 needs no other L than that of the
 * points passed; at a kink of ReLU there is none.
 */
import {
  fit,
  fromArrays,
  linear,
  relu,
  sequential,
  stream,
  tanh,
  type Model,
} from "../../support/bregman.js";
import { initialParameters } from "#bregman/engine/initial.js";
import { linBreg } from "#bregman/optim/index.js";
import { l1, type Floats } from "#bregman/regularizers/index.js";
import { backward, type Batch } from "../../reference/network.js";
import { descend } from "../support/descent.js";
import { largestEigenvalue, minus, type Problem } from "../support/problems.js";
import { lossDecay, type Decay } from "./loss-decay.js";

export const LAMBDA = 0.02;
export const STEPS = 120;
const SEED = 1;

export interface Network {
  readonly problem: Problem;
  /** A dense draw: where the run starts. */
  readonly start: Float64Array;
}

/** 24 samples of y = sin(2 x_0) + x_1 x_0 / 2, for a network 2-6-1. */
export function task(): Batch {
  const random = stream(2022, "network decay");
  const inputs = Float64Array.from({ length: 48 }, () => 4 * random.uniform() - 2);
  const targets = Float64Array.from({ length: 24 }, (_, k) => {
    const [a, b] = inputs.subarray(2 * k, 2 * k + 2);
    return Math.sin(2 * a) + (a * b) / 2;
  });
  return { inputs, targets, count: 24 };
}

export const model = (activation: "tanh" | "relu"): Model =>
  sequential([2], [linear(6), activation === "tanh" ? tanh() : relu(), linear(1)]);

/** The network's loss as a function of one flat vector. */
export function network(activation: "tanh" | "relu"): Network {
  const net = model(activation);
  const batch = task();
  const drawn = initialParameters(net, stream(SEED, "init"));
  const start = Float64Array.from([...drawn.values()].flatMap((values) => [...values]));
  const parametersOf = (theta: Floats): Map<string, Float64Array> => {
    let from = 0;
    return new Map(
      [...drawn].map(([name, { length }]) => [
        name,
        Float64Array.from(theta.subarray(from, (from += length))),
      ]),
    );
  };
  const loss = (theta: Floats): number => backward(net, parametersOf(theta), batch).loss;
  const gradient = (theta: Floats): Float64Array => {
    const { gradients } = backward(net, parametersOf(theta), batch);
    return Float64Array.from([...drawn.keys()].flatMap((name) => [...gradients.get(name)!]));
  };
  // NaN: it is measured for each run.
  return { problem: { n: start.length, lipschitz: Number.NaN, loss, gradient }, start };
}

/**
 * The largest norm of the Hessian at the start, and in the middle and at the end of each step of a
 * run.
 */
function curvatureAlong({ problem, start }: Network, tau: number, steps: number): number {
  let most = curvature(problem, start);
  descend(linBreg({ tau, regularizer: l1(LAMBDA) }), problem, {
    steps,
    start,
    onStep({ before, after: { theta } }) {
      const middle = theta.map((value, i) => (value + before.theta[i]) / 2);
      most = Math.max(most, curvature(problem, middle), curvature(problem, theta));
    },
  });
  return most;
}

/** Norm of the Hessian at a point, its products by differences of gradients. */
function curvature(problem: Problem, theta: Float64Array): number {
  const h = 1e-5;
  const shifted = (x: Float64Array, by: number): Float64Array =>
    theta.map((value, i) => value + by * x[i]);
  const apply = (x: Float64Array): Float64Array =>
    minus(problem.gradient(shifted(x, h)), problem.gradient(shifted(x, -h))).map(
      (value) => value / (2 * h),
    );
  return largestEigenvalue(apply, problem.n, 10);
}

export interface NetworkDecay extends Decay {
  /** tau over its bound 2 / (delta L), with the L of the points passed. */
  readonly share: number;
}

/** LinBreg on the network, checked against the bound of its own path. */
export function networkDecay(net: Network, tau: number, steps = STEPS): NetworkDecay {
  const problem = { ...net.problem, lipschitz: curvatureAlong(net, tau, steps) };
  const share = (tau * problem.lipschitz) / 2;
  return {
    ...lossDecay(problem, { share, lambda: LAMBDA, steps, start: net.start, most: 100 }),
    share,
  };
}

/** The losses alone, of a network that has no L. */
export function networkLosses({ problem, start }: Network, tau: number, steps = STEPS): number[] {
  const losses = [problem.loss(start)];
  descend(linBreg({ tau, regularizer: l1(LAMBDA) }), problem, {
    steps,
    start,
    onStep: ({ after }) => void losses.push(problem.loss(after.theta)),
  });
  return losses;
}

/**
 * The same run by the library's training loop, in float32 on sparse weights: the loss before each
 * step.
 */
export async function trainedLosses(tau: number, steps = STEPS): Promise<number[]> {
  const { inputs, targets, count } = task();
  const optimizer = linBreg({ tau, regularizer: l1(LAMBDA) });
  const data = fromArrays({
    shape: [2],
    train: { inputs: Float32Array.from(inputs), targets: Float32Array.from(targets!) },
  });
  const { epochs } = await fit(model("tanh"), data, {
    loss: "meanSquaredError",
    optimizer: { weights: optimizer, biases: optimizer },
    epochs: steps,
    batchSize: count,
    seed: SEED,
    backend: "wasm",
    threads: 1,
  });
  return epochs.flatMap(({ trainLoss }) => trainLoss ?? []);
}
