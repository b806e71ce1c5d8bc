/**
 * The forms of a weight W [rows, cols] in shared memory, and what each of them can do.
 *
 *     dense     theta: every weight
 *     entries   the non-zeros, each with its place and value, rewritten with every update
 *     pairs     the kernels of a convolution (pairs of channels) that are not zero; their weights
 *               stay in theta
 *
 * The form that a parameter has now is up to date, and kernels multiply by it; so is theta, except
 * in the form of entries. Any form is made from theta, and theta from any form: one becomes another
 * by way of theta (convert.ts).
 *
 * Nobody outside this folder asks which form it is, except who chooses between kernels, and does
 * so for all three. Byte layouts: kernel-table.ts, contract/conv.ts.
 */
import type { PATTERN, FieldValues } from "../contract/composites.js";
import type { KERNELS } from "../all-kernels.js";
import type { Kernel, Op } from "../kernel-table.js";
import type { Action } from "../program.js";
import type { ConvLayout } from "./conv-layout.js";
import type { DenseForm } from "./dense.js";
import type { EntriesForm } from "./entries.js";
import type { PairsForm } from "./pairs.js";
import type { TransposedPattern } from "./transpose.js";

/** A form that holds the non-zeros alone, so that sparse kernels can be used. */
export type PatternForm = EntriesForm | PairsForm;
export type Form = DenseForm | PatternForm;

/** What all forms of a weight have in common: byte offsets, and sizes. */
export interface Weight {
  readonly rows: number;
  readonly cols: number;
  /** f32 [rows, cols]. */
  readonly theta: number;
  /**
   * i32 [rows]: non-zeros of each row. (After a frozen step of entries: the entries, of which some
   * may be zero.)
   */
  readonly counts: number;
  /**
   * i32 [rows]: 1 where the last update changed the row's set of non-zeros (sparse kernels only).
   */
  readonly changed: number;
  /** i32 [cols]: the table of a convolution's columns, or 0. */
  readonly columns: number;
  readonly conv?: ConvLayout;
}

type ArgsOf<K extends Kernel> = FieldValues<(typeof KERNELS)[K]>;
/** What an update of every weight is told, whatever the form. */
export type UpdateArgs = Omit<ArgsOf<"update">, keyof Weight | "entries">;
/** What an update of the pattern's weights is told. */
export type FrozenArgs = Pick<
  ArgsOf<"updatePattern">,
  "v" | "g" | "m1" | "m2" | "hyper" | "move" | "follow"
>;

/** What every form can do. */
export interface AnyForm {
  /** Writes theta to `out`, [rows, cols]. */
  read(out: Float32Array): void;
  /**
   * Puts other numbers in the places of the weights it holds: `values`, [rows, cols], must be zero
   * elsewhere. Not in its transpose: a forward pass sees them, an input gradient does not.
   */
  write(values: Float32Array): void;
  /** Weights that a product with it takes. */
  used(): number;
  /** Where its weights are, as kernels want it (contract/composites.ts). */
  readonly places: FieldValues<typeof PATTERN.fields>;
  /** A step that moves every weight, and brings this form up to date. */
  update(args: UpdateArgs): Op[];
  /** Brings it up to date after theta has changed in memory. */
  refresh(): Action[];
  /** Makes theta from it; nothing where theta is up to date. */
  toTheta(): Op[];
}

/** What a pattern can do besides. */
export interface AnyPattern extends AnyForm {
  /** Its parts. */
  readonly entries: number;
  /** i32 [rows]: entries (or pairs) in use in each row. */
  readonly counts: number;
  /** Entries a row has room for. */
  readonly entryStride: number;
  /** The pattern transposed, for input gradients. */
  readonly transpose?: TransposedPattern;
  /** Of crossover.ts: the row of its rates. */
  readonly rates: "linear" | "conv" | "pairs";
  /** Makes it from theta, except for the transpose. */
  fromTheta(): Op[];
  /**
   * A step with a frozen pattern: only its weights move.
   *
   * @param now - the form that the parameter has: dense theta is kept up to date too, if it is that
   */
  frozenUpdate(args: FrozenArgs, now: Form): Op[];
  /**
   * The weights of the pattern that are zero at the moment, "at rest": they belong to it until the
   * next fine step, so that theta alone does not tell it. Indices in theta, ascending; of a kernel
   * whose weights all rest the first that belongs to the pattern. (Those of a kernel with other
   * weights are minus zero in theta, see kernels/update_pattern.c.)
   */
  resting(): Int32Array;
  /** Indices in theta of the weights that belong to it, those at rest too, ascending. */
  members(): Int32Array;
  /** Takes weights at rest, which are zero in theta, into the pattern that was made from theta. */
  rest(indices: Int32Array): void;
  /** Turns what marks weights at rest in a copy of theta into plain zeros. */
  unmark(theta: Float32Array): void;
}
