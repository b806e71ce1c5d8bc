/**
 * A network for one sample at a time: positions of the image in the lanes, where a batch has its
 * samples. So one sample costs what its own arithmetic costs, not that of a tile of samples.
 *
 * Biases, ReLUs and sums are part of the kernel that writes. The rows of an op are output channels:
 * any number of threads gives the same bits.
 */
import { placeOf } from "../../export/simplify/place.js";
import {
  imageArgs,
  singleCopy,
  tightImage,
  type Phases,
  type SingleImage,
} from "../../nn/layers/single.js";
import { size } from "../../shape-size.js";
import { checkNetwork, type Network } from "../../nn/network.js";
import { hasBorder } from "../../nn/tensor.js";
import { placeTensors, type Lifetime } from "../../runtime/arena.js";
import { op, type Op } from "../../runtime/kernel-table.js";
import type { Memory } from "../../runtime/memory.js";
import type { Pool } from "../../runtime/pool.js";
import { createSequence } from "../../engine/sequence.js";
import { singleLayout, type Area, type PhasedArea, type SingleLayout } from "./layout.js";
import { singleSteps, type SingleStep } from "./steps.js";

/** A network that is ready for one sample after the other, or some after some. */
export interface SinglePlan {
  /** Where the samples' numbers are put, normalized, row-major: a view of shared memory. */
  readonly input: Float32Array;
  /** Where its outputs are, row-major, until the next run. */
  readonly output: Float32Array;
  /** Computes the output of the input. Throws an Error if the pool can't run. */
  run(): void;
  /** Bytes of shared memory that it takes. */
  readonly bytes: number;
}

/**
 * Compiles a network for one sample at a time; simplified before, it is faster. Its numbers are
 * copied: what happens to the network afterwards does not matter.
 *
 * @param samples - of a network of flat inputs, how many are computed at a time: they lie side by
 * side as the positions of an image do, their features being its channels
 *
 * @throws InputError if a parameter or buffer of the model is missing or has another shape, or if
 * the pool's memory has no room for it
 * @example
 * const pool = await createPool({ threads: 1 });
 * const { input, output, run } = compileSingle(pool, simplify(network));
 * input.set(image);
 * run();
 * const scores = output.slice();
 */
export function compileSingle(pool: Pool, network: Network, samples = 1): SinglePlan {
  checkNetwork(network);
  const { memory, backend } = pool;
  const before = memory.used;
  const { model } = network;
  const { steps, output } = singleSteps(model);
  const layout = singleLayout(model, steps, samples);
  const places = placesOf(memory, layout, steps, output);
  const input = places.at(-1);
  const inputs: Op[] = [];
  let inputPlace = input.at;
  if (samples > 1) {
    inputPlace = allocateFlat(memory, samples * size(model.input));
    inputs.push(sideBySide(inputPlace, input));
  } else if (model.input.length === 3) {
    const flat = allocateTight(memory, input);
    inputPlace = flat.at;
    inputs.push(singleCopy(flat, input));
  }
  const masks = createMasks(memory);
  const done = new Set<PhasedArea>();
  const computed = steps.flatMap((step, s) => {
    const { node, rule, inputs, relu, residual } = step;
    const phased = layout.phases[s];
    const isNew = phased !== undefined && !done.has(phased);
    if (phased) done.add(phased);
    const y = places.at(step.output);
    return [
      ...(isNew ? phaseOps(places.at(phased.value), phased, places.phased(phased)) : []),
      ...rule.lower(node.layer, {
        backend,
        samples,
        place: placeOf(network, node),
        xs: inputs.map(places.at),
        ...(phased ? { phases: phasesOf(phased, places.phased(phased)) } : {}),
        y,
        relu,
        ...(residual === undefined ? {} : { residual: places.at(residual) }),
        mask: () => masks(y),
        put: memory.put,
      }),
    ];
  });
  const outputs: Op[] = [];
  let out = places.at(output);
  if (samples > 1) {
    const at = allocateFlat(memory, samples * size(model.output));
    outputs.push(oneByOne(out, at));
    out = { ...out, at };
  } else if (model.output.length === 3) {
    const flat = allocateTight(memory, out);
    outputs.push(singleCopy(out, flat, true));
    out = flat;
  }
  // A network that does nothing has its input as its output.
  const ops = [...inputs, ...computed, ...outputs];
  const sequence = ops.length > 0 ? createSequence(pool, ops) : undefined;
  return {
    input: memory.f32(inputPlace, samples * size(model.input)),
    output: memory.f32(out.at, samples * size(model.output)),
    run: () => sequence?.run(),
    bytes: memory.used - before,
  };
}

/** Places of all values. */
interface Places {
  at(value: number): SingleImage;
  phased(one: PhasedArea): SingleImage;
}

function placesOf(
  memory: Memory,
  { areas, phases }: SingleLayout,
  steps: readonly SingleStep[],
  output: number,
): Places {
  // The input comes at moment 0, step s is moment s + 1.
  const lives = new Map<number | PhasedArea, { area: Area; from: number; to: number }>();
  const touch = (key: number | PhasedArea, area: Area, moment: number) => {
    const life = lives.get(key);
    if (life) life.to = moment;
    else lives.set(key, { area, from: moment, to: moment });
  };
  const touchValue = (value: number, moment: number) => touch(value, areas.get(value)!, moment);
  touchValue(-1, 0);
  steps.forEach((step, s) => {
    const phased = phases[s];
    if (phased) touch(phased, phased.area, s + 1);
    for (const value of step.inputs) touchValue(value, s + 1);
    if (step.residual !== undefined) touchValue(step.residual, s + 1);
    touchValue(step.output, s + 1);
  });
  touchValue(output, steps.length + 1);

  // What comes in and goes out as a vector stays where it is.
  const keeps = (key: number | PhasedArea) =>
    (key === -1 || key === output) && !hasBorder(lives.get(key)!.area) && isVector(lives.get(key)!);
  const shared = [...lives].filter(([key]) => !keeps(key));
  const tensors = shared.map(([key, { area, from, to }]): Lifetime => {
    const { channels, height, width, row, plane, pad } = area;
    const kind = typeof key === "number" ? "image" : `phases ${key.remainders.join(" ")}`;
    // Nobody writes the border, and zeros between rows are where the rows are.
    const form = [kind, channels, height, width, row, plane, pad].join(" ");
    return { bytes: area.floats * 4, from, to, form };
  });
  const { offsets, bytes } = placeTensors(tensors);
  const arena = memory.allocate(bytes);
  const starts = new Map(shared.map(([key], k) => [key, arena + offsets[k]]));
  for (const [key, { area }] of lives)
    if (!starts.has(key)) starts.set(key, memory.allocate(area.floats * 4));
  const placed = (key: number | PhasedArea): SingleImage => {
    const { lead, channels, height, width, row, plane } = lives.get(key)!.area;
    return { at: starts.get(key)! + lead * 4, channels, height, width, row, plane };
  };
  return { at: placed, phased: placed };
}

function isVector({ area }: { readonly area: Area }): boolean {
  return area.channels === 1 && area.height === 1;
}

/** Room for an image without anything around it. */
function allocateTight(memory: Memory, image: SingleImage): SingleImage {
  const { channels, height, width } = image;
  return tightImage(allocateFlat(memory, channels * height * width), image);
}

/** Room for so many numbers; kernels may read a few vectors beyond them. */
function allocateFlat(memory: Memory, numbers: number): number {
  return memory.allocate((numbers + 64) * 4);
}

/** Puts samples, one behind the other at `x`, side by side. */
function sideBySide(x: number, y: SingleImage): Op {
  return op("singleCopy", y.channels, {
    x: { at: x, plane: 1, row: 0 },
    y: imageArgs(y),
    height: 1,
    width: y.width,
    down: 1,
    across: y.channels,
    tight: 0,
  });
}

/** And back. */
function oneByOne(x: SingleImage, y: number): Op {
  return op("singleCopy", x.width, {
    x: { at: x.at, plane: 1, row: 0 },
    y: { at: y, plane: x.channels, row: 0 },
    height: 1,
    width: x.channels,
    down: 1,
    across: x.plane,
    tight: 1,
  });
}

/** Copies a value to its phases, each a copy of every `stride`-th position. */
function phaseOps(
  x: SingleImage,
  { stride, pad, remainders, area: { plane, row } }: PhasedArea,
  y: SingleImage,
): Op[] {
  return remainders.map(([top, left], k) =>
    op("singleCopy", x.channels, {
      x: { ...imageArgs(x), at: x.at + ((top - pad[0]) * x.row + left - pad[1]) * 4 },
      y: { at: y.at + k * plane * 4, plane: remainders.length * plane, row },
      height: Math.ceil((x.height + 2 * pad[0] - top) / stride[0]),
      width: Math.ceil((x.width + 2 * pad[1] - left) / stride[1]),
      down: stride[0],
      across: stride[1],
      tight: 0,
    }),
  );
}

function phasesOf({ pad, remainders }: PhasedArea, image: SingleImage): Phases {
  const numbers = new Map(remainders.map((one, k) => [one.join(), k]));
  return {
    ...image,
    channel: remainders.length * image.plane,
    pad,
    phase: (row, column) => numbers.get(`${row},${column}`)! * image.plane,
  };
}

/** Masks by height, width and row: places in memory. */
function createMasks(memory: Memory): (image: SingleImage) => number {
  const places = new Map<string, number>();
  return ({ height, width, row }) => {
    const key = `${height} ${width} ${row}`;
    let place = places.get(key);
    if (place === undefined) {
      const words = Math.ceil(((height - 1) * row + width) / 16) * 16;
      const mask = Int32Array.from({ length: words }, (_, k) =>
        k % row < width && k < height * row ? -1 : 0,
      );
      places.set(key, (place = memory.put(mask)));
    }
    return place;
  };
}
