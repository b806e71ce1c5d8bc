/**
 * Whether a network can be in memory at all: told before anything is drawn or allocated, by the
 * layer that is too large.
 */
import { InputError } from "../errors.js";
import { size } from "../shape-size.js";
import type { Model } from "../nn/model.js";
import { MOST_BYTES } from "../runtime/memory.js";

/**
 * Checks what is needed at least: each parameter and its dual variable, the input and each layer's
 * output for a batch.
 *
 * @throws InputError that names the largest layer, with its bytes
 */
export function checkModelSize({ input, nodes }: Model, batchSize: number): void {
  const inputs = 4 * size(input) * batchSize;
  if (inputs > MOST_BYTES)
    fail("the input", `[${input.join(", ")}] takes ${inputs} bytes for a batch of ${batchSize}`);
  let all = 0;
  let largest = { bytes: 0, what: "" };
  for (const { name, parameters, shape } of nodes) {
    const output = 4 * size(shape) * batchSize;
    if (output > MOST_BYTES) {
      fail(
        `layer "${name}"`,
        `its output [${shape.join(", ")}] takes ${output} bytes for a batch of ${batchSize}`,
      );
    }
    for (const parameter of parameters) {
      const bytes = 4 * size(parameter.shape);
      all += 2 * bytes;
      const what = `layer "${name}": its ${parameter.name} [${parameter.shape.join(", ")}] takes ${bytes} bytes`;
      if (bytes > largest.bytes) largest = { bytes, what };
    }
  }
  if (all <= MOST_BYTES) return;
  fail(
    "the model",
    `parameters and their dual variables take ${all} bytes. The largest is that of ${largest.what}`,
  );
}

function fail(subject: string, reason: string): never {
  throw new InputError(`${subject} is too large: ${reason}; all must fit into ${MOST_BYTES} bytes`);
}
