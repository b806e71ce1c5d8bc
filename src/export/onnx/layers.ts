/**
 * How each kind of layer is written as operators of ONNX. A kind that is left out does not compile.
 *
 * Not a member of its rule: pages that only predict would load it, too.
 */
import type { Layer } from "../../nn/layers/rules.js";
import type { OperatorWriter } from "./operators.js";

type Write<L> = (layer: L, writer: OperatorWriter) => void;

const windows = (side: number, stride: number) => ({
  kernel_shape: [side, side],
  strides: [stride, stride],
});

const LAYERS: { readonly [K in Layer["kind"]]: Write<Extract<Layer, { readonly kind: K }>> } = {
  linear(layer, { xs, y, parameter, node }) {
    const bias = layer.bias ? [parameter("bias")] : [];
    node("Gemm", [...xs, parameter("weight"), ...bias], y, { ints: { transB: 1 } });
  },

  conv2d({ kernel, stride, padding, bias }, { xs, y, parameter, node }) {
    node("Conv", [...xs, parameter("weight"), ...(bias ? [parameter("bias")] : [])], y, {
      ints: {
        kernel_shape: kernel,
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      },
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
  sigmoid: (_layer, { xs, y, node }) => node("Sigmoid", xs, y),
  silu(_layer, { xs, y, node }) {
    const gate = `${y}.gate`;
    node("Sigmoid", xs, gate);
    node("Mul", [...xs, gate], y);
  },

  maxPool2d: ({ size, stride }, { xs, y, node }) =>
    node("MaxPool", xs, y, { ints: windows(size, stride) }),
  avgPool2d({ size, stride }, { xs, y, node }) {
    if (size === undefined) node("GlobalAveragePool", xs, y);
    else node("AveragePool", xs, y, { ints: windows(size, stride) });
  },

  flatten: (_layer, { xs, y, node }) => node("Flatten", xs, y, { ints: { axis: 1 } }),
  add: (_layer, { xs, y, node }) => node("Sum", xs, y),
  concat: (_layer, { xs, y, node }) => node("Concat", xs, y, { ints: { axis: 1 } }),
  channels({ from, count }, { xs, y, constant, node }) {
    const numbers: Record<string, number> = { from, to: from + count, axis: 1 };
    node(
      "Slice",
      [...xs, ...Object.keys(numbers).map((name) => constant(name, [1], [numbers[name]]))],
      y,
    );
  },

  scaledSum(_layer, { xs, y, values, constant, node }) {
    const terms = [xs[0]];
    // A skip that never opened is not written.
    values("scale").data.forEach((scale, k) => {
      if (scale === 0) return;
      terms.push(`${y}.term${k + 1}`);
      node(
        "Mul",
        [xs[k + 1], constant(`scale${k + 1}`, [], Float32Array.of(scale))],
        terms.at(-1)!,
      );
    });
    node("Sum", terms, y);
  },

  dropout: (_layer, { xs, y, node }) => node("Identity", xs, y),
};

/** Writes a layer. */
export function writeOperators(layer: Layer, writer: OperatorWriter): void {
  (LAYERS[layer.kind] as Write<Layer>)(layer, writer);
}
