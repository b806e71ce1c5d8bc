/**
 * The slow, obvious twins of the regularizers: each written from the definition, in a way that shares nothing with src.
 *
 * Groups are found by the index of every element, proxes as minimisers among candidates, as residuals of projections,
 * or (sparse group lasso) by Dykstra's alternating proxes, which converge to the prox of a sum in any order of its parts.
 */
import { mapNaive, naiveSingular } from "./naive-svd.js";
import type { Groups } from "#bregman/regularizers/groups.js";
import type { Shape } from "#bregman/regularizers/regularizer.js";

/** What a regularizer is made of: enough to build it, or its twin. */
export interface Spec {
  readonly kind:
    | "none"
    | "l1"
    | "nonNegativeL1"
    | "groupLasso"
    | "sparseGroupLasso"
    | "elasticNet"
    | "box"
    | "lInfinity"
    | "nuclear";
  readonly lambda: number;
  /** Of the elastic net. */
  readonly mu?: number;
  /** Of the box. */
  readonly bounds?: readonly [lower: number, upper: number];
  readonly lambda0?: number;
  readonly groups?: Groups;
}

/** The indices of each group's elements. */
export function naiveGroups(groups: Groups, shape: Shape): number[][] {
  const rest = shape.slice(1).reduce((a, b) => a * b, 1);
  const taps = shape.slice(2).reduce((a, b) => a * b, 1);
  const found = new Map<number, number[]>();
  for (let i = 0; i < shape[0] * rest; i++) {
    const [output, input] = [Math.floor(i / rest), Math.floor((i % rest) / taps)];
    const key = { rows: output, filters: output, columns: input, channels: input, kernels: Math.floor(i / taps) }[
      groups
    ];
    found.set(key, [...(found.get(key) ?? []), i]);
  }
  return [...found.values()];
}

export const norm = (x: readonly number[]): number => Math.hypot(...x);
export const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, i) => sum + value * y[i], 0);

/** prox of t|.| at x: the best of the stationary points. */
function scalarProx(x: number, t: number, nonNegative: boolean): number {
  const cost = (z: number): number => (z - x) ** 2 / 2 + t * Math.abs(z);
  const candidates = nonNegative ? [0, x - t].filter((z) => z >= 0) : [0, Math.max(x - t, 0), Math.min(x + t, 0)];
  return candidates.reduce((best, z) => (cost(z) < cost(best) ? z : best));
}

/** prox of t |.| + m (.)^2 / 2 at x: the stationary point on either side of 0, where there is one. */
function elasticProx(x: number, t: number, m: number): number {
  const [right, left] = [(x - t) / (1 + m), (x + t) / (1 + m)];
  return right > 0 ? right : left < 0 ? left : 0;
}

/** Projection on the l1 ball: shrunk by the level that bisection finds. */
export function projectOnL1Ball(x: readonly number[], radius: number): number[] {
  const shrunk = (t: number): number[] => x.map((value) => Math.sign(value) * Math.max(Math.abs(value) - t, 0));
  const length = (y: readonly number[]): number => y.reduce((sum, value) => sum + Math.abs(value), 0);
  if (length(x) <= radius) return [...x];
  let [low, high] = [0, Math.max(...x.map(Math.abs))];
  for (let k = 0; k < 200; k++) {
    const middle = (low + high) / 2;
    if (length(shrunk(middle)) > radius) low = middle;
    else high = middle;
  }
  return shrunk(high);
}

/** prox of t |.|_2: x minus its projection on the ball of radius t. */
function blockProx(x: readonly number[], t: number): number[] {
  const length = norm(x);
  return x.map((value) => value - (length <= t ? value : (t * value) / length));
}

function groupProx(x: readonly number[], t: number, groups: readonly (readonly number[])[]): number[] {
  const out = [...x];
  for (const group of groups) {
    const block = blockProx(
      group.map((i) => x[i]),
      t * Math.sqrt(group.length),
    );
    group.forEach((i, k) => (out[i] = block[k]));
  }
  return out;
}

/** prox_{step J}(x). */
export function naiveProx(spec: Spec, x: readonly number[], step: number, shape: Shape): number[] {
  const t = step * spec.lambda;
  switch (spec.kind) {
    case "none":
      return [...x];
    case "l1":
    case "nonNegativeL1":
      return x.map((value) => scalarProx(value, t, spec.kind === "nonNegativeL1"));
    case "elasticNet":
      return x.map((value) => elasticProx(value, t, step * spec.mu!));
    case "box":
      return x.map((value) => Math.max(spec.bounds![0], Math.min(spec.bounds![1], value)));
    case "lInfinity":
      return projectOnL1Ball(x, t).map((value, i) => x[i] - value);
    case "nuclear":
      return mapNaive(x, shape, (sigma) => Math.max(sigma - t, 0));
    case "groupLasso":
      return groupProx(x, t, naiveGroups(spec.groups!, shape));
    case "sparseGroupLasso": {
      const groups = naiveGroups(spec.groups!, shape);
      let z = [...x];
      let p = x.map(() => 0);
      let q = x.map(() => 0);
      for (let k = 0; k < 5000; k++) {
        // Group first, on purpose: the limit does not depend on the order, the formula in src does.
        const y = groupProx(
          z.map((value, i) => value + p[i]),
          t * spec.lambda0!,
          groups,
        );
        p = p.map((value, i) => z[i] + value - y[i]);
        const next = y.map((value, i) => scalarProx(value + q[i], t * (1 - spec.lambda0!), false));
        q = q.map((value, i) => y[i] + value - next[i]);
        const moved = Math.max(...next.map((value, i) => Math.abs(value - z[i])));
        z = next;
        if (k > 50 && moved < 1e-15) break;
      }
      return z;
    }
  }
}

/** J(x). */
export function naiveValue(spec: Spec, x: readonly number[], shape: Shape): number {
  const l1 = x.reduce((sum, value) => sum + Math.abs(value), 0);
  const group = (): number =>
    naiveGroups(spec.groups!, shape).reduce((sum, g) => sum + Math.sqrt(g.length) * norm(g.map((i) => x[i])), 0);
  switch (spec.kind) {
    case "none":
      return 0;
    case "l1":
      return spec.lambda * l1;
    case "nonNegativeL1":
      return x.some((value) => value < 0) ? Infinity : spec.lambda * l1;
    case "elasticNet":
      return spec.lambda * l1 + (spec.mu! / 2) * dot(x, x);
    case "box":
      return x.every((value) => value >= spec.bounds![0] && value <= spec.bounds![1]) ? 0 : Infinity;
    case "lInfinity":
      return spec.lambda * Math.max(0, ...x.map(Math.abs));
    case "nuclear":
      return spec.lambda * naiveSingular(x, shape).sigma.reduce((sum, sigma) => sum + sigma, 0);
    case "groupLasso":
      return spec.lambda * group();
    case "sparseGroupLasso":
      return spec.lambda * (spec.lambda0! * group() + (1 - spec.lambda0!) * l1);
  }
}

/** How far p is from dJ(x), in the largest violation of the conditions that describe it. 0 means p is a subgradient. */
export function subgradientError(spec: Spec, p: readonly number[], x: readonly number[], shape: Shape): number {
  const entry = (pi: number, xi: number, lambda: number): number =>
    xi === 0 ? Math.max(Math.abs(pi) - lambda, 0) : Math.abs(pi - lambda * Math.sign(xi));
  switch (spec.kind) {
    case "none":
      return Math.max(...p.map(Math.abs));
    case "l1":
      return Math.max(...p.map((pi, i) => entry(pi, x[i], spec.lambda)));
    case "nonNegativeL1":
      return Math.max(
        ...p.map((pi, i) =>
          x[i] < 0 ? Infinity : x[i] === 0 ? Math.max(pi - spec.lambda, 0) : Math.abs(pi - spec.lambda),
        ),
      );
    case "elasticNet":
      return Math.max(...p.map((pi, i) => entry(pi - spec.mu! * x[i], x[i], spec.lambda)));
    case "box": {
      const [lower, upper] = spec.bounds!;
      return Math.max(
        ...p.map((pi, i) => {
          if (x[i] < lower || x[i] > upper) return Infinity;
          return x[i] === lower ? Math.max(pi, 0) : x[i] === upper ? Math.max(-pi, 0) : Math.abs(pi);
        }),
      );
    }
    // A norm: p is of the dual norm's ball of radius lambda, and <p, x> = J(x).
    case "lInfinity": {
      const length = p.reduce((sum, value) => sum + Math.abs(value), 0);
      return Math.max(length - spec.lambda, alignment(spec, p, x, shape));
    }
    case "nuclear": {
      const length = Math.max(...naiveSingular(p, shape).sigma);
      return Math.max(length - spec.lambda, alignment(spec, p, x, shape));
    }
    case "groupLasso":
    case "sparseGroupLasso": {
      const share = spec.kind === "groupLasso" ? 1 : spec.lambda0!;
      const perEntry = spec.lambda * (1 - share);
      const errors = naiveGroups(spec.groups!, shape).map((group) => {
        const radius = spec.lambda * share * Math.sqrt(group.length);
        const length = norm(group.map((i) => x[i]));
        if (length === 0) {
          // p = a + b with |a_i| <= perEntry and |b| <= radius: the nearest b leaves what exceeds perEntry.
          const left = group.map((i) => Math.max(Math.abs(p[i]) - perEntry, 0));
          return Math.max(norm(left) - radius, 0);
        }
        return Math.max(...group.map((i) => entry(p[i] - (radius * x[i]) / length, x[i], perEntry)));
      });
      return Math.max(...errors);
    }
  }
}

/** |J(x) - <p, x>|, relative to x if x is large. */
function alignment(spec: Spec, p: readonly number[], x: readonly number[], shape: Shape): number {
  return Math.abs(naiveValue(spec, x, shape) - dot(p, x)) / Math.max(1, norm(x));
}
