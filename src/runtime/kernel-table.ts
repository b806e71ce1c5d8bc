/**
 * The kernels, and the meaning of their arguments: the one contract between TypeScript and C. Each
 * family has a file in contract/; scripts/build-contract.mjs writes kernels/contract.h from them,
 * so nothing is said twice.
 *
 * Every kernel has the same C signature, `void kernel(char *memory, const int32_t *args, int begin,
 * int end)`, and works on the rows [begin, end) of its op. An op is {@link OP_WORDS} int32 words in
 * shared memory: kernel id, rows, grain (chunk borders fall on multiples of it; {@link
 * WHOLE_SHARES}), parts (see {@link Op}), then the arguments in the order listed here. Arguments
 * are integers: byte offsets into the shared memory (0 = absent), counts, strides (in elements) and
 * flags. Numbers that change from step to step (tau, lambda, ...) live in a float32 "hyper" block
 * in memory, see {@link HYPER}.
 *
 * Layouts (T = {@link TILE}): an activation is `[tiles][features][T]`, sample b sits in tile
 * floor(b / T), lane b mod T; lanes beyond the batch hold zeros or garbage that no kernel lets leak
 * into a gradient. A weight is `[rows, cols]` row-major, rows = outputs. A pattern (CSR with fixed
 * row starts) is `entries: [rows][cols] of { uint32 offset, float32 value }`, of which the first
 * `counts[r]` of row r are in use, in ascending column order; offset = column * T * 4, the byte
 * offset of that feature within a tile. Its transpose has the same form, with rows and columns
 * exchanged, and `source: [cols][rows] int32`, for each of its entries the index (in entries) of
 * the same weight in the pattern.
 */

import type { KERNELS } from "./all-kernels.js";
import { POSITIONS, TENSOR, type Argument, type FieldValues } from "./contract/composites.js";

/** Samples in one tile, the innermost dimension of every activation. */
export const TILE = 16;

/** int32 words in one op; the arguments start at word {@link OP_ARGS}. */
export const OP_WORDS = 32;
export const OP_ARGS = 4;

/** An op's kernel works on planes of bf16 if this is added to its id. */
export const HALF_PLANES_ID = 1024;

export type Kernel = keyof typeof KERNELS;

/**
 * The grain of an op of which every thread takes its share at once, not in chunks: what its rows
 * have in common is read from memory once a chunk.
 */
export const WHOLE_SHARES = 2 ** 20;

/** Arguments by name; those of a composite in an object of their own. */
export interface OpArgs {
  readonly [name: string]: number | OpArgs;
}

/** One step of a program. Built by {@link op}. */
export interface Op {
  readonly kernel: Kernel;
  readonly rows: number;
  readonly grain: number;
  readonly args: OpArgs;
  /**
   * Not 0: joined to the op before it. Both are cut into so many parts (a divisor of their rows),
   * and a thread that takes part k runs it through all ops that are joined before it takes another.
   * So part k of an op may depend on part k of the ops before it in the chain, but on none of their
   * other parts. The first op of a program is joined to nothing.
   */
  readonly parts?: number;
  /** Its planes are of bf16: of a kernel that {@link takesPlanes}. Native kernels only. */
  readonly half?: boolean;
}

/** Builds an op; the compiler checks that every argument of the kernel is given, and no other. */
export function op<K extends Kernel>(
  kernel: K,
  rows: number,
  args: FieldValues<(typeof KERNELS)[K]>,
  grain = 1,
): Op {
  return { kernel, rows, grain, args };
}

/**
 * The words of a list of arguments in order, each with its name: those of a composite as "x.tile".
 */
export function argumentWords(
  names: readonly Argument[],
  args: OpArgs,
): [name: string, value: unknown][] {
  return names.flatMap((argument): [string, unknown][] => {
    if (typeof argument === "string") return [[argument, args[argument]]];
    const [name, { fields }] = argument;
    const inner = args[name];
    const words = argumentWords(fields, typeof inner === "object" ? inner : {});
    return words.map(([field, value]) => [`${name}.${field}`, value]);
  });
}

/** Kernels by name in the order of their ids: all of them, or the first of them. */
export type KernelTable = Readonly<Record<string, readonly Argument[]>>;

/** Kernels that read whole planes as vectors, or serve those that read planes. */
const FOR_PLANES: readonly string[] = ["gatherPlanes", "sampleNorms", "convPack"];

/** Whether a kernel of a table is there for planes of bf16 too. */
export function takesPlanes(kernels: KernelTable, kernel: string): boolean {
  const composites = kernels[kernel].flatMap((argument) =>
    typeof argument === "string" ? [] : [argument[1].struct],
  );
  return (
    kernel !== "convertPlanes" &&
    (FOR_PLANES.includes(kernel) ||
      composites.includes(TENSOR.struct) ||
      composites.includes(POSITIONS.struct))
  );
}

/** Writes an op's words at `words[at ...]`. */
export function encodeOp(kernels: KernelTable, step: Op, words: Int32Array, at: number): void {
  words.fill(0, at, at + OP_WORDS);
  words[at] = Object.keys(kernels).indexOf(step.kernel) + (step.half ? HALF_PLANES_ID : 0);
  words[at + 1] = step.rows;
  words[at + 2] = step.grain;
  words[at + 3] = step.parts ?? 0;
  argumentWords(kernels[step.kernel], step.args).forEach(([, value], k) => {
    words[at + OP_ARGS + k] = value as number;
  });
}
