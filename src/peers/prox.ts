/**
 * The regularizers that other libraries' arrays can take: those that are the sum of
 * regularizers/standard-form.ts,
 *
 *     J(x) = lambda (entries sum_i |x_i| + norms sqrt(n) sum_g |x_g|_2) + (mu / 2) |x|^2,
 *
 * on all x or on those without a negative entry. The formulas are those of step.ts and
 * kernel-form.ts in optim/.
 */
import { InputError } from "../errors.js";
import { groupLayout, type Groups } from "../regularizers/groups.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import type { ArrayLibrary } from "./arrays.js";

/** What is used of a regularizer: plain data. */
export type StandardRegularizer = Pick<Regularizer, "lambda" | "groups" | "mu" | "standardForm">;

/** @throws InputError unless the regularizer has a standard form */
export function checkStandard(of: string, regularizer: Regularizer): void {
  if (regularizer.standardForm === undefined) {
    throw new InputError(
      `${of}: the regularizer must be a sum of sizes of weights and norms of groups (l1, ` +
        `groupLasso, elasticNet and the like), found ${regularizer.kind}`,
    );
  }
}

/** Thresholds of a tensor, and the axes that a group goes along. */
interface Thresholds {
  readonly entry: number;
  readonly group: number;
  readonly axes: readonly number[];
}

/** theta = prox_{delta J}(delta v). */
export function proxOf<A>(of: ArrayLibrary<A>, v: A, J: StandardRegularizer, delta: number): A {
  const { entry, group, axes } = thresholds(of, v, J);
  const { mu = 0, standardForm: { nonNegative = false } = {} } = J;
  let x = v;
  if (nonNegative) x = of.maximum(of.sub(v, entry), 0);
  else if (entry > 0) x = of.mul(of.sign(v), of.maximum(of.sub(of.abs(v), entry), 0));
  if (group > 0) {
    const norm = of.sqrt(of.sum(of.mul(x, x), axes));
    // A group of norm 0 stays: 0 / tiny.
    x = of.mul(x, of.div(of.maximum(of.sub(norm, group), 0), of.maximum(norm, TINY)));
  }
  return of.mul(x, delta / (1 + delta * mu));
}

/** v = theta / delta + p, p in dJ(theta) of minimal norm. */
export function dualOf<A>(of: ArrayLibrary<A>, theta: A, J: StandardRegularizer, delta: number): A {
  const { entry, group, axes } = thresholds(of, theta, J);
  let v = of.mul(theta, 1 / delta + (J.mu ?? 0));
  if (entry > 0) v = of.add(v, of.mul(of.sign(theta), entry));
  if (group > 0) {
    const norm = of.maximum(of.sqrt(of.sum(of.mul(theta, theta), axes)), TINY);
    v = of.add(v, of.mul(of.div(theta, norm), group));
  }
  return v;
}

/** So small that the root of a sum of squares in float32 is 0 or above it. */
const TINY = 1e-30;

function thresholds<A>(of: ArrayLibrary<A>, x: A, J: StandardRegularizer): Thresholds {
  const { lambda, groups = "entries", standardForm: { entries = 0, norms = 0 } = {} } = J;
  // A group of one weight has no norm except its size.
  if (norms === 0 || groups === "entries")
    return { entry: lambda * (entries + norms), group: 0, axes: [] };
  const shape = of.shapeOf(x);
  const axes = axesOf(groups, shape.length, of.outputs);
  const { size } = groupLayout(groups, of.outputs === "first" ? shape : outputsFirst(shape));
  if (size === 1) return { entry: lambda * (entries + norms), group: 0, axes: [] };
  return { entry: lambda * entries, group: lambda * norms * Math.sqrt(size), axes };
}

/** [height, width, in, out] as [out, in, height, width]. */
function outputsFirst(shape: readonly number[]): number[] {
  const [inputs, outputs] = shape.slice(-2);
  return [outputs, inputs, ...shape.slice(0, -2)];
}

/** The axes along which weights are of one group. */
function axesOf(groups: Groups, rank: number, outputs: ArrayLibrary<unknown>["outputs"]): number[] {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const [out, input] = outputs === "first" ? [0, 1] : [rank - 1, rank - 2];
  const kept =
    groups === "kernels"
      ? [out, input]
      : groups === "rows" || groups === "filters"
        ? [out]
        : [input];
  return all.filter((axis) => !kept.includes(axis));
}
