/**
 * A network as one file of C99 that needs no runtime: for boards, and for any other language.
 *
 *     void <name>(const float *in, float *out);
 *
 *     in     one sample as `predict` takes it (a byte counts as value / 255), row-major: the
 *            normalization is part of the file
 *     out    what `predict` gives for it, to rounding: for a classifier logits
 *
 * The network is simplified first. Each layer is a function, its weights are constants, as their
 * non-zeros where that is smaller; values between layers are in static memory (memory.ts).
 */
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { inputShapes } from "../../nn/model.js";
import type { Network, Values } from "../../nn/network.js";
import { eachNonZero } from "../../nn/packed-values.js";
import { simplify } from "../simplify/simplify.js";
import { createArrays } from "./arrays.js";
import { functionText, mainText, type CodeStep, viewAsCode } from "./functions.js";
import { headText } from "./head.js";
import { writeCOf } from "../../nn/layers/part-of.js";
import { placeValues } from "./memory.js";
import { writeNormalization } from "./normalization.js";
import { checkIdentifier } from "./text.js";
import { VALUE_KINDS, type ValueKind } from "./value-kind.js";
import { writeWeight } from "./weight.js";

export interface COptions {
  /** Name of the function; other names in the file begin with it. Default "predict". */
  readonly name?: string | undefined;
  /**
   * How weights are kept. "int8": whole numbers of eight bits with a scale a unit or output
   * channel, a byte each instead of four, for some loss of accuracy. Default "float32".
   */
  readonly values?: ValueKind | undefined;
  /** Texts to say in the head of the file. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export const C_OPTIONS: OptionKeys<COptions> = { name: 1, values: 1, metadata: 1 };

/**
 * A network as C99: one file, which compiles as C++, too. It needs no library except math.h, takes
 * nothing from the heap, and says how many bytes of constants and of static memory it has.
 *
 * @throws InputError if a parameter or buffer is missing or not finite, or for a name that a
 *   function can't have; also for a network that is too large for a text
 * @example
 * const text = encodeC(loadModel("runs/first/model.safetensors"), { name: "digit" });
 */
export function encodeC(network: Network, options: COptions = {}): string {
  const given = knownOptions("encodeC", options, C_OPTIONS);
  const { name = "predict", values: kind = "float32", metadata = {} } = given;
  checkIdentifier("encodeC", name);
  if (!VALUE_KINDS.includes(kind)) {
    const found = String(kind);
    throw new InputError(`encodeC: values must be ${VALUE_KINDS.join(" or ")}, found ${found}`);
  }
  const small = simplify(network);
  for (const all of [small.parameters, small.buffers]) all.forEach(checkFinite);

  const { model } = small;
  const arrays = createArrays();
  const normalization = writeNormalization(small, `${name}_normalize`, arrays);
  const steps = model.nodes.map((node, k): CodeStep => {
    const full = `${name}_${k + 1}_${node.name.replace(/\W/g, "_")}`;
    const add = arrays.adder(full);
    const valuesOf = (key: string) => {
      const path = `${node.name}.${key}`;
      return (small.parameters.get(path) ?? small.buffers.get(path))!;
    };
    const xs = node.inputs.length === 1 ? ["x"] : node.inputs.map((_, i) => `x${i}`);
    const written = writeCOf(node.layer)(node.layer, {
      inputs: inputShapes(model, node),
      output: node.shape,
      xs,
      values: valuesOf,
      floats: (what, data) => add(what, "float", data),
      weight: (what) => writeWeight(what, valuesOf(what), kind, add),
    });
    const isLast = k === model.nodes.length - 1;
    const code = "view" in written && isLast ? viewAsCode(written.view, node.shape) : written;
    return { name: full, node, xs, code, arrays: arrays.take() };
  });
  const codes = steps.map(({ code }) => code);
  const places = placeValues(model, codes, normalization !== undefined);
  const functions = steps.map((step) => functionText(name, model, step));
  const head = headText({
    name,
    network: small,
    kind,
    metadata,
    constantBytes: arrays.bytes(),
    floats: places.floats,
    needsMath: functions.some((text) => /\b(tanhf|expf)\(/.test(text)),
  });
  const main = mainText(name, steps, places, normalization?.name);
  return [head, normalization?.text ?? "", ...functions, main].filter(Boolean).join("\n");
}

function checkFinite(values: Values, name: string): void {
  eachNonZero(values, (value) => {
    if (Number.isFinite(value)) return;
    throw new InputError(
      `encodeC: expected finite numbers in the network, found ${value} in "${name}"`,
    );
  });
}
