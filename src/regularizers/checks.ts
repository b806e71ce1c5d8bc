/** Argument checks shared by the regularizers. */
import { size } from "../shape-size.js";
import { InputError } from "../errors.js";
import type { Floats, Shape } from "./regularizer.js";

/** @throws InputError unless lambda is finite and at least 0 */
export function checkLambda(kind: string, lambda: number): void {
  checkStrength(kind, "lambda", lambda);
}

/** @throws InputError unless the strength of that name is finite and at least 0 */
export function checkStrength(kind: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new InputError(`${kind}: ${name} must be a finite number of at least 0, found ${value}`);
  }
}

/** @throws InputError unless the step of a prox is finite and at least 0 */
export function checkStep(kind: string, step: number): void {
  if (!(step >= 0 && step < Infinity)) {
    throw new InputError(
      `${kind}: the step of a prox must be a finite number of at least 0, found ${step}`,
    );
  }
}

/** @throws InputError unless every array has as many elements as the shape */
export function checkShape(kind: string, shape: Shape, ...arrays: readonly Floats[]): void {
  const n = size(shape);
  for (const array of arrays) {
    if (array.length !== n) {
      throw new InputError(
        `${kind}: shape [${shape.join(", ")}] means ${n} elements, found an array of ${array.length}`,
      );
    }
  }
}
