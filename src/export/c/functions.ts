/** The functions of a file: one a layer, and the one that calls them. */
import { size } from "../../shape-size.js";
import type { Model, ModelNode } from "../../nn/model.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { ValuePlaces } from "./memory.js";
import { plainText } from "./text.js";
import { indented, type LayerCode, loop } from "../../nn/layers/c.js";

/** A layer, written. */
export interface CodeStep {
  /** Of its function. */
  readonly name: string;
  readonly node: ModelNode;
  readonly xs: readonly string[];
  readonly code: LayerCode;
  /** The text of its constants. */
  readonly arrays: string;
}

/** What hands part of its input on, where that has to be another array. */
export function viewAsCode(from: number, shape: Shape): LayerCode {
  return { lines: loop("i", size(shape), [`y[i] = x[${from} + i];`]) };
}

/** A layer's constants and function; nothing for one that does nothing. */
export function functionText(
  prefix: string,
  { input, nodes }: Model,
  { name, node, xs, code, arrays }: CodeStep,
): string {
  if ("view" in code) return "";
  const shapes = node.inputs.map((k) => shapeText(k < 0 ? input : nodes[k].shape));
  const what = `${node.name}: ${shapes.join(", ")} to ${shapeText(node.shape)}`;
  // What is read and what is written are apart, except in place.
  const own = code.inPlace ? "" : `${prefix.toUpperCase()}_RESTRICT `;
  const text = code.lines.join("\n");
  const unread = xs.filter((x) => !new RegExp(`\\b${x}\\b`).test(text));
  return [
    `/* ${plainText(what)} */`,
    `${arrays}static void ${name}(${[...xs.map((x) => `const float *${own}${x}`), `float *${own}y`].join(", ")}) {`,
    ...indented([...unread.map((x) => `(void)${x};`), ...code.lines]),
    "}\n",
  ].join("\n");
}

/**
 * The function that a program calls.
 *
 * @param normalize - name of the function that the input goes through first
 */
export function mainText(
  name: string,
  steps: readonly CodeStep[],
  places: ValuePlaces,
  normalize: string | undefined,
): string {
  const pointer = (index: number) => {
    const { block, from } = places.of(index);
    const start = block === "memory" ? `${name}_memory` : block;
    return from === 0 ? start : `${start} + ${from}`;
  };
  const calls = steps.flatMap(({ name: step, node, code }, k) =>
    "view" in code ? [] : [`${step}(${[...node.inputs, k].map(pointer).join(", ")});`],
  );
  if (normalize) calls.unshift(`${normalize}(in, ${pointer(-1)});`);
  return [`void ${name}(const float *in, float *out) {`, ...indented(calls), "}\n"].join("\n");
}

function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
