/**
 * A parameter in shared memory, and its forms: dense theta, the pattern of its non-zeros, the
 * pattern's transpose.
 *
 * A pattern holds single weights ("entries": place and value, rewritten with every update) or
 * kernel groups ("pairs" of channels, whose weights stay in dense theta). Which form is up to date
 * follows from `kernel` and the pattern's kind:
 *
 *     dense             theta
 *     sparse, entries   the pattern, and its transpose
 *     sparse, pairs     theta and the pattern, and its transpose
 *
 * `counts`, the non-zeros of each row, is always up to date. Byte layouts: kernel-table.ts,
 * contract/conv.ts.
 */
import type { KERNEL_SHAPE, PATTERN, Values } from "./contract/composites.js";
import { op, type Op } from "./kernel-table.js";
import type { Memory } from "./memory.js";

/**
 * Weights of linear layers and of convolutions, biases, batch norm's factors, scalars of skip
 * connections.
 */
export type ParameterRole = "weight" | "conv" | "bias" | "norm" | "skip";

/** Whether a parameter counts as weights: those of linear layers and of convolutions. */
export function isWeightRole(role: ParameterRole): boolean {
  return role === "weight" || role === "conv";
}

export type PatternKind = "entries" | "pairs";

/** Whether a step, frozen or not, needs the gradient of the pattern's weights alone. */
export function needsPatternOnly({ gradient }: Parameter, frozen: boolean): boolean {
  return frozen && gradient === "pattern";
}

/**
 * What the weight of a convolution must know of the tensors around it (nn/conv-geometry.ts makes
 * it).
 */
export interface ConvLayout {
  /** Input channels. */
  readonly inner: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  /** i32 [cols]: byte offset that an entry of this column carries. */
  readonly columns: Int32Array;
  /** Bytes of a padded input plane; its positions, and those of one row of it. */
  readonly planeBytes: number;
  readonly planeSize: number;
  readonly rowSize: number;
  /** Phases of the input gradient, and the most taps one of them has. */
  readonly phases: number;
  readonly mostTaps: number;
  /** i32 [taps][2]: phase, and byte offset in the plane of dy. */
  readonly tapTable: Int32Array;
  /** Bytes of a padded plane of dy. */
  readonly rowBytes: number;
}

/** Byte offsets of a pattern's parts. */
export interface Pattern {
  readonly kind: PatternKind;
  readonly entries: number;
  /** i32 [rows]: entries (or pairs) in use in each row. */
  readonly counts: number;
  /** Entries a row has room for. */
  readonly entryStride: number;
}

/** A transposed pattern, for input gradients. */
export interface TransposedPattern extends Pattern {
  /** i32 word: non-zero asks for a rebuild whatever `changed` says. */
  readonly force: number;
  /** The op that brings it up to date after the pattern has changed. */
  readonly update: Op;
}

export interface Parameter {
  /** `<layer>.<name>`, e.g. "linear1.weight". */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly cols: number;
  /** f32 [rows, cols]. */
  readonly theta: number;
  /**
   * i32 [rows]: non-zeros of each row. (After a frozen step of an entries pattern: its entries, of
   * which some may be zero.)
   */
  readonly counts: number;
  /**
   * i32 [rows]: 1 where the last update changed the row's set of non-zeros (sparse kernels only).
   */
  readonly changed: number;
  readonly conv?: ConvLayout;
  /** i32 [cols]: the table of a convolution's columns, or 0. */
  readonly columns: number;
  readonly pattern?: Pattern;
  readonly transpose?: TransposedPattern;
  /** Which kernels multiply by it. */
  kernel: "dense" | "sparse";
  /**
   * What steps with a frozen pattern compute: "pattern" the gradient of its weights alone (sparse
   * kernels only), "all" every weight's,
   *  where that is cheaper.
   */
  gradient: "all" | "pattern";
}

export interface ParameterOptions {
  /** Keep a pattern of this kind, so that sparse kernels can be used. */
  readonly pattern?: PatternKind | undefined;
  /** Keep its transpose too, for the input gradient. */
  readonly transpose?: boolean | undefined;
  /** The weight is a convolution's. */
  readonly conv?: ConvLayout | undefined;
}

/**
 * Gives a parameter its place in memory. A vector [n] is one row of n columns; everything starts
 * dense and zero.
 */
export function createParameter(
  memory: Memory,
  { name, role, shape }: { name: string; role: ParameterRole; shape: readonly number[] },
  { pattern: kind, transpose = false, conv }: ParameterOptions = {},
): Parameter {
  const rows = shape.length > 1 ? shape[0] : 1;
  const cols = shape.reduce((product, n) => product * n, 1) / rows;
  const base = {
    name,
    role,
    shape,
    rows,
    cols,
    theta: memory.allocate(rows * cols * 4),
    counts: memory.allocate(rows * 4),
    changed: memory.allocate(rows * 4),
    columns: conv ? memory.put(conv.columns) : 0,
    ...(conv ? { conv } : {}),
    kernel: "dense" as const,
    gradient: "all" as const,
  };
  if (!kind) return base;
  const entryStride = kind === "pairs" ? conv!.inner : cols;
  const pattern: Pattern = {
    kind,
    entries: memory.allocate(rows * entryStride * 8),
    counts: kind === "pairs" ? memory.allocate(rows * 4) : base.counts,
    entryStride,
  };
  return {
    ...base,
    pattern,
    ...(transpose ? { transpose: createTranspose(memory, base, pattern) } : {}),
  };
}

type Base = Omit<Parameter, "pattern" | "transpose">;

function createTranspose(memory: Memory, parameter: Base, pattern: Pattern): TransposedPattern {
  const { rows, cols, changed, conv } = parameter;
  const force = memory.allocate(4);
  const { entries, counts } = pattern;
  /** Room for `lines` rows of `stride` entries. */
  const room = (lines: number, stride: number) => ({
    tEntries: memory.allocate(lines * stride * 8),
    tCounts: memory.allocate(lines * 4),
  });
  const finished = (
    places: { tEntries: number; tCounts: number },
    entryStride: number,
    update: Op,
  ) => ({
    kind: pattern.kind,
    entries: places.tEntries,
    counts: places.tCounts,
    entryStride,
    force,
    update,
  });
  if (!conv) {
    const places = { ...room(cols, rows), source: memory.allocate(rows * cols * 4) };
    const args = { entries, counts, changed, ...places, rows, cols, force };
    return finished(places, rows, op("transpose", cols, args));
  }
  const { inner, phases, mostTaps, planeBytes, rowBytes } = conv;
  if (pattern.kind === "pairs") {
    const places = room(inner, rows);
    const args = {
      entries,
      pairCounts: counts,
      changed,
      ...places,
      rows,
      inner,
      planeBytes,
      rowBytes,
      force,
    };
    return finished(places, rows, op("transposePairs", inner, args));
  }
  const entryStride = rows * mostTaps;
  const places = {
    ...room(phases * inner, entryStride),
    source: memory.allocate(phases * inner * entryStride * 4),
    tapTable: memory.put(conv.tapTable),
  };
  const geometry = {
    rows,
    cols,
    inner,
    phases,
    entryStride,
    rowBytes,
    kernel: kernelShape({ conv }),
  };
  const args = { entries, counts, changed, ...places, ...geometry, force };
  return finished(places, entryStride, op("transposeConv", inner, args));
}

/** The op that makes the pattern from dense theta. Needs a pattern. */
export function compressOp({
  rows,
  cols,
  columns,
  theta,
  counts,
  changed,
  pattern,
  conv,
}: Parameter): Op {
  const { kind, entries, counts: pairCounts } = pattern!;
  if (kind === "entries")
    return op("compress", rows, { theta, entries, counts, changed, rows, cols, columns });
  const { inner, planeBytes, kernelHeight, kernelWidth } = conv!;
  const taps = kernelHeight * kernelWidth;
  return op("compressPairs", rows, {
    theta,
    entries,
    pairCounts,
    counts,
    changed,
    rows,
    inner,
    taps,
    planeBytes,
  });
}

/** The ops that make dense theta from the pattern; none where theta is always up to date. */
export function expandOps({ rows, cols, columns, theta, counts, pattern }: Parameter): Op[] {
  if (pattern!.kind === "pairs") return [];
  return [op("expand", rows, { theta, entries: pattern!.entries, counts, rows, cols, columns })];
}

/** The layer that a parameter belongs to, by its name: "stem.conv" of "stem.conv.weight". */
export function layerOf({ name }: Parameter): string {
  return name.slice(0, name.lastIndexOf("."));
}

/**
 * How a kernel finds the column of an entry: arguments of those that take patterns of linear layers
 * (all 0) and convolutions.
 */
export function kernelShape({ conv }: Pick<Parameter, "conv">): Values<typeof KERNEL_SHAPE.fields> {
  const {
    planeSize = 0,
    rowSize = 0,
    kernelHeight: height = 0,
    kernelWidth: width = 0,
  } = conv ?? {};
  return { planeSize, rowSize, height, width };
}

/**
 * Where the weights of a pattern of the parameter are, as kernels want it (contract/composites.ts);
 * of none: entries is 0, all weights.
 */
export function patternArgs(
  parameter: Parameter,
  pattern: Pattern | undefined,
): Values<typeof PATTERN.fields> {
  const { theta, conv } = parameter;
  return {
    entries: pattern?.entries ?? 0,
    used: pattern?.counts ?? 0,
    entryStride: pattern?.entryStride ?? 0,
    group: pattern?.kind === "pairs" ? conv!.kernelHeight * conv!.kernelWidth : 0,
    theta,
    kernel: kernelShape(parameter),
  };
}
