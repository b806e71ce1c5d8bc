/** Each kind of layer as operators of ONNX (opset 13). */
import type { Layer } from "../../nn/layers/rules.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { Values } from "../../nn/network.js";

/** What an operator's attributes may be: whole numbers, lists of them, and floats. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** What a layer is written with. */
export interface Writer {
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
  /** Adds an operator. */
  node(operator: string, inputs: readonly string[], output: string, attributes?: Attributes): void;
}

type LayerOf<K extends Layer["kind"]> = Extract<Layer, { kind: K }>;

const OPERATORS: { readonly [K in Layer["kind"]]: (layer: LayerOf<K>, writer: Writer) => void } = {
  linear: (layer, { xs, y, parameter, node }) =>
    node("Gemm", [...xs, parameter("weight"), ...(layer.bias ? [parameter("bias")] : [])], y, { ints: { transB: 1 } }),

  conv2d({ kernel, stride, padding, bias }, { xs, y, parameter, node }) {
    node("Conv", [...xs, parameter("weight"), ...(bias ? [parameter("bias")] : [])], y, {
      ints: { kernel_shape: kernel, strides: [stride, stride], pads: [padding, padding, padding, padding] },
    });
  },

  batchNorm2d({ eps }, { xs, y, values, parameter, constant, node }) {
    const { shape, data } = values("running");
    const [mean, variance] = ["mean", "variance"].map((name, k) =>
      constant(name, [shape[1]], data.slice(k * shape[1], (k + 1) * shape[1])),
    );
    const inputs = [...xs, parameter("weight"), parameter("bias"), mean, variance];
    node("BatchNormalization", inputs, y, { floats: { epsilon: eps } });
  },

  relu: (_layer, { xs, y, node }) => node("Relu", xs, y),
  leakyRelu: ({ slope }, { xs, y, node }) => node("LeakyRelu", xs, y, { floats: { alpha: slope } }),
  tanh: (_layer, { xs, y, node }) => node("Tanh", xs, y),
  maxPool2d: ({ size, stride }, { xs, y, node }) => node("MaxPool", xs, y, { ints: pooling(size, stride) }),
  avgPool2d: ({ size, stride }, { xs, y, node }) =>
    size === undefined ? node("GlobalAveragePool", xs, y) : node("AveragePool", xs, y, { ints: pooling(size, stride) }),

  flatten: (_layer, { xs, y, node }) => node("Flatten", xs, y, { ints: { axis: 1 } }),
  add: (_layer, { xs, y, node }) => node("Sum", xs, y),
  concat: (_layer, { xs, y, node }) => node("Concat", xs, y, { ints: { axis: 1 } }),
  channels({ from, count }, { xs, y, constant, node }) {
    const range = [constant("from", [1], [from]), constant("to", [1], [from + count]), constant("axis", [1], [1])];
    node("Slice", [...xs, ...range], y);
  },
  scaledSum(_layer, { xs, y, values, constant, node }) {
    const terms = [xs[0]];
    // A skip that never opened is not written.
    values("scale").data.forEach((scale, k) => {
      if (scale === 0) return;
      terms.push(`${y}.term${k + 1}`);
      node("Mul", [xs[k + 1], constant(`scale${k + 1}`, [], Float32Array.of(scale))], terms.at(-1)!);
    });
    node("Sum", terms, y);
  },
  dropout: (_layer, { xs, y, node }) => node("Identity", xs, y),
};

function pooling(size: number, stride: number): Record<string, readonly number[]> {
  return { kernel_shape: [size, size], strides: [stride, stride] };
}

/** Writes one layer. */
export function writeLayer(layer: Layer, writer: Writer): void {
  (OPERATORS[layer.kind] as (layer: Layer, writer: Writer) => void)(layer, writer);
}
