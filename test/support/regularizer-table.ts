/**
 * The table of regularizers that tests run over by themselves: a newcomer adds a row, and an
 * example.
 *
 * A row makes the regularizer, says what it must say of itself, and has its slow, obvious twin: the
 * value, the prox, and how far a p is from dJ(x) in the largest violation of the conditions that
 * describe it. All are for the factor 1.
 */
import {
  box,
  elasticNet,
  groupElasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  sparseGroupLasso,
  sum,
  type Groups,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import {
  alignment,
  byGroup,
  dykstra,
  elasticProx,
  groupError,
  groupProx,
  groupValue,
  largest,
  naiveGroups,
  norm,
  projectOnL1Ball,
  scalarProx,
  sizeError,
  sizes,
  type Vector,
} from "./naive-regularizers.js";
import { mapNaive, naiveSingular } from "./naive-svd.js";

export interface Spec {
  /** File of src/regularizers that it is in. */
  readonly file: string;
  readonly name: string;
  /** The regularizer times a factor. */
  make(factor: number): Regularizer;
  /** What it says of itself, whatever its name. */
  readonly says: Pick<Regularizer, "trivial" | "finite" | "homogeneous" | "groups" | "mu">;
  /**
   * Whether the kernel `update` takes its steps, with a mirror or a proximal map, and with a
   * penalty.
   */
  readonly kernel: readonly ("mirror" | "penalty")[];
  /** How a recipe says it. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** A point of J's domain, near x; left out where J is finite. */
  inDomain?(x: Vector): number[];
  /** Its subgradient is not zero where x is. */
  readonly mixes?: true;
  value(x: Vector, shape: Shape): number;
  prox(x: Vector, step: number, shape: Shape): number[];
  error(p: Vector, x: Vector, shape: Shape): number;
  /**
   * prox_{J* / s}(y), J* the conjugate of J. For a homogeneous J it is the projection on dJ(0), the
   * set whose support function J is. Left out where it has no closed form.
   */
  conjugate?(y: Vector, s: number, shape: Shape): number[];
}

const NORM = { finite: true, homogeneous: true } as const;
const BOTH = ["mirror", "penalty"] as const;
const MIRROR = ["mirror"] as const;

const groupRow = (lambda: number, groups: Groups): Spec => ({
  file: "group-lasso",
  name: `groupLasso ${groups}`,
  make: (factor) => groupLasso({ lambda: factor * lambda, groups }),
  says: { ...NORM, groups },
  kernel: { rows: BOTH, filters: BOTH, kernels: MIRROR, columns: [], channels: [] }[groups],
  entry: { kind: "groupLasso", lambda, groups },
  value: (x, shape) => lambda * groupValue(x, groups, shape),
  prox: (x, step, shape) => groupProx(x, step * lambda, groups, shape),
  error: (p, x, shape) => groupError(p, x, { perNorm: lambda, groups }, shape),
  conjugate: (y, _, shape) =>
    byGroup(y, groups, shape, (block) => {
      const [length, radius] = [norm(block), lambda * Math.sqrt(block.length)];
      return length > radius ? block.map((value) => (radius / length) * value) : block;
    }),
});

const sparseGroupRow = (lambda0: number, groups: Groups): Spec => {
  const [perEntry, perNorm] = [0.8 * (1 - lambda0), 0.8 * lambda0];
  return {
    file: "sparse-group-lasso",
    name: `sparseGroupLasso ${groups}`,
    make: (factor) => sparseGroupLasso({ lambda: factor * 0.8, lambda0, groups }),
    says: { ...NORM, groups },
    kernel: groups === "rows" || groups === "kernels" ? MIRROR : [],
    entry: { kind: "sparseGroupLasso", lambda: 0.8, lambda0, groups },
    value: (x, shape) => perEntry * sizes(x) + perNorm * groupValue(x, groups, shape),
    prox: (x, step, shape) =>
      dykstra(
        x,
        // Group first, on purpose: the limit does not depend on the order, the formula in src does.
        (y) => groupProx(y, step * perNorm, groups, shape),
        (y) => y.map((value) => scalarProx(value, step * perEntry)),
      ),
    error: (p, x, shape) => groupError(p, x, { perEntry, perNorm, groups }, shape),
  };
};

const groupElasticRow = (groups: Groups): Spec => ({
  file: "group-elastic-net",
  name: `groupElasticNet ${groups}`,
  make: (factor) => groupElasticNet({ lambda: factor * 0.4, mu: factor * 0.6, groups }),
  says: { finite: true, homogeneous: false, groups, mu: 0.6 },
  kernel: MIRROR,
  entry: { kind: "groupElasticNet", lambda: 0.4, mu: 0.6, groups },
  value: (x, shape) => 0.4 * groupValue(x, groups, shape) + 0.3 * sizes(x.map((w) => w * w)),
  // Of the condition x - z = step (0.4 sqrt(n) z / |z| + 0.6 z): the group lasso of a scaled
  // problem.
  prox: (x, step, shape) => {
    const scale = 1 + step * 0.6;
    return groupProx(
      x.map((value) => value / scale),
      (step * 0.4) / scale,
      groups,
      shape,
    );
  },
  error: (p, x, shape) =>
    groupError(
      p.map((pi, i) => pi - 0.6 * x[i]),
      x,
      { perNorm: 0.4, groups },
      shape,
    ),
});

const boxRow = (lower: number, upper: number): Spec => ({
  file: "box",
  name: `box [${lower}, ${upper}]`,
  make: () => box({ lower, upper }),
  says: { finite: false, homogeneous: lower === 0 && upper === Infinity, groups: "entries" },
  kernel: [],
  entry: { kind: "box", lower, ...(upper < Infinity && { upper }) },
  inDomain: (x) => x.map((value) => Math.min(Math.max(value, lower), upper)),
  value: (x) => (x.every((value) => value >= lower && value <= upper) ? 0 : Infinity),
  prox: (x) => x.map((value) => Math.max(lower, Math.min(upper, value))),
  error: (p, x) =>
    largest(
      p.map((pi, i) => {
        if (x[i] < lower || x[i] > upper) return Infinity;
        return x[i] === lower ? Math.max(pi, 0) : x[i] === upper ? Math.max(-pi, 0) : Math.abs(pi);
      }),
    ),
  // J*(y) = sum_i upper max(y_i, 0) + lower min(y_i, 0)
  conjugate: (y, s) =>
    y.map((value) => Math.max(value - upper / s, 0) + Math.min(value - lower / s, 0)),
});

const LOWER_UPPER = [-0.5, 2] as const;
const clip = (value: number): number => Math.min(Math.max(value, LOWER_UPPER[0]), LOWER_UPPER[1]);

/**
 * Sums, and their twins: the kernels' forms of some, and of each the slow limit of taking turns.
 */
const sumRows: readonly Spec[] = [
  {
    file: "sum",
    name: "l1 + groupLasso rows",
    // The order of the arguments does not matter.
    make: (factor) => sum(groupLasso({ lambda: 0.3 * factor }), l1(0.2 * factor)),
    says: { ...NORM, groups: "rows" },
    kernel: MIRROR,
    value: (x, shape) => 0.2 * sizes(x) + 0.3 * groupValue(x, "rows", shape),
    prox: (x, step, shape) =>
      dykstra(
        x,
        (y) => groupProx(y, step * 0.3, "rows", shape),
        (y) => y.map((value) => scalarProx(value, step * 0.2)),
      ),
    error: (p, x, shape) =>
      groupError(p, x, { perEntry: 0.2, perNorm: 0.3, groups: "rows" }, shape),
  },
  {
    file: "sum",
    name: "groupLasso kernels + filters",
    make: (factor) =>
      sum(
        groupLasso({ lambda: 0.2 * factor, groups: "kernels" }),
        groupLasso({ lambda: 0.3 * factor, groups: "filters" }),
      ),
    says: { ...NORM, groups: "filters" },
    kernel: [],
    value: (x, shape) =>
      0.2 * groupValue(x, "kernels", shape) + 0.3 * groupValue(x, "filters", shape),
    prox: (x, step, shape) =>
      dykstra(
        x,
        (y) => groupProx(y, step * 0.3, "filters", shape),
        (y) => groupProx(y, step * 0.2, "kernels", shape),
      ),
    error: (p, x, shape) => {
      // Of filters that are zero: what the kernels' balls do not reach is within the filter's.
      const rest = groupProx(p, 0.2, "kernels", shape);
      const perFilter = naiveGroups("filters", shape).map((members) => {
        const radius = 0.3 * Math.sqrt(members.length);
        const at = members.map((i) => x[i]);
        if (norm(at) === 0) return Math.max(norm(members.map((i) => rest[i])) - radius, 0);
        const part = x.map(() => 0);
        for (const i of members) part[i] = p[i] - (radius * x[i]) / norm(at);
        const alone = x.map((value, i) => (members.includes(i) ? value : 0));
        return groupError(part, alone, { perNorm: 0.2, groups: "kernels" }, shape);
      });
      return largest(perFilter);
    },
  },
  {
    file: "sum",
    name: "box + l1",
    make: (factor) => sum(box({ lower: LOWER_UPPER[0], upper: LOWER_UPPER[1] }), l1(0.7 * factor)),
    says: { finite: false, homogeneous: false, groups: "entries" },
    kernel: [],
    inDomain: (x) => x.map(clip),
    value: (x) => (x.every((value) => clip(value) === value) ? 0.7 * sizes(x) : Infinity),
    prox: (x, step) => x.map((value) => clip(scalarProx(value, step * 0.7))),
    error: (p, x) =>
      largest(
        p.map((pi, i) => {
          if (clip(x[i]) !== x[i]) return Infinity;
          if (x[i] === LOWER_UPPER[0]) return Math.max(pi + 0.7, 0);
          return x[i] === LOWER_UPPER[1] ? Math.max(0.7 - pi, 0) : sizeError(pi, x[i], 0.7);
        }),
      ),
  },
  {
    file: "sum",
    name: "groupLasso rows + box [0, Infinity]",
    make: (factor) => sum(groupLasso({ lambda: 0.4 * factor }), box({ lower: 0 })),
    says: { finite: false, homogeneous: true, groups: "rows" },
    kernel: [],
    inDomain: (x) => x.map(Math.abs),
    value: (x, shape) =>
      x.every((value) => value >= 0) ? 0.4 * groupValue(x, "rows", shape) : Infinity,
    prox: (x, step, shape) =>
      dykstra(
        x,
        (y) => groupProx(y, step * 0.4, "rows", shape),
        (y) => y.map((value) => Math.max(value, 0)),
      ),
    error: (p, x, shape) => {
      if (x.some((value) => value < 0)) return Infinity;
      // Below the bound every p goes: what is less than the part of the norm where a weight is
      // zero.
      const units = groupError(
        p.map((pi, i) => (x[i] === 0 ? Math.max(pi, 0) : pi)),
        x,
        { perNorm: 0.4, groups: "rows" },
        shape,
      );
      return units;
    },
  },
];

export const SPECS: readonly Spec[] = [
  {
    file: "none",
    name: "none",
    make: none,
    says: { ...NORM, groups: "entries", trivial: true },
    kernel: BOTH,
    entry: { kind: "none" },
    value: () => 0,
    prox: (x) => [...x],
    error: (p) => largest(p.map(Math.abs)),
    conjugate: (y) => y.map(() => 0),
  },
  {
    file: "l1",
    name: "l1",
    make: (factor) => l1(factor * 0.7),
    says: { ...NORM, groups: "entries" },
    kernel: BOTH,
    entry: { kind: "l1", lambda: 0.7 },
    value: (x) => 0.7 * sizes(x),
    prox: (x, step) => x.map((value) => scalarProx(value, step * 0.7)),
    error: (p, x) => largest(p.map((pi, i) => sizeError(pi, x[i], 0.7))),
    conjugate: (y) => y.map((value) => Math.min(Math.max(value, -0.7), 0.7)),
  },
  {
    file: "non-negative-l1",
    name: "nonNegativeL1",
    make: (factor) => nonNegativeL1(factor * 0.7),
    says: { finite: false, homogeneous: true, groups: "entries" },
    kernel: MIRROR,
    entry: { kind: "nonNegativeL1", lambda: 0.7 },
    inDomain: (x) => x.map(Math.abs),
    value: (x) => (x.some((value) => value < 0) ? Infinity : 0.7 * sizes(x)),
    prox: (x, step) => x.map((value) => scalarProx(value, step * 0.7, true)),
    error: (p, x) =>
      largest(
        p.map((pi, i) =>
          x[i] < 0 ? Infinity : x[i] === 0 ? Math.max(pi - 0.7, 0) : Math.abs(pi - 0.7),
        ),
      ),
    conjugate: (y) => y.map((value) => Math.min(value, 0.7)),
  },
  groupRow(0.4, "rows"),
  groupRow(0.4, "columns"),
  sparseGroupRow(0.3, "rows"),
  sparseGroupRow(0.6, "columns"),
  groupRow(0.4, "kernels"),
  groupRow(0.3, "filters"),
  groupRow(0.3, "channels"),
  sparseGroupRow(0.5, "kernels"),
  sparseGroupRow(0.4, "channels"),
  {
    file: "elastic-net",
    name: "elasticNet",
    make: (factor) => elasticNet({ lambda: factor * 0.7, mu: factor * 0.6 }),
    says: { finite: true, homogeneous: false, groups: "entries", mu: 0.6 },
    kernel: MIRROR,
    entry: { kind: "elasticNet", lambda: 0.7, mu: 0.6 },
    value: (x) => 0.7 * sizes(x) + 0.3 * sizes(x.map((value) => value * value)),
    prox: (x, step) => x.map((value) => elasticProx(value, step * 0.7, step * 0.6)),
    error: (p, x) => largest(p.map((pi, i) => sizeError(pi - 0.6 * x[i], x[i], 0.7))),
    // J*(y) = sum_i max(|y_i| - lambda, 0)^2 / (2 mu)
    conjugate: (y, s) =>
      y.map((value) => {
        const weight = 1 / (s * 0.6);
        return Math.abs(value) <= 0.7
          ? value
          : (value + weight * 0.7 * Math.sign(value)) / (1 + weight);
      }),
  },
  groupElasticRow("rows"),
  groupElasticRow("kernels"),
  boxRow(-0.5, 2),
  boxRow(0, Infinity),
  {
    file: "l-infinity",
    name: "lInfinity",
    make: (factor) => lInfinity(factor * 0.7),
    says: NORM,
    kernel: [],
    entry: { kind: "lInfinity", lambda: 0.7 },
    value: (x) => 0.7 * Math.max(0, ...x.map(Math.abs)),
    prox: (x, step) => projectOnL1Ball(x, step * 0.7).map((value, i) => x[i] - value),
    // A norm: p is of the dual norm's ball of radius lambda, and <p, x> = J(x).
    error: (p, x) =>
      Math.max(sizes(p) - 0.7, alignment(0.7 * Math.max(0, ...x.map(Math.abs)), p, x)),
    conjugate: (y) => projectOnL1Ball(y, 0.7),
  },
  {
    file: "nuclear",
    name: "nuclear",
    make: (factor) => nuclear(factor * 0.7),
    says: NORM,
    kernel: [],
    entry: { kind: "nuclear", lambda: 0.7 },
    mixes: true,
    value: (x, shape) => 0.7 * sizes(naiveSingular(x, shape).sigma),
    prox: (x, step, shape) => mapNaive(x, shape, (sigma) => Math.max(sigma - step * 0.7, 0)),
    error: (p, x, shape) =>
      Math.max(
        largest(naiveSingular(p, shape).sigma) - 0.7,
        alignment(0.7 * sizes(naiveSingular(x, shape).sigma), p, x),
      ),
    conjugate: (y, _, shape) => mapNaive(y, shape, (sigma) => Math.min(sigma, 0.7)),
  },
  ...sumRows,
];

/** What the example of each file leaves in a variable. */
export const EXAMPLES: Readonly<Record<string, readonly [expression: string, value: unknown]>> = {
  none: ["optimizer.regularizer.kind", "none"],
  l1: ["[...x]", [0, -0.5, 2.5]],
  "non-negative-l1": ["[...x]", [0, 0, 2.5]],
  "group-lasso": ["[...w.subarray(2)]", [0, 0]],
  "sparse-group-lasso": [
    "[...w].map((x) => x.toFixed(3)).join()",
    "2.494,3.401,0.000,0.000,0.000,0.000",
  ],
  "elastic-net": ["[...x]", [0, -0.25, 1.25]],
  "group-elastic-net": ["[...w].map((x) => x.toFixed(3)).join()", "0.900,1.200,0.000,0.000"],
  box: ["[...x]", [0.25, 0, 2]],
  "l-infinity": ["[...x]", [2.25, -1, 0.5, 2.25]],
  nuclear: [
    "[...x].map((value) => value.toFixed(6)).join()",
    "1.000000,0.000000,0.000000,0.000000",
  ],
  scaled: ["[...x]", [0, -0.5, 2.5]],
  sum: ["[...x].map((value) => value.toFixed(3)).join()", "2.089,2.925,0.000,0.000"],
  "on-rows": ["[...x]", [0.25, -0.5, 2.5]],
};

/** The table for `test.each`, by name. */
export const ROWS = SPECS.map((spec) => [spec.name, spec] as const);

/** Dimensions that a tensor must have for a spec's groups. */
export const dimensionsOf = ({ says: { groups = "entries" } }: Pick<Spec, "says">): number =>
  ({ entries: 1, rows: 1, columns: 2, kernels: 3, filters: 3, channels: 3 })[groups];

/** A point of J's domain, near x. */
export const inDomain = (spec: Spec, x: Vector): number[] => spec.inDomain?.(x) ?? [...x];

/** How far p is from d(factor J)(x). */
export const errorOf = (spec: Spec, factor: number, p: Vector, x: Vector, shape: Shape): number =>
  factor *
  spec.error(
    p.map((value) => value / factor),
    x,
    shape,
  );

/** prox_{step J}(x) as a plain array. */
export function prox(J: Regularizer, x: Vector, step: number, shape: Shape): number[] {
  const out = new Float64Array(x.length);
  J.prox(Float64Array.from(x), step, shape, out);
  return [...out];
}

/** The subgradient of minimal norm as a plain array. */
export function subgradient(J: Regularizer, x: Vector, shape: Shape): number[] {
  const out = new Float64Array(x.length);
  J.subgradient(Float64Array.from(x), shape, out);
  return [...out];
}

/** Largest difference of two arrays. */
export function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) return Infinity;
  return Array.from(x).reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i])), 0);
}
