/**
 * Nodes of an ONNX graph that depend on no input: exporters compute shapes and weights by them.
 *
 * A kind: what it gives for its inputs, all of them constant.
 */
import { InputError } from "../../../errors.js";
import { isTypedArray } from "../../../kinds.js";
import { roomFor } from "../../../room-for.js";
import { size } from "../../../shape-size.js";
import { fromHalf, toHalf } from "../../half.js";
import { DATA_TYPE } from "../proto.js";
import { type Constant, constant, FLOATING } from "./constant.js";
import {
  floatOf,
  floatsOf,
  intOf,
  intsOf,
  neededAt,
  type NodeAt,
  OPEN_BATCH,
  tensorOf,
  wholeNumbers,
} from "./node.js";
import { broadcastStrides, placeAt, stridesOf } from "./strides.js";
import { axisOf } from "./value.js";

type Fold = (at: NodeAt) => Constant;

/** The numbers of an array of one kind in another. */
function alike({ data }: Constant, length: number): Float32Array | Float64Array {
  const what = `${length} constants`;
  return isTypedArray(data, "Float32Array")
    ? roomFor(Float32Array, length, what)
    : roomFor(Float64Array, length, what);
}

/** What f gives of both, broadcast. */
function broadcast(a: Constant, b: Constant, f: (x: number, y: number) => number): Constant {
  const rank = Math.max(a.shape.length, b.shape.length);
  const [left, right] = [a, b].map(({ shape }) => [
    ...Array<number>(rank - shape.length).fill(1),
    ...shape,
  ]);
  const shape = left.map((n, k) => {
    if (n !== right[k] && n !== 1 && right[k] !== 1)
      throw new InputError(`shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}] don't fit`);
    return n === 1 ? right[k] : n;
  });
  const data = alike(a, size(shape));
  const [p, q] = [left, right].map(broadcastStrides);
  for (let k = 0; k < data.length; k++)
    data[k] = f(a.data[placeAt(k, shape, p)], b.data[placeAt(k, shape, q)]);
  return constant(shape, data, a.whole && b.whole);
}

const arithmetic =
  (f: (x: number, y: number) => number): Fold =>
  (at) =>
    broadcast(neededAt(at, 0), neededAt(at, 1), f);

/** A shape with -1 worked out, and 0 as it was. */
export function reshapedTo(
  from: readonly number[],
  wanted: readonly number[],
  keepZero = false,
): readonly number[] {
  const shape = wanted.map((n, k) => (n === 0 && !keepZero ? (from[k] ?? 0) : n));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = size(from) / size(shape.filter((_, k) => k !== open));
  if (size(shape) !== size(from) || shape.some((n) => !Number.isInteger(n) || n < 0))
    throw new InputError(`[${from.join(", ")}] can't have the shape [${wanted.join(", ")}]`);
  return shape;
}

/** A shape without these sides, or without all of length 1. */
export function squeezed(
  shape: readonly number[],
  axes: readonly number[] | undefined,
): readonly number[] {
  const gone = axes?.map((axis) => axisOf(axis, shape.length));
  if (gone?.some((axis) => shape[axis] !== 1))
    throw new InputError(`[${shape.join(", ")}] has no sides of length 1 at ${gone.join(", ")}`);
  return shape.filter((n, k) => (gone ? !gone.includes(k) : n !== 1));
}

/** A shape with new sides of length 1 at these places of what comes out. */
export function unsqueezed(
  shape: readonly number[],
  axes: readonly number[] | undefined,
): readonly number[] {
  if (axes === undefined) throw new InputError("expected axes");
  const rank = shape.length + axes.length;
  const fresh = axes.map((axis) => axisOf(axis, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, k) => (fresh.includes(k) ? 1 : rest.shift()!));
}

function transposed(
  { shape, data, whole }: Constant,
  perm: readonly number[],
  out: Constant["data"],
) {
  const strides = stridesOf(shape);
  const to = perm.map((axis) => shape[axis]);
  const moved = perm.map((axis) => strides[axis]);
  for (let k = 0; k < out.length; k++) out[k] = data[placeAt(k, to, moved)];
  return constant(to, out, whole);
}

/** The k-th of a constant's slices along an axis, joined in this order. */
function taken(x: Constant, axis: number, indices: readonly number[]): Constant["data"] {
  const [before, length] = [size(x.shape.slice(0, axis)), x.shape[axis]];
  const run = size(x.shape.slice(axis + 1));
  const out = alike(x, before * indices.length * run);
  for (let b = 0; b < before; b++)
    indices.forEach((index, k) => {
      const at = (b * length + axisOf(index, length)) * run;
      out.set(x.data.subarray(at, at + run), (b * indices.length + k) * run);
    });
  return out;
}

/** Where slices begin and end, along which axes. */
export function slicesOf(at: NodeAt, shape: readonly number[]) {
  const starts = wholeNumbers(at, 1, "starts") ?? [];
  const ends = wholeNumbers(at, 2, "ends") ?? [];
  const axes = wholeNumbers(at, 3, "axes") ?? starts.map((_, k) => k);
  const steps = wholeNumbers(at, 4, "steps") ?? starts.map(() => 1);
  return starts.map((start, k) => {
    const axis = axisOf(axes[k], shape.length);
    const length = shape[axis];
    if (steps[k] !== 1) throw new InputError(`a step of ${steps[k]} is not read, only 1`);
    const within = (n: number) => Math.min(Math.max(n < 0 ? n + length : n, 0), length);
    return { axis, from: within(start), to: Math.max(within(start), within(ends[k])) };
  });
}

/** Numbers in another type, as far as it is known what they are then. */
function cast(at: NodeAt): Constant {
  const { shape, data } = neededAt(at, 0);
  const to = intOf(at, "to", 1);
  if (FLOATING.has(to) && at.batch === OPEN_BATCH && data.includes(OPEN_BATCH))
    throw new InputError("computes with the number of samples, which is open");
  switch (to) {
    case DATA_TYPE.float:
      return constant(shape, Float32Array.from(data));
    case DATA_TYPE.double:
      return constant(shape, Float64Array.from(data));
    case DATA_TYPE.float16:
      return constant(
        shape,
        Float32Array.from(data, (v) => fromHalf(toHalf(v))),
      );
    case DATA_TYPE.int32:
    case DATA_TYPE.int64:
      return constant(shape, Float64Array.from(data, Math.trunc), true);
    case DATA_TYPE.bool:
      return constant(
        shape,
        Float64Array.from(data, (v) => (v === 0 ? 0 : 1)),
        true,
      );
    default:
      throw new InputError(`casts to type ${to}, which is not read`);
  }
}

const OPERATORS: Readonly<Record<string, Fold>> = {
  Constant(at) {
    const tensor = tensorOf(at, "value");
    if (tensor) return tensor;
    const [ints, floats] = [intsOf(at, "value_ints"), floatsOf(at, "value_floats")];
    if (ints && ints.length > 0) return constant([ints.length], ints, true);
    if (floats && floats.length > 0) return constant([floats.length], Float32Array.from(floats));
    const number = floatOf(at, "value_float", Number.NaN);
    if (!Number.isNaN(number)) return constant([], Float32Array.of(number));
    return constant([], [intOf(at, "value_int", 0)], true);
  },
  ConstantOfShape(at) {
    const shape = Array.from(neededAt(at, 0).data);
    const value = tensorOf(at, "value") ?? constant([1], Float32Array.of(0));
    return constant(shape, alike(value, size(shape)).fill(value.data[0]), value.whole);
  },
  Identity: (at) => neededAt(at, 0),
  Cast: cast,
  Shape: (at) => constant([neededAt(at, 0).shape.length], neededAt(at, 0).shape, true),
  Add: arithmetic((x, y) => x + y),
  Sub: arithmetic((x, y) => x - y),
  Mul: arithmetic((x, y) => x * y),
  Div(at) {
    const whole = neededAt(at, 0).whole && neededAt(at, 1).whole;
    return arithmetic((x, y) => (whole ? Math.trunc(x / y) : x / y))(at);
  },
  Gather(at) {
    const [x, indices] = [neededAt(at, 0), neededAt(at, 1)];
    const axis = axisOf(intOf(at, "axis", 0), x.shape.length);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return constant(shape, taken(x, axis, Array.from(indices.data)), x.whole);
  },
  Slice(at) {
    let x = neededAt(at, 0);
    for (const { axis, from, to } of slicesOf(at, x.shape)) {
      const indices = Array.from({ length: to - from }, (_, k) => from + k);
      x = constant(x.shape.with(axis, to - from), taken(x, axis, indices), x.whole);
    }
    return x;
  },
  Concat(at) {
    const all = at.inputs.map((_, k) => neededAt(at, k));
    const axis = axisOf(intOf(at, "axis", 0), all[0].shape.length);
    const before = size(all[0].shape.slice(0, axis));
    const shape = all[0].shape.with(
      axis,
      all.reduce((sum, { shape: own }) => sum + own[axis], 0),
    );
    const data = alike(all[0], size(shape));
    let place = 0;
    for (let b = 0; b < before; b++)
      for (const { data: own } of all) {
        const run = own.length / before;
        data.set(own.subarray(b * run, (b + 1) * run), place);
        place += run;
      }
    return constant(shape, data, all[0].whole);
  },
  Reshape(at) {
    const x = neededAt(at, 0);
    const wanted = wholeNumbers(at, 1, "shape") ?? [];
    return constant(reshapedTo(x.shape, wanted, intOf(at, "allowzero", 0) === 1), x.data, x.whole);
  },
  Squeeze(at) {
    const x = neededAt(at, 0);
    return constant(squeezed(x.shape, wholeNumbers(at, 1, "axes")), x.data, x.whole);
  },
  Unsqueeze(at) {
    const x = neededAt(at, 0);
    return constant(unsqueezed(x.shape, wholeNumbers(at, 1, "axes")), x.data, x.whole);
  },
  Transpose(at) {
    const x = neededAt(at, 0);
    const perm = intsOf(at, "perm") ?? x.shape.map((_, k) => x.shape.length - 1 - k);
    return transposed(x, perm, alike(x, x.data.length));
  },
};

/** What a node of constant inputs gives; undefined for an operator that is not worked out. */
export function foldConstant(at: NodeAt): Constant | undefined {
  const [operator] = at.node.opType;
  return Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator](at) : undefined;
}
