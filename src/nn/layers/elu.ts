/**
 * The exponential linear unit.
 *
 *     y = x > 0 ? x : exp(x) - 1,   dx = y > 0 ? dy : (y + 1) dy
 *
 * Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
 * exponential linear units (ELUs)", ICLR 2016.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions } from "../../known-options.js";
import { activationTiled } from "../tiled/activation.js";
import type { ActivationOptions } from "./activation.js";
import { activationRule, type Activation } from "./activation-rule.js";
import { eachNumber, type WriteC } from "./c.js";
import { named, type LayerBase } from "./layer.js";
import type { ReadOnnx, WriteOnnx } from "./onnx.js";

export interface EluLayer extends LayerBase {
  readonly kind: "elu";
}

/**
 * An exponential linear unit: as a ReLU, except that it falls to -1 below zero, smoothly.
 *
 * @example
 * const model = sequential([784], [linear(200), elu(), linear(10)]);
 */
export function elu(options: ActivationOptions = {}): EluLayer {
  const { name } = knownOptions("elu", options, { name: 1 });
  return { kind: "elu", ...named(name) };
}

const ELU: Activation<EluLayer> = {
  code: 5,
  functionOf: () => (x) => (x > 0 ? x : Math.expm1(x)),
  fromJson: () => elu(),
};

elu.rule = activationRule(ELU);

export const eluEntry = /* @__PURE__ */ entry("elu", {}, () => elu());

export const eluTiled = /* @__PURE__ */ activationTiled(ELU);

export const eluOnnx: WriteOnnx<EluLayer> = (_layer, { xs, y, node }) => node("Elu", xs, y);

export const eluFromOnnx: ReadOnnx<EluLayer> = {
  Elu(float) {
    const alpha = float("alpha", 1);
    if (alpha !== 1) throw new InputError(`expected alpha 1, found ${alpha}`);
    return elu();
  },
};

export const eluC: WriteC<EluLayer> = /* @__PURE__ */ eachNumber(
  () => "x[i] > 0.0f ? x[i] : expm1f(x[i])",
);
