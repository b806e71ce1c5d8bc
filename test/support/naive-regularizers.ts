/**
 * What the slow, obvious twins of the regularizers are made of, in a way that shares nothing with
 * src.
 *
 * Groups are found by the index of every element, proxes as minimisers among candidates, as
 * residuals of projections, or (of a sum) by Dykstra's alternating proxes, which converge to the
 * prox of the sum in any order of its parts.
 */
import type { Groups } from "#bregman/regularizers/groups.js";
import type { Shape } from "#bregman/regularizers/regularizer.js";

export type Vector = readonly number[];

/** The indices of each group's elements. */
export function naiveGroups(groups: Groups, shape: Shape): number[][] {
  const rest = shape.slice(1).reduce((a, b) => a * b, 1);
  const taps = shape.slice(2).reduce((a, b) => a * b, 1);
  const found = new Map<number, number[]>();
  for (let i = 0; i < shape[0] * rest; i++) {
    const [output, input] = [Math.floor(i / rest), Math.floor((i % rest) / taps)];
    const key = {
      rows: output,
      filters: output,
      columns: input,
      channels: input,
      kernels: Math.floor(i / taps),
    }[groups];
    found.set(key, [...(found.get(key) ?? []), i]);
  }
  return [...found.values()];
}

export const norm = (x: Vector): number => Math.hypot(...x);
export const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, i) => sum + value * y[i], 0);
export const sizes = (x: Vector): number => x.reduce((sum, value) => sum + Math.abs(value), 0);
export const largest = (errors: Vector): number => Math.max(...errors);

/** prox of t|.| at x: the best of the stationary points. */
export function scalarProx(x: number, t: number, nonNegative = false): number {
  const cost = (z: number): number => (z - x) ** 2 / 2 + t * Math.abs(z);
  const candidates = nonNegative
    ? [0, x - t].filter((z) => z >= 0)
    : [0, Math.max(x - t, 0), Math.min(x + t, 0)];
  return candidates.reduce((best, z) => (cost(z) < cost(best) ? z : best));
}

/**
 * prox of t |.| + m (.)^2 / 2 at x: the stationary point on either side of 0, where there is one.
 */
export function elasticProx(x: number, t: number, m: number): number {
  const [right, left] = [(x - t) / (1 + m), (x + t) / (1 + m)];
  return right > 0 ? right : left < 0 ? left : 0;
}

/** Projection on the l1 ball: shrunk by the level that bisection finds. */
export function projectOnL1Ball(x: Vector, radius: number): number[] {
  const shrunk = (t: number): number[] =>
    x.map((value) => Math.sign(value) * Math.max(Math.abs(value) - t, 0));
  if (sizes(x) <= radius) return [...x];
  let [low, high] = [0, Math.max(...x.map(Math.abs))];
  for (let k = 0; k < 200; k++) {
    const middle = (low + high) / 2;
    if (sizes(shrunk(middle)) > radius) low = middle;
    else high = middle;
  }
  return shrunk(high);
}

/** prox of t |.|_2: x minus its projection on the ball of radius t. */
export function blockProx(x: Vector, t: number): number[] {
  const length = norm(x);
  return x.map((value) => value - (length <= t ? value : (t * value) / length));
}

/** x, each group put through f. */
export function byGroup(
  x: Vector,
  groups: Groups,
  shape: Shape,
  f: (block: number[]) => Vector,
): number[] {
  const out = [...x];
  for (const group of naiveGroups(groups, shape)) {
    const block = f(group.map((i) => x[i]));
    group.forEach((i, k) => (out[i] = block[k]));
  }
  return out;
}

/** prox of t sqrt(n) times the sum of the groups' norms. */
export const groupProx = (x: Vector, t: number, groups: Groups, shape: Shape): number[] =>
  byGroup(x, groups, shape, (block) => blockProx(block, t * Math.sqrt(block.length)));

/** sqrt(n) times the sum of the groups' norms. */
export const groupValue = (x: Vector, groups: Groups, shape: Shape): number =>
  naiveGroups(groups, shape).reduce(
    (sum, g) => sum + Math.sqrt(g.length) * norm(g.map((i) => x[i])),
    0,
  );

/** The prox of a sum, from those of its two parts. */
export function dykstra(
  x: Vector,
  one: (x: Vector) => number[],
  other: (x: Vector) => number[],
): number[] {
  let z = [...x];
  let p = x.map(() => 0);
  let q = x.map(() => 0);
  for (let k = 0; k < 5000; k++) {
    const y = one(z.map((value, i) => value + p[i]));
    p = p.map((value, i) => z[i] + value - y[i]);
    const next = other(y.map((value, i) => value + q[i]));
    q = q.map((value, i) => y[i] + value - next[i]);
    const moved = Math.max(...next.map((value, i) => Math.abs(value - z[i])));
    z = next;
    if (k > 50 && moved < 1e-15) break;
  }
  return z;
}

/** How far p is from lambda d|x|. */
export const sizeError = (p: number, x: number, lambda: number): number =>
  x === 0 ? Math.max(Math.abs(p) - lambda, 0) : Math.abs(p - lambda * Math.sign(x));

/**
 * How far p is from the subgradients of perEntry |x|_1 + perNorm sqrt(n) times the norms of the
 * groups.
 */
export function groupError(
  p: Vector,
  x: Vector,
  { perEntry = 0, perNorm, groups }: { perEntry?: number; perNorm: number; groups: Groups },
  shape: Shape,
): number {
  const errors = naiveGroups(groups, shape).map((group) => {
    const radius = perNorm * Math.sqrt(group.length);
    const length = norm(group.map((i) => x[i]));
    if (length === 0) {
      // p = a + b with |a_i| <= perEntry and |b| <= radius: the nearest b leaves what exceeds
      // perEntry.
      const left = group.map((i) => Math.max(Math.abs(p[i]) - perEntry, 0));
      return Math.max(norm(left) - radius, 0);
    }
    return largest(group.map((i) => sizeError(p[i] - (radius * x[i]) / length, x[i], perEntry)));
  });
  return largest(errors);
}

/** |J(x) - <p, x>|, relative to x if x is large: 0 for a subgradient p of a norm J. */
export const alignment = (value: number, p: Vector, x: Vector): number =>
  Math.abs(value - dot(p, x)) / Math.max(1, norm(x));
