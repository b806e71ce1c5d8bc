/**
 * A run for TensorBoard, while it trains: scalars of each epoch, histograms of the weights and of
 * their dual variables v, and pictures of the first layer's weights. TensorBoard's step is the
 * epoch.
 */
import type { NetworkInTraining } from "../../engine/network-in-training.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import type { EpochMetrics, TrainEvent } from "../../measure/events.js";
import { isWeightRole } from "../../runtime/parameter.js";
import { withTimes } from "../line-times.js";
import type { Listener } from "../listener.js";
import { finalScalars, scalarsOf } from "../scalars.js";
import { createStepClock } from "../step-clock.js";
import { createEventFile, eventFiles, type EventFile } from "./event-file.js";
import type { SummaryValue } from "./event-proto.js";
import { histogramValue, pictureValue, scalarValues } from "./summaries.js";

export interface TensorBoardOptions {
  /**
   * Goes on with the events of a run that is resumed: they are kept up to its checkpoint, and those
   * of later epochs count no more. Default false: the folder may hold no events yet.
   */
  readonly resume?: boolean | undefined;
}

const OPTIONS: OptionKeys<TensorBoardOptions> = { resume: 1 };

/**
 * Writes event files for TensorBoard into a folder of the run's own: options for `fit`.
 *
 * @param folder - made if it is not there; several such folders in one are shown together
 * @throws InputError if the folder has events and `resume` is false. While it trains:
 *   UnusableFileError if the files can't be written
 * @example
 * await fit(model, data, { optimizer, epochs: 10, ...tensorBoard("logs/first") });
 * // then: tensorboard --logdir logs
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): Listener {
  const { resume = false } = knownOptions("tensorBoard", options, OPTIONS);
  const [there] = eventFiles(folder);
  if (there !== undefined && !resume) {
    throw new InputError(
      `tensorBoard: the folder must have no events of another run yet, found ${there} in ${folder}`,
    );
  }
  const clock = createStepClock();
  let file: EventFile | undefined;
  let last = 0;
  return {
    onEvent(event) {
      clock.look(event);
      if (event.type === "start") {
        file = begin(folder, event);
        last = event.resumed?.epochs.at(-1)?.epoch ?? 0;
      }
      if (event.type === "epoch") {
        last = event.metrics.epoch;
        file?.add(last, scalarValues([...scalarsOf(event.metrics), ...clock.scalars()]));
      }
      if (event.type === "end") file?.add(last, scalarValues(finalScalars(event.final)));
    },
    observe(epoch, network) {
      file?.add(epoch, weightValues(network));
    },
  };
}

/** The file of a run that begins or goes on. */
function begin(folder: string, { initial, resumed }: TrainEvent & { type: "start" }): EventFile {
  const known = [initial, ...(resumed?.epochs ?? [])];
  const isKnown = resumed !== undefined && eventFiles(folder).length > 0;
  const next = isKnown ? known.at(-1)!.epoch + 1 : 0;
  const file = createEventFile(folder, next);
  addLines(file, isKnown ? [] : known);
  return file;
}

/** The scalars of several epochs, see withTimes. */
export function addLines(file: EventFile, lines: readonly EpochMetrics[], end?: number): void {
  for (const [line, time] of withTimes(lines, end)) {
    file.add(line.epoch, scalarValues(scalarsOf(line)), time);
  }
}

/** Weights, their v where it is another, and the picture of the first layer. */
function weightValues(network: NetworkInTraining): SummaryValue[] {
  const weights = network.updaters.filter(({ parameter }) => isWeightRole(parameter.role));
  return weights.flatMap(({ parameter: { name, shape }, state, optimizer }, k) => {
    const theta = network.theta(name);
    // Of the others v is theta, but for a factor.
    const { follow, regularizer } = optimizer;
    const isDual = follow === "mirror" && !regularizer.trivial;
    return [
      ...weightHistogram(name, theta),
      ...(isDual ? dualHistogram(name, state.v as Float32Array) : []),
      ...(k === 0 ? pictureValue(pictureTag(name), shape, theta) : []),
    ];
  });
}

/** The weights that are not zero. */
export function weightHistogram(name: string, theta: Float32Array): SummaryValue[] {
  return histogramValue(`weights/${name}`, theta, { skipZeros: true });
}

/** All of v: a weight is not zero where it is beyond lambda. */
export function dualHistogram(name: string, v: Float32Array): SummaryValue[] {
  return histogramValue(`v/${name}`, v);
}

/** Another than that of its histogram: TensorBoard's page shows one kind of value of a tag. */
export function pictureTag(name: string): string {
  return `pictures/${name}`;
}
