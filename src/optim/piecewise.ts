/**
 * The learning rate along straight lines between given points: a triangle, a trapezoid, or any
 * curve epoch by epoch.
 *
 *     epoch e between two points (a, f), (b, h):  f + (h - f) (e - a) / (b - a)
 *     before the first and after the last point:  its factor
 *
 * A last point at the number of epochs with factor 0 ends a run without an epoch at learning rate
 * 0, as a cosine does.
 */
import { entry, type Key } from "../entry.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { byEpoch, type Schedule } from "./schedule.js";

export interface PiecewiseOptions {
  /** [epoch, factor], epochs from 0 on and rising, factors of at least 0. */
  readonly points: readonly (readonly [epoch: number, factor: number])[];
}

const OPTIONS = {
  points: {
    type: "list",
    of: {
      type: "tuple",
      of: [
        { type: "number", least: 0 },
        { type: "number", least: 0 },
      ],
    },
    about: "[epoch, factor] with rising epochs, the first of a run being 0",
  },
} as const satisfies OptionKeys<PiecewiseOptions, Key>;

/**
 * Piecewise linear schedule.
 *
 * @throws InputError if there is no point, epochs don't rise from 0 on, or a factor is negative or
 *   not finite
 * @example
 * // Up in 2 epochs, level, and down over the last 5 of 20.
 * const schedule = piecewise({ points: [[0, 0.5], [2, 1], [15, 1], [20, 0]] });
 * const state = schedule.next(schedule.init(), { epoch: 17, trainLoss: 1 });
 * // state.factor is 0.4 for epoch 18
 */
export function piecewise(options: PiecewiseOptions): Schedule {
  const { points } = knownOptions("piecewise", options, OPTIONS);
  if (points.length === 0)
    throw new InputError("piecewise: expected at least one point, found none");
  points.forEach(([epoch, factor], k) => {
    const before = k === 0 ? -1 : points[k - 1][0];
    if (!(epoch > before && epoch >= 0 && epoch < Infinity)) {
      throw new InputError(
        `piecewise: epochs of points must rise from 0 on, found ${epoch} after ${k ? before : "none"}`,
      );
    }
    if (!(factor >= 0 && factor < Infinity)) {
      throw new InputError(
        `piecewise: factors must be finite numbers of at least 0, found ${factor} for epoch ${epoch}`,
      );
    }
  });
  const factorOf = (epoch: number) => {
    const next = points.findIndex(([place]) => place > epoch);
    if (next < 0) return points.at(-1)![1];
    const [to, h] = points[next];
    if (next === 0) return h;
    const [from, f] = points[next - 1];
    return f + ((h - f) * (epoch - from)) / (to - from);
  };
  return byEpoch("piecewise", factorOf, { points });
}

piecewise.entry = entry(
  "piecewise",
  OPTIONS,
  piecewise,
  "Factors on tau along straight lines between points",
);
