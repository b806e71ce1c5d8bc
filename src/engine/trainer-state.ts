/**
 * A trainer's state as plain tensors: with the same model, optimizers and samples it goes on with
 * the very same bits.
 *
 *     theta/<parameter>    dense, whatever kernel the parameter runs on
 *     v/, m1/, m2/, mask/  dual variable, moments and mask, as far as the optimizer has them
 *     buffer/<buffer>      what layers keep from step to step, such as the running statistics of batch norm
 *
 * Which kernel a parameter runs on is part of the state: near the crossover it depends on the past,
 * and the two kernels round differently. Patterns and their transposes are not: theta determines
 * them, down to the order of the entries; between frozen steps together with
 *
 *     resting/<parameter>  indices of the pattern's weights that are zero (see form/form.ts), if there are any
 */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import type { Tensor, TensorData } from "../export/safetensors-format.js";
import { isTypedArray } from "../kinds.js";
import type { Memory } from "../runtime/memory.js";
import { makePatterns, type Converter } from "../runtime/form/convert.js";
import { formFor, type Parameter } from "../runtime/parameter.js";
import { readTheta } from "../runtime/theta.js";
import { mayFreeze, type Cycle } from "./freezing.js";
import type { Updater } from "./updater.js";

export interface TrainerState {
  /** Steps done. */
  readonly steps: number;
  readonly cycle: Cycle;
  readonly parameters: readonly {
    readonly name: string;
    readonly kernel: "dense" | "sparse";
    readonly gradient: "all" | "pattern";
    /** Factor on its regularizer's lambda. */
    readonly lambda: number;
    /** Steps its optimizer has counted, and those among them that moved every weight. */
    readonly step: number;
    readonly fullSteps: number;
  }[];
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A layer's buffer in shared memory. */
export interface Buffer {
  readonly offset: number;
  readonly shape: readonly number[];
}

/** What the state is made of. */
export interface TrainerParts {
  readonly memory: Memory;
  readonly updaters: readonly Updater[];
  /** By `<layer>.<buffer>`. */
  readonly buffers: ReadonlyMap<string, Buffer>;
}

/**
 * The state after so many steps. The tensors of v, moments and buffers are views: write them before
 * the next step.
 */
export function saveState(
  { memory, updaters, buffers }: TrainerParts,
  steps: number,
  cycle: Cycle,
): TrainerState {
  const tensors = new Map<string, Tensor>();
  for (const { parameter, state, freezes } of updaters) {
    const { name, shape } = parameter;
    const resting = freezes && mayFreeze(cycle) ? parameter.pattern?.resting() : undefined;
    if (resting?.length)
      tensors.set(`${RESTING}${name}`, { shape: [resting.length], data: resting });
    tensors.set(`theta/${name}`, { shape, data: readTheta(parameter) });
    for (const [key, data] of dualTensors(state)) tensors.set(`${key}/${name}`, { shape, data });
  }
  for (const [name, { offset, shape }] of buffers) {
    tensors.set(`buffer/${name}`, { shape, data: memory.f32(offset, size(shape)) });
  }
  const parameters = updaters.map(
    ({ parameter: { name, kernel, gradient }, lambda, state, fullSteps }) => {
      return { name, kernel, gradient, lambda, step: state.step, fullSteps };
    },
  );
  return { steps, cycle, parameters, tensors };
}

const RESTING = "resting/";

/**
 * Puts a state into place.
 *
 * @throws UnusableFileError if the state is that of another model or of other optimizers
 */
export function restoreState(
  { memory, updaters, buffers }: TrainerParts,
  { parameters, cycle, tensors }: TrainerState,
  converter: Converter,
): void {
  const wanted = [
    ...saveState({ memory, updaters, buffers }, 0, { coarse: 0, left: 0 }).tensors,
  ].map(([name, { shape }]) => ({ name, shape }));
  for (const { name, shape } of wanted) {
    const found = tensors.get(name);
    if (found?.shape.join() === shape.join() && isTypedArray(found.data, "Float32Array")) continue;
    const what = found ? `[${found.shape.join(", ")}]` : "none";
    throw new UnusableFileError(
      `could not resume: expected a tensor ${name} of shape [${shape.join(", ")}], found ${what}`,
    );
  }
  const values = (name: string) => tensors.get(name)!.data as Float32Array;
  const said = new Map(parameters.map((entry) => [entry.name, entry]));
  for (const { parameter, freezes } of updaters) {
    const { name } = parameter;
    checkSaved(parameter, said.get(name));
    const zeros = tensors.get(`${RESTING}${name}`)?.data;
    const canRest = freezes && mayFreeze(cycle);
    if (zeros && !(canRest && areZeros(zeros, values(`theta/${name}`)))) {
      throw new UnusableFileError(
        `could not resume: the tensor ${RESTING}${name} names no weights that can rest`,
      );
    }
  }
  if (mayFreeze(cycle) && !updaters.some(({ freezes }) => freezes)) {
    throw new UnusableFileError(
      `could not resume: expected no frozen steps, found ${cycle.fixed ? "fixed patterns" : `${cycle.coarse} after each fine one`}`,
    );
  }
  const patterns: Parameter[] = [];
  const resting = new Map<Parameter, Int32Array>();
  for (const updater of updaters) {
    const { parameter, state, freezes } = updater;
    const { name, dense, pattern } = parameter;
    const saved = said.get(name)!;
    dense.write(values(`theta/${name}`));
    dense.count();
    for (const [key, data] of dualTensors(state)) data.set(values(`${key}/${name}`));
    state.step = saved.step;
    updater.fullSteps = saved.fullSteps;
    updater.setLambda(saved.lambda, "kept");
    parameter.form = formFor(parameter, saved.kernel);
    parameter.gradient = saved.gradient;
    if (parameter.form === pattern || (freezes && mayFreeze(cycle))) patterns.push(parameter);
    const zeros = tensors.get(`${RESTING}${name}`);
    if (zeros) resting.set(parameter, zeros.data as Int32Array);
  }
  for (const [name, { offset, shape }] of buffers)
    memory.f32(offset, size(shape)).set(values(`buffer/${name}`));
  makePatterns(converter, patterns, resting);
}

/** @throws UnusableFileError unless what is saved of a parameter is something that it can be */
function checkSaved(
  { name, pattern }: Parameter,
  saved: TrainerState["parameters"][number] | undefined,
): void {
  if (!saved) throw new UnusableFileError(`could not resume: nothing is said of parameter ${name}`);
  if (saved.kernel === "sparse" && !pattern) {
    throw new UnusableFileError(
      `could not resume: parameter ${name} has no sparse kernel, found "sparse"`,
    );
  }
  if (saved.gradient === "pattern" && saved.kernel !== "sparse") {
    throw new UnusableFileError(
      `could not resume: parameter ${name} has a dense kernel, found the gradient of a pattern`,
    );
  }
}

/** Whether some data are indices of zeros of theta. */
function areZeros(data: TensorData, theta: Float32Array): boolean {
  return (
    isTypedArray(data, "Int32Array") && (data as Int32Array).every((index) => theta[index] === 0)
  );
}

function dualTensors({ v, m1, m2, mask }: Updater["state"]): [string, Float32Array][] {
  return Object.entries({ v, m1, m2, mask }).flatMap(([key, data]) =>
    data?.length ? [[key, data as Float32Array] as [string, Float32Array]] : [],
  );
}
