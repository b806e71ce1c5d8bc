/** Which kernels each layer runs on, by its density. */
import { chooseGradient, chooseKernel } from "../runtime/crossover.js";
import { changeForms } from "../runtime/form/convert.js";
import type { Form } from "../runtime/form/form.js";
import { formFor, type Parameter } from "../runtime/parameter.js";
import type { Pool } from "../runtime/pool.js";
import { nonZeros } from "../runtime/theta.js";
import { converterOf } from "./sequence.js";

/**
 * Lets every layer run on the kernels that suit its density, and gives its weights the form that
 * they multiply by.
 *
 * @returns whether anything has changed: programs have then to be written anew
 */
export function chooseKernels(pool: Pool, parameters: Iterable<Parameter>): boolean {
  const { memory, backend } = pool;
  const changes = new Map<Parameter, Form>();
  let changed = false;
  for (const parameter of parameters) {
    const { pattern, rows, cols } = parameter;
    if (!pattern) continue;
    const density = nonZeros(memory, parameter) / (rows * cols);
    const kernel = chooseKernel(density, parameter.kernel, backend);
    const gradient =
      kernel === "sparse"
        ? chooseGradient(density, parameter.gradient, pattern.rates, backend)
        : "all";
    changed ||= kernel !== parameter.kernel || gradient !== parameter.gradient;
    parameter.gradient = gradient;
    if (kernel !== parameter.kernel) changes.set(parameter, formFor(parameter, kernel));
  }
  changeForms(converterOf(pool), changes);
  return changed;
}
