/**
 * The claims of docs/method.md: each with the test that checks it, what its experiment measured,
 * and its plot.
 */
import { SPECS } from "../support/regularizer-table.js";
import { MIRROR } from "../support/optimizer-table.js";
import * as convex from "./experiments/convex.js";
import { densityRun, EPOCHS, falls, METHODS, type Method } from "./experiments/density.js";
import {
  bregmanRecovery,
  penaltyRecovery,
  STEPS as RECOVERY_STEPS,
} from "./experiments/exact-recovery.js";
import { births, flowErrors } from "./experiments/flow.js";
import { invariantRun } from "./experiments/invariant.js";
import { equations, lossDecay, type Decay } from "./experiments/loss-decay.js";
import {
  network,
  networkDecay,
  networkLosses,
  trainedLosses,
} from "./experiments/network-decay.js";
import { drift } from "./experiments/no-convergence.js";
import { LAYERS, signal } from "./experiments/signal.js";
import { sumAt, sums } from "./experiments/summability.js";
import { chart, type Line } from "./support/chart.js";
import { isSampled } from "./support/descent.js";

export interface Claim {
  /** In the paper's numbering where it has one. */
  readonly claim: string;
  /** Files of test/theory, without ".test.ts". */
  readonly tests: readonly string[];
  /** Runs the experiment: what it measured, in words, and its plot. */
  readonly run: () => Promise<{ result: string; svg?: string }>;
  /** Name of the plot in docs/plots, without ".svg". */
  readonly plot?: string;
}

/** Two significant digits: what is said in the docs does not hang on the last bits. */
const short = (value: number): string => {
  const rounded = Number(value.toPrecision(2));
  return rounded !== 0 && (Math.abs(rounded) < 1e-3 || Math.abs(rounded) >= 1e5)
    ? rounded.toExponential().replace("e+", "e")
    : String(rounded);
};
const percent = (value: number): string => `${short(100 * value)} %`;

/** A curve over steps, of a long one some. Index k of the values is after k steps. */
function thinned(name: string, values: readonly number[], dash = false): Line {
  const isKept = (k: number): boolean =>
    values.length <= 200 || isSampled(k, 40) || k === values.length - 1;
  const at = values.map((_, k) => k).filter(isKept);
  return { name, x: at, y: at.map((k) => values[k]), dash };
}

const rises = (values: readonly number[]): number =>
  values.filter((value, k) => k > 0 && value > values[k - 1]).length;

async function decay() {
  const shares = [0.5, 0.9, 0.99, 1.2, 2.5];
  const runs = new Map<number, Decay>(
    shares.map((share) => [share, lossDecay(equations(), { share })]),
  );
  const run = (share: number): Decay => runs.get(share)!;
  const shown = [0.5, 0.9, 1.2, 2.5].map((share) =>
    thinned(`tau = ${share} of the bound`, run(share).losses),
  );
  return {
    result:
      `loss rises in ${run(0.5).increases} / ${run(0.9).increases} / ${run(0.99).increases} of 2000 steps at 0.5 / 0.9 / 0.99 of the bound, ` +
      `in ${run(1.2).increases} at 1.2; at 2.5 it is a million times its start after ${run(2.5).losses.length - 1} steps`,
    svg: chart(shown, {
      x: { label: "step", log: true },
      y: { label: "loss", log: true, domain: [0.01, 1000] },
    }),
  };
}

async function networks() {
  const [net, kinked] = [network("tanh"), network("relu")];
  const [below, above] = [networkDecay(net, 0.15), networkDecay(net, 0.3)];
  const trained = await trainedLosses(0.15);
  const apart = Math.max(...trained.map((loss, k) => Math.abs(loss - below.losses[k])));
  const relu = networkLosses(kinked, 0.1);
  return {
    result:
      `tanh: ${below.increases} rises of ${below.losses.length - 1} at ${short(below.share)} of the bound, ${above.increases} at ${short(above.share)}; ` +
      `the library's float32 losses are within ${short(apart)} of these; ReLU: ${rises(networkLosses(kinked, 0.02))} rises at tau 0.02, ${rises(relu)} at 0.1`,
    svg: chart(
      [
        thinned(`tanh, tau = ${short(below.share)} of the bound`, below.losses),
        thinned(`tanh, tau = ${short(above.share)} of the bound`, above.losses),
        thinned("ReLU, tau 0.1: no bound", relu, true),
      ],
      { x: { label: "step" }, y: { label: "loss", log: true } },
    ),
  };
}

async function summability() {
  const [falling, constant] = [sums(0.6), sums(0)];
  const growth = (run: typeof falling, key: "moved" | "symmetric"): string =>
    (sumAt(run.steps, run[key], 8000) / sumAt(run.steps, run[key], 1000)).toFixed(3);
  return {
    result:
      `from 1000 to 8000 steps the sums of |dtheta|^2 and D^sym grow ${growth(falling, "moved")} and ${growth(falling, "symmetric")} times ` +
      `with tau ~ k^-0.6, ${growth(constant, "moved")} and ${growth(constant, "symmetric")} times with constant tau`,
    svg: chart(
      [
        { name: "sum of |dtheta|^2, constant tau", x: constant.steps, y: constant.moved },
        {
          name: "sum of D^sym, constant tau",
          x: constant.steps,
          y: constant.symmetric,
          dash: true,
        },
        { name: "sum of |dtheta|^2, tau ~ k^-0.6", x: falling.steps, y: falling.moved },
        { name: "sum of D^sym, tau ~ k^-0.6", x: falling.steps, y: falling.symmetric, dash: true },
      ],
      {
        x: { label: "step", log: true },
        y: { label: "partial sum", log: true },
        legend: "top-left",
      },
    ),
  };
}

async function norm() {
  const exact = convex.exactPath(0.99 / 18, 1500);
  const paths = (["constant 0.05", "0.055 / (k+1)^2", "0.055 / (k+1)^0.6"] as const).map(
    (schedule) => [schedule, convex.noisyPath(schedule)] as const,
  );
  const [constant, stopped, falling] = paths.map(([, path]) => path);
  return {
    result:
      `without noise the Bregman distance rises in ${exact.distances.filter((d, k) => k > 0 && d > exact.distances[k - 1] * (1 + 1e-12) + 1e-30).length} of 1500 steps, ` +
      `|theta - theta*|^2 ends at ${exact.errors.at(-1)! < 1e-25 ? "less than 1e-25" : short(exact.errors.at(-1)!)}; with noise after 10,000 steps: ` +
      `${short(falling.errors.at(-1)!)} for tau ~ k^-0.6, ${short(convex.meanBetween(constant.steps, constant.errors, 1500, 1e4))} constant, ${short(stopped.errors.at(-1)!)} for summable tau`,
    svg: chart(
      [
        ...paths.map(([schedule, { steps, errors }]) => ({
          name: `tau = ${schedule}`,
          x: steps,
          y: errors,
        })),
        thinned("no noise, constant 0.055", [Infinity, ...exact.errors], true),
      ],
      {
        x: { label: "step", log: true },
        y: { label: "E |theta - theta*|^2", log: true, domain: [1e-8, 100] },
        legend: "bottom-left",
      },
    ),
  };
}

async function rate() {
  const schedules = ["constant 0.05", "constant 0.02", "constant 0.01", "2 / (k+20)"] as const;
  const paths = schedules.map((schedule) => [schedule, convex.noisyPath(schedule)] as const);
  const tails = paths
    .slice(0, 3)
    .map(([, path]) => short(convex.meanBetween(path.steps, path.distances, 2000, 1e4)));
  const { steps, distances } = paths[3][1];
  return {
    result:
      `constant tau = 0.05 / 0.02 / 0.01: mean distance ends at ${tails.join(" / ")}; ` +
      `tau = 2 / (k + 20): slope ${convex.slope(steps, distances, 500, 1e4).toFixed(2)} in the log-log plot`,
    svg: chart(
      [
        ...paths.map(([schedule, path]) => ({
          name: `tau = ${schedule}`,
          x: path.steps,
          y: path.distances,
        })),
        { name: "0.01 / k", x: [100, 10_000], y: [1e-4, 1e-6], dash: true },
      ],
      {
        x: { label: "step", log: true },
        y: { label: "E D(theta*, theta)", log: true, domain: [1e-7, 100] },
        legend: "bottom-left",
      },
    ),
  };
}

async function example() {
  const { theta, v } = drift(-1, 1000);
  return {
    result: `theta is ${short(theta.at(-1)!)} after 1000 steps, v is ${v.at(-1)!.toFixed(0)}`,
    svg: chart(
      [thinned("theta", [1, ...theta].slice(0, 60)), thinned("v", [1, ...v].slice(0, 60))],
      {
        x: { label: "step" },
        y: { label: "theta, v" },
        legend: "bottom-left",
        rules: [0],
      },
    ),
  };
}

async function recovery() {
  const deltas = [0.1, 1, 10, 100];
  const runs = deltas.map((delta) => bregmanRecovery(delta));
  const penalty = penaltyRecovery(0.05);
  const ends = runs.map(({ errors }) =>
    errors.at(-1)! < 1e-12 ? "less than 1e-12" : short(errors.at(-1)!),
  );
  return {
    result:
      `relative error after ${RECOVERY_STEPS.toLocaleString("en")} steps: ${deltas.map((delta, k) => `delta ${delta}: ${ends[k]}`).join(", ")}; ` +
      `most weights alive on the way: ${runs.map(({ most }) => most).join(", ")}; ISTA with lambda 0.05 keeps ${percent(penalty.errors.at(-1)!)}`,
    svg: chart(
      [
        ...runs.map(({ steps, errors }, k) => ({
          name: `LinBreg, delta ${deltas[k]}`,
          x: steps,
          y: errors,
        })),
        { name: "ISTA, lambda 0.05", x: penalty.steps, y: penalty.errors, dash: true },
      ],
      {
        x: { label: "step", log: true },
        y: { label: "|theta - truth| / |truth|", log: true, domain: [1e-12, 10] },
        legend: "bottom-left",
      },
    ),
  };
}

async function density() {
  const methods = Object.keys(METHODS) as Method[];
  const runs: (readonly [Method, readonly number[]])[] = [];
  for (const method of methods) runs.push([method, (await densityRun(method)).densities]);
  const told = runs.slice(0, 3).map(([method, densities]) => {
    const { count, most } = falls(densities);
    return `${method} in ${count}${count > 0 ? ` (by at most ${short(100 * most)} points)` : ""}, ends at ${percent(densities.at(-1)!)}`;
  });
  return {
    result: `epochs of ${EPOCHS} in which the density falls: ${told.join("; ")}; SGD is at ${percent(runs[3][1][1])} after one epoch`,
    svg: chart(
      runs.map(([method, densities]) => ({
        name: method,
        x: densities.map((_, epoch) => epoch),
        y: densities.map((value) => 100 * value),
      })),
      {
        x: { label: "epoch" },
        y: { label: "density, %", log: true, domain: [1, 110] },
        legend: "bottom-right",
      },
    ),
  };
}

async function invariant() {
  const worst = (FloatArray: typeof Float32Array | typeof Float64Array): number =>
    Math.max(
      ...MIRROR.flatMap((optimizer) =>
        SPECS.flatMap((spec) =>
          [0.5, 1, 3].map((delta) => invariantRun(optimizer, spec, { delta, FloatArray }).error),
        ),
      ),
    );
  const { times, v } = births(20, 2e-3, 2.5);
  // The figures end in other digits on other machines (libm): a power of ten is what can be
  // promised.
  const below = (value: number): string => `1e${Math.ceil(Math.log10(value))}`;
  return {
    result: `every optimizer with every regularizer, 25 steps: v - theta / delta is within ${below(worst(Float64Array))} of dJ(theta) in float64, ${below(worst(Float32Array))} in float32`,
    svg: chart(
      v.map((values, i) => ({ name: `weight ${i + 1}`, x: times, y: values })),
      {
        x: { label: "time (tau x steps)" },
        y: { label: "dual variable v", domain: [-1.2, 2.8] },
        rules: [-1, 1],
      },
    ),
  };
}

async function flow() {
  const [plain, inertial] = [0, 0.4].map((gamma) => flowErrors(gamma));
  const line = (name: string, errors: typeof plain): Line => ({
    name,
    x: errors.map(({ tau }) => tau),
    y: errors.map(({ error }) => error),
  });
  const ratios = [plain, inertial].map((errors) =>
    (errors.at(-2)!.error / errors.at(-1)!.error).toFixed(2),
  );
  return {
    result: `half the step divides the distance to the flow by ${ratios.join(" (LinBreg) and ")} (momentum)`,
    svg: chart([line("LinBreg", plain), line("momentum, gamma 0.4", inertial)], {
      x: { label: "tau", log: true },
      y: { label: "|v - flow| at time 2", log: true },
      legend: "top-left",
      dots: true,
    }),
  };
}

async function scaleSpace() {
  const { times, theta, born } = births(100, 1e-3, 2.5);
  return {
    result: `weights 2, -1.4, 1, 0.7, -0.5 with lambda = 1 are born at ${born
      .slice(0, 5)
      .map((time) => time.toFixed(2))
      .join(", ")}; 0.05 is not yet`,
    svg: chart(
      theta.map((values, i) => ({ name: `weight ${i + 1}`, x: times, y: values })),
      { x: { label: "time (tau x steps)" }, y: { label: "theta", domain: [-2, 5.2] } },
    ),
  };
}

async function variance() {
  const densities = [0.03, 0.1, 1];
  const kept = densities.map((r) => signal(r));
  const lost = signal(0.1, 0.1);
  const layers = Array.from({ length: LAYERS }, (_, k) => k + 1);
  const halves = (sizes: readonly number[]): number[] => sizes.map((size) => size / 2);
  return {
    result:
      `after ${LAYERS} layers the signal is ${kept.map((sizes) => short(halves(sizes).at(-1)!)).join(" / ")} of its size at density ${densities.join(" / ")}; ` +
      `without the factor 1 / r, at 0.1, ${short(halves(lost).at(-1)!)}`,
    svg: chart(
      [
        ...densities.map((r, k) => ({ name: `density ${r}`, x: layers, y: halves(kept[k]) })),
        { name: "density 0.1 without the factor 1 / r", x: layers, y: halves(lost), dash: true },
      ],
      {
        x: { label: "layer" },
        y: { label: "mean square / expected", log: true, domain: [1e-8, 10] },
        legend: "bottom-left",
      },
    ),
  };
}

const said = (result: string) => async () => ({ result });

export const CLAIMS: readonly Claim[] = [
  { claim: "Loss decay, theorem 2", tests: ["loss-decay"], plot: "loss-decay", run: decay },
  {
    claim: "Loss decay of networks",
    tests: ["network-decay"],
    plot: "network-decay",
    run: networks,
  },
  {
    claim: "Summability, corollary 3",
    tests: ["summability"],
    plot: "summability",
    run: summability,
  },
  {
    claim: "Convergence of iterates, theorem 6",
    tests: ["norm-convergence"],
    plot: "norm-convergence",
    run: norm,
  },
  {
    claim: "Convergence of Bregman distances, theorem 11, corollary 12, lemma 13",
    tests: ["bregman-convergence"],
    plot: "bregman-convergence",
    run: rate,
  },
  {
    claim: "No convergence, example 1",
    tests: ["no-convergence"],
    plot: "no-convergence",
    run: example,
  },
  {
    claim: "No bias, exact l1 recovery",
    tests: ["exact-recovery"],
    plot: "exact-recovery",
    run: recovery,
  },
  {
    claim: "Density grows (observed)",
    tests: ["density-growth"],
    plot: "density-growth",
    run: density,
  },
  {
    claim: "Subgradient invariant",
    tests: ["subgradient-invariant"],
    plot: "dual-variable",
    run: invariant,
  },
  {
    claim: "J = 0 is SGD and Adam",
    tests: ["no-regularizer"],
    run: said("bit for bit, 40 steps, in float64 and float32"),
  },
  {
    claim: "delta is a scale",
    tests: ["delta-scaling"],
    run: said(
      "50 steps of a non-convex loss: not a bit differs for delta 2 and 1/4, less than 1e-9 for delta 3",
    ),
  },
  {
    claim: "Prox: optimality, Moreau, firm non-expansiveness",
    tests: ["prox"],
    run: said("every regularizer, random tensors: optimality to 1e-11, the others to 1e-12"),
  },
  {
    claim: "Limit of small steps, momentum as inertia",
    tests: ["flow-limit"],
    plot: "flow-limit",
    run: flow,
  },
  { claim: "Inverse scale space", tests: ["flow-limit"], plot: "births", run: scaleSpace },
  {
    claim: "Variance of sparse starts",
    tests: ["initial-variance"],
    plot: "signal",
    run: variance,
  },
];
