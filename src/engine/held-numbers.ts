/** The numbers that a network in training holds, by name: to read, and to put others in place. */
import { size } from "../shape-size.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import { plainTheta, readTheta } from "../runtime/theta.js";
import type { NetworkInTraining } from "./network-in-training.js";
import type { Buffer } from "./trainer-state.js";

export interface HeldNumbers extends Pick<NetworkInTraining, "theta" | "buffers"> {
  /**
   * Puts other numbers in the place of weights and buffers, by name, for evaluations; put back what
   * it returns before the next step. Weights that are zero must stay so.
   *
   * @returns what was there
   */
  exchange(values: ReadonlyMap<string, Float32Array>): Map<string, Float32Array>;
}

/** @param held - parameters and buffers by name */
export function heldNumbers(
  memory: Memory,
  {
    parameters,
    buffers,
  }: {
    readonly parameters: ReadonlyMap<string, Parameter>;
    readonly buffers: ReadonlyMap<string, Buffer>;
  },
): HeldNumbers {
  const bufferAt = ({ offset, shape }: Buffer) => memory.f32(offset, size(shape));
  /** Puts numbers in their place; what was there. */
  const put = (name: string, data: Float32Array): Float32Array => {
    const parameter = parameters.get(name);
    if (parameter) {
      const before = readTheta(parameter);
      parameter.form.write(data);
      return before;
    }
    const buffer = bufferAt(buffers.get(name)!);
    const before = buffer.slice();
    buffer.set(data);
    return before;
  };
  return {
    theta: (name, out) => plainTheta(parameters.get(name)!, out),
    buffers: () =>
      new Map(
        [...buffers].map(([name, buffer]) => [
          name,
          { shape: buffer.shape, data: bufferAt(buffer).slice() },
        ]),
      ),
    exchange: (values) => new Map([...values].map(([name, data]) => [name, put(name, data)])),
  };
}
