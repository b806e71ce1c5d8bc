/** The table of regularizers the theorems run over: a newcomer adds a row. */
import {
  box,
  elasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  sparseGroupLasso,
  type Regularizer,
} from "#bregman/regularizers/index.js";
import type { Spec } from "./naive-regularizers.js";

export const SPECS: readonly Spec[] = [
  { kind: "none", lambda: 0 },
  { kind: "l1", lambda: 0.7 },
  { kind: "nonNegativeL1", lambda: 0.7 },
  { kind: "groupLasso", lambda: 0.4, groups: "rows" },
  { kind: "groupLasso", lambda: 0.4, groups: "columns" },
  { kind: "sparseGroupLasso", lambda: 0.8, lambda0: 0.3, groups: "rows" },
  { kind: "sparseGroupLasso", lambda: 0.8, lambda0: 0.6, groups: "columns" },
  { kind: "groupLasso", lambda: 0.4, groups: "kernels" },
  { kind: "groupLasso", lambda: 0.3, groups: "filters" },
  { kind: "groupLasso", lambda: 0.3, groups: "channels" },
  { kind: "sparseGroupLasso", lambda: 0.8, lambda0: 0.5, groups: "kernels" },
  { kind: "sparseGroupLasso", lambda: 0.8, lambda0: 0.4, groups: "channels" },
  { kind: "elasticNet", lambda: 0.7, mu: 0.6 },
  { kind: "box", lambda: 0, bounds: [-0.5, 2] },
  { kind: "box", lambda: 0, bounds: [0, Infinity] },
  { kind: "lInfinity", lambda: 0.7 },
  { kind: "nuclear", lambda: 0.7 },
];

/** Dimensions that a tensor must have for a spec's groups. */
export const dimensionsOf = ({ groups = "rows" }: Spec): number =>
  ({ rows: 1, columns: 2, kernels: 3, filters: 3, channels: 3 })[groups];

export const nameOf = ({ kind, groups, bounds }: Spec): string =>
  groups ? `${kind} ${groups}` : bounds ? `${kind} [${bounds.join(", ")}]` : kind;

/** Whether J(a x) = a J(x) for a > 0. */
export const isHomogeneous = ({ kind, bounds }: Spec): boolean =>
  kind !== "elasticNet" && (bounds ?? []).every((bound) => bound === 0 || !Number.isFinite(bound));

/** The nearest point of J's domain. */
export function inDomain({ kind, bounds = [-Infinity, Infinity] }: Spec, x: readonly number[]): number[] {
  if (kind === "nonNegativeL1") return x.map(Math.abs);
  return x.map((value) => Math.min(Math.max(value, bounds[0]), bounds[1]));
}

/** The regularizer of a spec, or `factor` times it. */
export function build(spec: Spec, factor = 1): Regularizer {
  const { lambda0, groups } = spec;
  const lambda = factor * spec.lambda;
  switch (spec.kind) {
    case "none":
      return none();
    case "l1":
      return l1(lambda);
    case "nonNegativeL1":
      return nonNegativeL1(lambda);
    case "groupLasso":
      return groupLasso({ lambda, groups: groups! });
    case "sparseGroupLasso":
      return sparseGroupLasso({ lambda, lambda0: lambda0!, groups: groups! });
    case "elasticNet":
      return elasticNet({ lambda, mu: factor * spec.mu! });
    case "box":
      return box({ lower: spec.bounds![0], upper: spec.bounds![1] });
    case "lInfinity":
      return lInfinity(lambda);
    case "nuclear":
      return nuclear(lambda);
  }
}

/** prox_{step J}(x) as a plain array. */
export function prox(J: Regularizer, x: readonly number[], step: number, shape: readonly number[]): number[] {
  const out = new Float64Array(x.length);
  J.prox(Float64Array.from(x), step, shape, out);
  return [...out];
}

/** The subgradient of minimal norm as a plain array. */
export function subgradient(J: Regularizer, x: readonly number[], shape: readonly number[]): number[] {
  const out = new Float64Array(x.length);
  J.subgradient(Float64Array.from(x), shape, out);
  return [...out];
}

/** Largest difference of two arrays. */
export function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) return Infinity;
  return Array.from(x).reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i])), 0);
}
