/**
 * Where the values of one sample lie: which border an image has, how far apart its rows are, and
 * which images are there by phases too.
 *
 * Layers that go over whole planes as runs want the rows of what they write as far apart as those
 * of what they read. So such values form classes, and the widest of a class decides.
 */
import { disjointSets } from "../../disjoint-sets.js";
import { ruleOf } from "../../nn/layers/rules.js";
import type { Pair } from "../../nn/layers/sides.js";
import type { SingleImage } from "../../nn/layers/single.js";
import type { Model } from "../../nn/model.js";
import { NO_BORDER, widerBorder } from "../../nn/tensor.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { SingleStep } from "./steps.js";

/** Floats of the longest vector: what kernels write and read beyond the end of a run. */
const WHOLE = 16;
/** Floats behind a tensor that kernels may read, though never use. */
const BEHIND = 4 * WHOLE;

/** An image or a vector, before it has a place. */
export interface Area extends Omit<SingleImage, "at"> {
  readonly pad: Pair;
  /** Floats before its first position, and of all of it. */
  readonly lead: number;
  readonly floats: number;
}

/** A value by phases: the remainders of rows and columns that somebody reads, in their order. */
export interface PhasedArea {
  readonly value: number;
  readonly stride: Pair;
  /** Border of the image. */
  readonly pad: Pair;
  readonly remainders: readonly (readonly [row: number, column: number])[];
  readonly area: Area;
}

export interface SingleLayout {
  readonly areas: ReadonlyMap<number, Area>;
  /** By step: the phases that it reads. */
  readonly phases: readonly (PhasedArea | undefined)[];
}

/** Values that have rows, while their distance is found. */
interface Open {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pad: Pair;
}

/**
 * Works out the layout of a model's steps.
 *
 * @param samples - 1, or as many flat ones as lie side by side
 */
export function singleLayout(
  model: Model,
  steps: readonly SingleStep[],
  samples: number,
): SingleLayout {
  const shapeOf = (value: number) => (value < 0 ? model.input : model.nodes[value].shape);
  const values = [-1, ...steps.map(({ output }) => output)];
  const open: Open[] = values.map((value) => ({
    ...imageOf(shapeOf(value), samples),
    pad: padOf(value, steps),
  }));
  const placeOf = new Map(values.map((value, k) => [value, k]));
  const phased = new Map<string, Found>();
  const byStep = steps.map(({ node: { layer }, rule, inputs }) => {
    const [value] = inputs;
    const { channels, height, width, pad } = open[placeOf.get(value)!];
    const wanted = rule.stride?.(layer) ?? [1, 1];
    if (wanted.every((step) => step === 1)) return undefined;
    const whole = [height + 2 * pad[0], width + 2 * pad[1]];
    // One that is larger than the image leaves one position, whatever it is.
    const stride = [Math.min(wanted[0], whole[0]), Math.min(wanted[1], whole[1])] as const;
    const key = `${value} ${stride.join(" ")}`;
    const found = phased.get(key) ?? { at: open.length, value, stride, pad, seen: new Map() };
    if (!phased.has(key)) {
      phased.set(key, found);
      const [rows, columns] = whole.map((side, axis) => Math.ceil(side / stride[axis]));
      open.push({ channels, height: rows, width: columns, pad: NO_BORDER });
    }
    for (const one of rule.remainders!(layer, pad)) found.seen.set(one.join(), one);
    return found;
  });

  const sets = disjointSets(open.length);
  steps.forEach(({ rule, inputs, output, residual }, s) => {
    if (!rule.inStep) return;
    const reads = byStep[s] ? [byStep[s].at] : inputs.map((value) => placeOf.get(value)!);
    if (residual !== undefined) reads.push(placeOf.get(residual)!);
    for (const at of reads) sets.join(placeOf.get(output)!, at);
  });
  const rows = open.map(() => 0);
  open.forEach(({ width, pad }, k) => {
    rows[sets.root(k)] = Math.max(rows[sets.root(k)], width + pad[1]);
  });
  const areaAt = (k: number, planes: number) => areaOf(open[k], rows[sets.root(k)], planes);
  const areas = new Map(values.map((value, k) => [value, areaAt(k, open[k].channels)]));
  const done = new Map(
    [...phased.values()].map((one) => {
      const { at, value, stride, pad, seen } = one;
      const remainders = [...seen.values()];
      const area = areaAt(at, open[at].channels * remainders.length);
      return [one, { value, stride, pad, remainders, area }] as const;
    }),
  );
  return { areas, phases: byStep.map((one) => one && done.get(one)) };
}

/** A value by phases, while it is not known who reads it. */
interface Found {
  readonly at: number;
  readonly value: number;
  readonly stride: Pair;
  readonly pad: Pair;
  readonly seen: Map<string, readonly [row: number, column: number]>;
}

function imageOf(shape: Shape, samples: number): Pick<Open, "channels" | "height" | "width"> {
  const flat = samples === 1 ? [1, 1, shape[0]] : [shape[0], 1, samples];
  const [channels, height, width] = shape.length === 3 ? shape : flat;
  return { channels, height, width };
}

/** The widest border that a reader wants around a value. */
function padOf(value: number, steps: readonly SingleStep[]): Pair {
  let most = NO_BORDER;
  for (const { node, inputs } of steps) {
    if (!inputs.includes(value)) continue;
    most = widerBorder(most, ruleOf(node.layer).inputPad?.(node.layer) ?? NO_BORDER);
  }
  return most;
}

function whole(floats: number): number {
  return Math.ceil(floats / WHOLE) * WHOLE;
}

function areaOf({ channels, height, width, pad }: Open, row: number, planes: number): Area {
  const border = pad[0] * row + pad[1];
  const last = (height - 1) * row;
  const plane = whole(
    Math.max(last + row + pad[0] * row, whole(last + width), last + whole(width)),
  );
  const lead = whole(border);
  const floats = lead + planes * plane + border + BEHIND;
  return { channels, height, width, row, plane, pad, lead, floats };
}
