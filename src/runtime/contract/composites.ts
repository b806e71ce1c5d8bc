/**
 * Arguments that several kernels take together, each a struct of its own in C.
 *
 * An argument of a kernel is a name (one int32 word) or a name with a composite (a word for each of
 * its fields, in order).
 */
export type Argument = string | readonly [name: string, composite: Composite];

export interface Composite {
  /** Name of the struct in C. */
  readonly struct: string;
  readonly fields: readonly Argument[];
}

/** What an op gives for a list of arguments: a number each, and an object for a composite. */
export type FieldValues<L extends readonly Argument[]> = {
  readonly [A in L[number] as A extends string ? A : A[0]]: A extends readonly [string, infer C]
    ? C extends { readonly fields: infer F extends readonly Argument[] }
      ? FieldValues<F>
      : never
    : number;
};

/**
 * A tensor of planes: the byte offset of its first position, and strides in numbers. at 0: absent.
 */
export const TENSOR = { struct: "tensor_args", fields: ["at", "tile", "plane", "row"] } as const;

/** The same for a convolution, which moves from position to position by `col` numbers. */
export const POSITIONS = {
  struct: "positions",
  fields: ["at", "tile", "plane", "row", "col"],
} as const;

/**
 * What a loss compares: output and target are f32 [tiles][features][T], grad as they, or 0;
 * indices: i32 [tiles][T]; counts: i32, the samples; partial: f32 [tiles][2].
 */
export const COMPARISON = {
  struct: "comparison",
  fields: ["output", "target", "indices", "grad", "partial", "counts", "features"],
} as const;

/** A window of a pooling: its sides, how it moves, and the border above and left of the image. */
export const WINDOW = {
  struct: "window",
  fields: ["height", "width", "down", "across", "top", "left"],
} as const;

/**
 * How the column of an entry follows from its offset q = offset / (T * 4), in positions of a padded
 * plane: channel c = q / planeSize, kh = (q % planeSize) / rowSize, kw = q % rowSize, and column =
 * (c * height + kh) * width + kw. A width of 0: the column of a linear layer, q itself.
 */
export const KERNEL_SHAPE = {
  struct: "kernel_shape",
  fields: ["planeSize", "rowSize", "height", "width"],
} as const;

/**
 * Where the weights of a pattern are. entries: its entries or pairs, or 0: all weights; used: i32
 * [rows], the entries of each row; entryStride: those a row has room for; group: columns of a
 * kernel for pairs, else 0; theta: f32 [rows, cols], for pairs.
 */
export const PATTERN = {
  struct: "places",
  fields: ["entries", "used", "entryStride", "group", "theta", ["kernel", KERNEL_SHAPE]],
} as const;
