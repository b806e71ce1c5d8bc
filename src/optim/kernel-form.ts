/**
 * An optimizer as the numbers of the C kernel `update`.
 *
 * The kernel knows a few ways for v to move and for theta to follow, see MOVE, FOLLOW and HYPER in
 * runtime/kernel-table.ts. A regularizer has a twin there if it has a standard form
 * (regularizers/standard-form.ts) whose groups are rows, filters or kernels. Without one there is
 * no kernel form: the caller then runs the optimizer's own `step`.
 *
 *     mirror    theta = delta shrink(v; lambda)      prox_{delta J}(delta v) = delta prox_J(v), as J is 1-homogeneous
 *     proximal  theta = shrink(v; tau lambda), written back to v
 *     penalty   g + lambda sign(v), theta = v
 *
 * With a part mu / 2 |theta|^2 J is not 1-homogeneous, and only the scale is another one:
 *
 *     mirror    theta = delta / (1 + delta mu) shrink(v; lambda)
 *     proximal  theta = 1 / (1 + tau mu) shrink(v; tau lambda)
 */
import { size } from "../shape-size.js";
import { groupLayout } from "../regularizers/groups.js";
import type { Regularizer, Shape } from "../regularizers/regularizer.js";
import { FOLLOW, HYPER, MOVE } from "../runtime/contract/update.js";
import type { Move, Optimizer } from "./optimizer.js";

/** Arguments of the `update` kernel that an optimizer decides. */
export interface KernelForm {
  /** The tensor as the kernel sees it: [out, the rest], and [1, n] for a bias. */
  readonly rows: number;
  readonly cols: number;
  readonly move: number;
  readonly follow: number;
  readonly writeBack: 0 | 1;
  readonly penalty: 0 | 1 | 2;
  /** Columns in a kernel group: kh * kw where follow is one of the kernel groups, else 1. */
  readonly group: number;
  /**
   * The hyper block of one step.
   *
   * @param tau - learning rate of this step
   * @param stepNumber - number of this step, from 1: OptimizerState.step after it
   * @param out - 16 floats to write to; made anew if absent
   */
  hyper(tau: number, stepNumber: number, out?: Float32Array): Float32Array;
}

/** J as the kernel's follow and penalty flags, with its thresholds for step 1. */
interface KernelRegularizer {
  readonly follow: number;
  readonly penalty: 0 | 1 | 2 | undefined;
  readonly threshold: number;
  readonly groupThreshold: number;
  readonly group?: number;
  /** Weight of |theta|^2 / 2 in J. */
  readonly mu: number | undefined;
}

/**
 * The kernel form of an optimizer for a tensor of this shape, or undefined if the kernel has no
 * twin of it (as of a mask).
 *
 * @example
 * const form = kernelForm(linBreg({ tau: 0.1, regularizer: l1(0.5) }), [200, 784]);
 * // form.move is MOVE.plain, form.follow FOLLOW.l1, form.hyper(0.1, 1)[HYPER.threshold] is 0.5
 */
export function kernelForm(optimizer: Optimizer, shape: Shape): KernelForm | undefined {
  const { move, follow, delta, regularizer } = optimizer;
  const J = kernelRegularizer(regularizer, shape);
  if (!J || follow === "masked" || (follow === "penalty" && J.penalty === undefined))
    return undefined;
  const { mu = 0 } = J;
  const rows = shape.length > 1 ? shape[0] : 1;
  return {
    rows,
    cols: size(shape) / rows,
    move: MOVE[move.kind],
    follow: follow === "penalty" ? FOLLOW.none : J.follow,
    writeBack: follow === "proximal" ? 1 : 0,
    penalty: follow === "penalty" ? J.penalty! : 0,
    group: J.group ?? 1,
    hyper(tau, stepNumber, out = new Float32Array(16)) {
      const scale = follow === "proximal" ? tau : 1;
      out[HYPER.tau] = tau;
      out[HYPER.delta] = follow === "mirror" ? delta / (1 + delta * mu) : 1 / (1 + tau * mu);
      out[HYPER.threshold] = scale * J.threshold;
      out[HYPER.groupThreshold] = scale * J.groupThreshold;
      out[HYPER.penalty] = J.penalty === 2 ? J.groupThreshold : J.threshold;
      writeMove(move, stepNumber, out);
      return out;
    },
  };
}

function kernelRegularizer(regularizer: Regularizer, shape: Shape): KernelRegularizer | undefined {
  const { lambda, groups = "entries", mu, standardForm } = regularizer;
  if (!standardForm) return undefined;
  const { entries, norms, nonNegative = false } = standardForm;
  // The kernels' penalties have neither a constraint nor a quadratic part.
  const bare = !nonNegative && mu === undefined;
  const size = norms === undefined || groups === "entries" ? 1 : groupLayout(groups, shape).size;
  if (entries === undefined && norms === undefined && !nonNegative) {
    return {
      follow: FOLLOW.none,
      penalty: bare ? 0 : undefined,
      threshold: 0,
      groupThreshold: 0,
      mu,
    };
  }
  // A group that is a single weight has no norm except its size. (Rows of a bias are such groups,
  // and the kernel sees a bias as one row.)
  if (size === 1) {
    const threshold = lambda * ((entries ?? 0) + (norms ?? 0));
    const follow = nonNegative ? FOLLOW.nonNegative : FOLLOW.l1;
    return { follow, penalty: bare ? 1 : undefined, threshold, groupThreshold: 0, mu };
  }
  if (nonNegative || groups === "columns" || groups === "channels") return undefined;
  const kernels = groups === "kernels";
  const groupThreshold = lambda * norms! * Math.sqrt(size);
  const group = kernels ? size : 1;
  if (entries === undefined) {
    const follow = kernels ? FOLLOW.kernelGroup : FOLLOW.rowGroup;
    // The kernel's group penalty is of rows.
    return {
      follow,
      penalty: bare && !kernels ? 2 : undefined,
      threshold: 0,
      groupThreshold,
      group,
      mu,
    };
  }
  const follow = kernels ? FOLLOW.sparseKernelGroup : FOLLOW.sparseRowGroup;
  return { follow, penalty: undefined, threshold: lambda * entries, groupThreshold, group, mu };
}

function writeMove(move: Move, stepNumber: number, out: Float32Array): void {
  if (move.kind === "plain") return;
  const beta1 = move.kind === "adam" ? move.beta1 : move.beta;
  out[HYPER.beta1] = beta1;
  out[HYPER.gain1] = 1 - beta1;
  if (move.kind !== "adam") return;
  out[HYPER.beta2] = move.beta2;
  out[HYPER.gain2] = 1 - move.beta2;
  out[HYPER.eps] = move.eps;
  out[HYPER.correction1] = move.biasCorrectFirstMoment ? 1 / (1 - beta1 ** stepNumber) : 1;
  out[HYPER.correction2] = 1 / (1 - move.beta2 ** stepNumber);
}
