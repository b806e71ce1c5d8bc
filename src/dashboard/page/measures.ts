/** What curves are drawn of: axes, and how their marks are written. */
import { clock, count, loss, parameter, percent, similarity } from "../../report/format.js";
import type { CurveLine } from "../messages.js";

/** What an axis shows. */
export interface Axis {
  readonly title: string;
  readonly text: (value: number) => string;
  /** How a mark of the axis is written, so far from the next; default: as the text. */
  readonly mark?: (value: number, step: number) => string;
  /** Distances that marks may have; default: any round ones. */
  readonly steps?: readonly number[];
}

/** What an axis shows of each line of metrics. */
export interface CurveAxis extends Axis {
  readonly name: keyof CurveLine;
}

/** As many decimals as a step between two marks has. */
const shareMark = (value: number, step: number) => {
  const isWhole = (decimals: number) => {
    const parts = 100 * step * 10 ** decimals;
    return Math.abs(parts - Math.round(parts)) < 1e-6 * parts;
  };
  return percent(value, [0, 1, 2, 3].find(isWhole) ?? 4);
};
const share = { text: (value: number) => percent(value), mark: shareMark };
const number = { text: loss, mark: parameter };
const similar = { text: similarity, mark: parameter };
/** What is drawn upwards. */
export const MEASURES: readonly CurveAxis[] = [
  { name: "validAccuracy", title: "Validation accuracy", ...share },
  { name: "trainAccuracy", title: "Training accuracy", ...share },
  { name: "validLoss", title: "Validation loss", ...number },
  { name: "trainLoss", title: "Training loss", ...number },
  { name: "validSsim", title: "Similarity (SSIM)", ...similar },
  { name: "validR2", title: "R²", ...similar },
  { name: "density", title: "Density", ...share },
];

/** 1, 2, 5, 10, ... */
const upTo = (most: number) => {
  const steps: number[] = [];
  for (let ten = 1; ten <= most; ten *= 10) steps.push(ten, 2 * ten, 5 * ten);
  return steps;
};
const HOUR = 3600;
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
for (const hours of upTo(1000)) CLOCK_STEPS.push(hours * HOUR);
/** What is drawn to the right, by its chart. */
export const TIMES: Readonly<Record<string, CurveAxis>> = {
  epoch: { name: "epoch", title: "Epoch", text: count, steps: upTo(1e6) },
  seconds: { name: "seconds", title: "Time", text: clock, steps: CLOCK_STEPS },
};
export const DENSITY: CurveAxis = { name: "density", title: "Density", ...share };
export const WORK: CurveAxis = {
  name: "multiplications",
  title: "Multiplications",
  text: count,
  mark: (value: number) => {
    if (value < 1e4) return count(value);
    return value < 1e6 ? `${parameter(value / 1e3)}k` : `${parameter(value / 1e6)}M`;
  },
};
