/**
 * Skip connections with learnable scalars: y = x_0 + s_1 x_1 + s_2 x_2 + ...
 *
 * The scalars start at 0, so that the net begins without skips and a sparse optimizer opens those
 * that pay. Source: Bungert, Roith, Tenbrinck, Burger, "Neural Architecture Search via Bregman
 * Iterations" (arXiv 2106.02479).
 */
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { floatText, loop, type WriteC } from "./c.js";
import { eachChannel, isIdentityOfOne } from "./channels.js";
import { size } from "../../shape-size.js";
import type { WriteOnnx } from "./onnx.js";
import { singleSum } from "./single.js";
import { named, type LayerBase, type LayerRule } from "./layer.js";

export interface ScaledSumLayer extends LayerBase {
  readonly kind: "scaledSum";
}

const OPTIONS: OptionKeys<{ name?: string }> = { name: 1 };

/**
 * The first input plus each further one times a learnable scalar (from 0). All inputs have one
 * shape.
 */
export function scaledSum(options: { name?: string } = {}): ScaledSumLayer {
  const { name } = knownOptions("scaledSum", options, OPTIONS);
  return { kind: "scaledSum", ...named(name) };
}

scaledSum.rule = {
  inputs: undefined,

  channels: {
    ...eachChannel,
    isOff({ values }) {
      const scale = values("scale").data;
      return (_c, input) => input > 0 && scale[input - 1] === 0;
    },
    sum: {
      isPlain: false,
      // The first one stays, a skip that is closed or zero goes.
      left({ inputs, values }, isZero) {
        const scale = values("scale").data;
        const isOpen = (input: number) => input === 0 || (scale[input - 1] !== 0 && !isZero(input));
        return inputs.map((_, input) => input).filter(isOpen);
      },
      valuesOf({ values }, left) {
        const scale = values("scale").data;
        const open = left.slice(1);
        const data = Float32Array.from(open, (input) => scale[input - 1]);
        return { scale: { shape: [open.length], data } };
      },
    },
    isIdentity: isIdentityOfOne,
    constants(_layer, [x, ...others], { values }) {
      const scale = values("scale").data;
      const term = (sum: number, c: number) =>
        others.reduce((all, other, k) => (scale[k] === 0 ? all : all + scale[k] * other[c]), sum);
      return x.map(term);
    },
  },

  single: {
    takes: { relu: true },
    inStep: true,
    lower: (_layer, at) => singleSum(at, at.place.values("scale").data),
  },

  fromJson: () => scaledSum(),

  outputShape(_layer, inputs) {
    if (inputs.length < 2 || inputs.some((shape) => shape.join() !== inputs[0].join())) {
      const found = inputs.map((shape) => `[${shape.join(", ")}]`).join(", ");
      throw new InputError(`expected two or more inputs of one shape, found ${found}`);
    }
    return inputs[0];
  },

  parameters: (_layer, inputs) => [
    { name: "scale", role: "skip", shape: [inputs.length - 1], fanIn: 1, initial: 0 },
  ],
} satisfies LayerRule<ScaledSumLayer>;

export const scaledSumOnnx: WriteOnnx<ScaledSumLayer> = (
  _layer,
  { xs, y, values, constant, node },
) => {
  const terms = [xs[0]];
  // A skip that never opened is not written.
  values("scale").data.forEach((scale, k) => {
    if (scale === 0) return;
    terms.push(`${y}.term${k + 1}`);
    node("Mul", [xs[k + 1], constant(`scale${k + 1}`, [], Float32Array.of(scale))], terms.at(-1)!);
  });
  node("Sum", terms, y);
};

export const scaledSumC: WriteC<ScaledSumLayer> = (
  _layer,
  { xs: [first, ...others], output, values },
) => {
  const scale = values("scale").data;
  const terms = others.flatMap((x, k) =>
    scale[k] === 0 ? [] : [`${floatText(scale[k])} * ${x}[i]`],
  );
  return {
    lines: loop("i", size(output), [`y[i] = ${[`${first}[i]`, ...terms].join(" + ")};`]),
    inPlace: true,
  };
};
