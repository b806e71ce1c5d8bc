/**
 * How each kind of layer is written in C. A kind that is left out does not compile.
 *
 * Not a member of its rule: pages that only predict would load it, too.
 */
import { InternalError } from "../../errors.js";
import type { Layer } from "../../nn/layers/rules.js";
import { batchNorm2d } from "../../nn/layers/batch-norm2d.js";
import { size } from "../../shape-size.js";
import { writeConv2d } from "./conv2d.js";
import { floatText } from "./text.js";
import { loop, type LayerCode, type LayerWriter } from "./writer.js";

type Write<L> = (layer: L, writer: LayerWriter) => LayerCode;

const LAYERS: { readonly [K in Layer["kind"]]: Write<Extract<Layer, { readonly kind: K }>> } = {
  linear({ out, bias }, { weight, values, floats }) {
    const { before, row, scale } = weight("weight");
    const sum = scale ? `${scale} * sum` : "sum";
    const shift = bias ? ` + ${floats("bias", values("bias").data)}[o]` : "";
    const lines = loop("o", out, [
      "float sum = 0.0f;",
      ...row((value, place) => [`sum += ${value} * x[${place}];`]),
      `y[o] = ${sum}${shift};`,
    ]);
    return { lines: [...before, ...lines] };
  },

  conv2d: writeConv2d,

  batchNorm2d(layer, { inputs: [[channels, ...plane]], inputs, output, values, floats }) {
    const by = batchNorm2d.rule.channels;
    if (by.by !== "channel" || !by.affine) throw new InternalError("batchNorm2d is not affine");
    const { factor, shift } = by.affine(layer, { inputs, output, values });
    const [a, b] = [floats("factor", factor), floats("shift", shift)];
    const positions = size(plane);
    const at = `c * ${positions} + i`;
    return {
      lines: loop(
        "c",
        channels,
        loop("i", positions, [`y[${at}] = ${a}[c] * x[${at}] + ${b}[c];`]),
      ),
      inPlace: true,
    };
  },

  relu: elementwise(() => "x[i] < 0.0f ? 0.0f : x[i]"),
  leakyRelu: elementwise(({ slope }) => `x[i] > 0.0f ? x[i] : ${floatText(slope)} * x[i]`),
  silu: elementwise(() => "x[i] / (1.0f + expf(-x[i]))"),
  tanh: elementwise(() => "tanhf(x[i])"),
  sigmoid: elementwise(() => "1.0f / (1.0f + expf(-x[i]))"),

  maxPool2d: ({ size: side, stride }, { inputs, output }) =>
    pool([side, side], stride, inputs[0], output, {
      start: "from[0]",
      step: (value) => [`if (${value} > all) all = ${value};`],
      end: "all",
    }),

  avgPool2d({ size: side, stride }, { inputs, output }) {
    const [, height, width] = inputs[0];
    const window = [side ?? height, side ?? width] as const;
    return pool(window, stride, inputs[0], output, {
      start: "0.0f",
      step: (value) => [`all += ${value};`],
      end: `all / ${floatText(size(window))}`,
    });
  },

  flatten: () => ({ view: 0 }),
  dropout: () => ({ view: 0 }),
  channels: ({ from }, { inputs: [[, ...plane]] }) => ({ view: from * size(plane) }),

  add: (_layer, { xs, output }) => ({
    lines: loop("i", size(output), [`y[i] = ${xs.map((x) => `${x}[i]`).join(" + ")};`]),
    inPlace: true,
  }),

  scaledSum(_layer, { xs: [first, ...others], output, values }) {
    const scale = values("scale").data;
    const terms = others.flatMap((x, k) =>
      scale[k] === 0 ? [] : [`${floatText(scale[k])} * ${x}[i]`],
    );
    return {
      lines: loop("i", size(output), [`y[i] = ${[`${first}[i]`, ...terms].join(" + ")};`]),
      inPlace: true,
    };
  },

  concat(_layer, { xs, inputs }) {
    let from = 0;
    const lines = xs.flatMap((x, k) => {
      const count = size(inputs[k]);
      from += count;
      return loop("i", count, [`y[${from - count} + i] = ${x}[i];`]);
    });
    return { lines };
  },
};

/** Writes a layer. */
export function writeLayer(layer: Layer, writer: LayerWriter): LayerCode {
  return (LAYERS[layer.kind] as Write<Layer>)(layer, writer);
}

/** A layer of one input that gives a function of each number, `x[i]`. */
function elementwise<L>(expression: (layer: L) => string): Write<L> {
  return (layer, { output }) => ({
    lines: loop("i", size(output), [`y[i] = ${expression(layer)};`]),
    inPlace: true,
  });
}

/** Something of each window: `all`. */
interface OfWindow {
  readonly start: string;
  step(value: string): readonly string[];
  readonly end: string;
}

function pool(
  [kh, kw]: readonly [height: number, width: number],
  stride: number,
  [, height, width]: readonly number[],
  [channels, rows, columns]: readonly number[],
  { start, step, end }: OfWindow,
): LayerCode {
  // One that is larger than the plane leaves one window, whatever it is.
  const by = Math.min(stride, Math.max(height, width));
  const window = [
    `const float *from = x + (c * ${height} + r * ${by}) * ${width} + s * ${by};`,
    `float all = ${start};`,
    ...loop("i", kh, loop("j", kw, step(`from[i * ${width} + j]`))),
    `y[(c * ${rows} + r) * ${columns} + s] = ${end};`,
  ];
  return { lines: loop("c", channels, loop("r", rows, loop("s", columns, window))) };
}
