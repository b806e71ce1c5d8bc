/**
 * What the nodes of an ONNX graph give, as the reader sees it.
 *
 * Our layers have images as [channels, height, width]. A graph may see them otherwise, such as
 * TensorFlow's, in which channels come last: a value says which of our sides each of the sides is
 * that the graph sees, and of a flat one, where in ours each of its features is.
 */
import { InputError } from "../../../errors.js";
import type { Shape } from "../../../regularizers/regularizer.js";
import { roomFor } from "../../../room-for.js";
import { size } from "../../../shape-size.js";
import type { Constant } from "./constant.js";
import { broadcastStrides, placeAt, stridesOf } from "./strides.js";

/** What depends on the input, for one sample. */
export interface SampleValue {
  readonly is: "activation";
  /** The entry that gives it; -1 is the input. */
  readonly entry: number;
  /** As our layer gives it. */
  readonly shape: Shape;
  /** As the graph sees it, without the batch. */
  readonly seen: readonly number[];
  /**
   * Of an image: which of our three sides each side is that the graph sees. Two, of [channels,
   * length]: the third is 1 long.
   */
  readonly sides?: readonly number[];
  /** Of what was an image seen otherwise: our feature for each feature that the graph sees. */
  readonly features?: Int32Array;
  /** It is so many times what the entry gives; of the skips of a sum. Absent: 1. */
  readonly scale?: number;
  /** It is the graph's input, of which nobody has said yet what it is: see input.ts. */
  readonly open?: true;
  /** Of the input: the graph's has its channels last. */
  readonly turned?: boolean;
  /** It is sigmoid(x) of what this entry gives. */
  readonly gateOf?: number;
  /** Of the input: what has been taken off each feature, and what it was divided by then. */
  readonly mean?: Float64Array;
  readonly std?: Float64Array;
}

/** A value of a graph. */
export type GraphValue = Constant | SampleValue;

const PLAIN_SIDES = [0, 1, 2];

/** What a layer of ours gives, seen as it is. */
export function givenBy(entry: number, shape: Shape): SampleValue {
  return {
    is: "activation",
    entry,
    shape,
    seen: shape,
    ...(shape.length === 3 && { sides: PLAIN_SIDES }),
  };
}

/** Whether the graph sees an image with its channels first: of three sides, or of two. */
export function isChannelsFirst({ seen, shape, sides }: SampleValue): boolean {
  if (seen.length === 2) return sides?.[0] === 0;
  return seen.length === 3 && !!sides?.every((side, k) => side === k || shape[side] === 1);
}

/** Whether the graph sees the numbers in the order in which our layer gives them. */
export function isInOrder({ shape, sides, features }: SampleValue): boolean {
  const long = sides?.filter((side) => shape[side] !== 1) ?? [];
  return !features && long.every((side, k) => k === 0 || side > long[k - 1]);
}

/** A new value whose sides are in the order of another's. */
export function inOrderOf({ sides }: SampleValue, y: SampleValue): SampleValue {
  return sides ? { ...y, sides, seen: sides.map((side) => y.shape[side]) } : y;
}

/**
 * The same numbers in another shape, if that moves no number: sides of length 1 come and go.
 *
 * @returns undefined where it is no image any more
 */
export function withSides(value: SampleValue, seen: readonly number[]): SampleValue | undefined {
  if (seen.length !== 3 && seen.length !== 2) return undefined;
  const long = (shape: readonly number[]) => shape.map((_, k) => k).filter((k) => shape[k] !== 1);
  const [from, to] = [long(value.seen), long(seen)];
  if (from.map((k) => value.seen[k]).join() !== to.map((k) => seen[k]).join()) return undefined;
  const sides = value.sides!;
  const taken = new Set(from.map((k) => sides[k]));
  const rest = PLAIN_SIDES.filter((side) => !taken.has(side));
  const all = seen.map((_, k) => (seen[k] === 1 ? rest.shift()! : sides[from[to.indexOf(k)]]));
  return { ...value, seen, sides: all };
}

/** Our feature for each feature of an image that is flattened as the graph sees it. */
export function featuresOf({ shape, seen, sides }: SampleValue): Int32Array | undefined {
  if (sides === undefined || isInOrder({ shape, seen, sides } as SampleValue)) return undefined;
  const own = stridesOf(shape);
  const strides = sides.map((side) => own[side]);
  return Int32Array.from({ length: size(seen) }, (_, k) => placeAt(k, seen, strides));
}

/**
 * The numbers of a constant, one for each index of a side that the graph sees; undefined if they
 * differ along another side, too. Sides are counted from behind, as broadcasting does.
 */
export function alongSide(
  { shape, data }: Constant,
  seen: readonly number[],
  side: number,
): Float64Array | undefined {
  const behind = seen.length - side;
  const length = seen[side];
  if (data.length === 1) return new Float64Array(length).fill(data[0]);
  // In front of the sides may stand that of the batch.
  const at = shape.length - behind;
  const isAlone = shape.every((n, k) => n === 1 || k === at);
  return isAlone && shape[at] === length ? Float64Array.from(data) : undefined;
}

/** The index of an axis of the graph, which counts the batch; from behind if it is negative. */
export function axisOf(axis: number, rank: number): number {
  const place = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(place) || place < 0 || place >= rank)
    throw new InputError(`axis ${axis} is none of ${rank}`);
  return place;
}

/** A constant for each feature that the graph sees, as broadcasting does; undefined if it can't. */
export function forEachFeature(
  { shape, data }: Constant,
  seen: readonly number[],
): Float64Array | undefined {
  // In front of the sides may stand that of the batch.
  const extra = shape.length - seen.length;
  if (extra > 1 || (extra === 1 && shape[0] !== 1)) return undefined;
  const own = seen.map((_, k) => shape[k + extra] ?? 1);
  if (own.some((n, k) => n !== 1 && n !== seen[k])) return undefined;
  const all = roomFor(Float64Array, size(seen), `${size(seen)} constants`);
  const strides = broadcastStrides(own);
  return all.map((_, k) => data[placeAt(k, seen, strides)]);
}

/** What a layer gives that computes each number alone: it is seen as what it reads. */
export function seenLike({ seen, sides, features }: SampleValue, y: SampleValue): SampleValue {
  return { ...y, seen, ...(sides && { sides }), ...(features && { features }) };
}
