/** One node of an ONNX graph: its attributes and what it reads. */
import { InputError } from "../../../errors.js";
import type { ReadNode } from "../proto.js";
import type { Builder } from "./builder.js";
import { type Constant, readTensor } from "./constant.js";
import type { SampleValue, GraphValue } from "./value.js";

/** Samples of a batch where the file leaves it open: a number that no other side has. */
export const OPEN_BATCH = 1_000_003;

/** A node that is being read. */
export interface NodeAt {
  readonly node: ReadNode;
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly builder: Builder;
  readonly opset: number;
  /** Samples of a batch, in shapes that the graph computes. */
  readonly batch: number;
  /** How often what the k-th input is is read, in all of the graph. */
  uses(k: number): number;
  /** Whether the graph gives what this node gives. */
  readonly isOutput: boolean;
  /** Name for a layer that this node becomes. */
  readonly name: string | undefined;
}

const attributeOf = ({ node }: NodeAt, name: string) =>
  node.attribute.find((one) => one.name[0] === name);

/** A whole number among the attributes. */
export function intOf(at: NodeAt, name: string, otherwise: number): number {
  return attributeOf(at, name)?.i[0] ?? otherwise;
}

/** A list of them; undefined: there is none. */
export function intsOf(at: NodeAt, name: string): readonly number[] | undefined {
  return attributeOf(at, name)?.ints;
}

export function floatOf(at: NodeAt, name: string, otherwise: number): number {
  return attributeOf(at, name)?.f[0] ?? otherwise;
}

export function floatsOf(at: NodeAt, name: string): readonly number[] | undefined {
  return attributeOf(at, name)?.floats;
}

export function textOf(at: NodeAt, name: string, otherwise: string): string {
  return attributeOf(at, name)?.s[0] ?? otherwise;
}

export function tensorOf(at: NodeAt, name: string): Constant | undefined {
  const tensor = attributeOf(at, name)?.t[0];
  return tensor && readTensor(tensor);
}

/** The k-th input, which must depend on the graph's. */
export function activationAt({ inputs }: NodeAt, k: number): SampleValue {
  const value = inputs[k];
  if (value?.is === "activation") return value;
  throw new InputError(`expected input ${k} to depend on the graph's input`);
}

/** The k-th input, which must be constant; undefined if there is none. */
export function constantAt({ inputs }: NodeAt, k: number): Constant | undefined {
  const value = inputs[k];
  if (value === undefined || value.is === "constant") return value;
  throw new InputError(`expected input ${k} to be constant`);
}

/** The same, which must be there. */
export function neededAt(at: NodeAt, k: number): Constant {
  const value = constantAt(at, k);
  if (value === undefined) throw new InputError(`expected ${k + 1} inputs`);
  return value;
}

/** Whole numbers that stand in an input, or in older files in an attribute. */
export function wholeNumbers(at: NodeAt, k: number, name: string): readonly number[] | undefined {
  const value = constantAt(at, k);
  return value ? Array.from(value.data) : intsOf(at, name);
}
