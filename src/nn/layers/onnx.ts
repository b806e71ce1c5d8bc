/** What a layer is written as operators of ONNX with; export/onnx has the file around them. */
import type { Shape } from "../../regularizers/regularizer.js";
import type { Values } from "../network.js";

/** What an operator's attributes may be: whole numbers, lists of them, and floats. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** What a layer is written with. */
export interface OperatorWriter {
  /** Names of the layer's inputs. */
  readonly xs: readonly string[];
  /** Name of its output. */
  readonly y: string;
  /** Values of a parameter or buffer of the layer. */
  values(name: string): Values;
  /** Adds a parameter to the file; its name there. */
  parameter(name: string): string;
  /** Adds numbers to the file; their name there. Whole numbers are int64. */
  constant(name: string, shape: Shape, data: Float32Array | readonly number[]): string;
  /** Adds an operator (opset 13). */
  node(operator: string, inputs: readonly string[], output: string, attributes?: Attributes): void;
}

/**
 * The operators that are a layer of a kind each, whatever shape they read; `float` gives an
 * attribute of them, or what it is if the file has none.
 *
 * They throw an InputError for attributes that the kind has no place for.
 */
export type ReadOnnx<L> = Readonly<
  Record<string, (float: (name: string, otherwise: number) => number) => L>
>;

/** How a kind is written as operators of ONNX. */
export type WriteOnnx<L> = (layer: L, writer: OperatorWriter) => void;
