/** What the weight of a convolution must know of the tensors around it. */
import type { KERNEL_SHAPE, FieldValues } from "../contract/composites.js";
import { TILE } from "../kernel-table.js";

/** nn/tiled/conv-geometry.ts makes it. */
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

/** A weight may be a convolution's. */
export interface MaybeConv {
  readonly conv?: ConvLayout;
}

/**
 * How a kernel finds the column of an entry: arguments of those that take patterns of linear layers
 * (all 0) and convolutions.
 */
export function kernelShape({ conv }: MaybeConv): FieldValues<typeof KERNEL_SHAPE.fields> {
  const {
    planeSize = 0,
    rowSize = 0,
    kernelHeight: height = 0,
    kernelWidth: width = 0,
  } = conv ?? {};
  return { planeSize, rowSize, height, width };
}

/**
 * The column of an entry by its offset: that of entryColumn in kernels/conv.h. (Offsets above 2 GiB
 * are negative in an Int32Array.)
 */
export function columnOf({ conv }: MaybeConv): (offset: number) => number {
  if (!conv) return (offset) => (offset >>> 0) / (TILE * 4);
  const { planeSize, rowSize, kernelHeight, kernelWidth } = conv;
  return (offset) => {
    const position = (offset >>> 0) / (TILE * 4);
    const rest = position % planeSize;
    const row = Math.floor(position / planeSize) * kernelHeight + Math.floor(rest / rowSize);
    return row * kernelWidth + (rest % rowSize);
  };
}

/** The offset that an entry of this column carries: the inverse of {@link columnOf}. */
export function offsetOf({ conv }: MaybeConv): (column: number) => number {
  if (!conv) return (column) => column * TILE * 4;
  return (column) => conv.columns[column] >>> 0;
}
