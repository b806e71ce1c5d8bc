/**
 * A run on an MLflow server, while it trains: parameters, the numbers of each epoch, and at the end
 * how it ended and its files. MLflow's step is the epoch.
 *
 * What can't be sent is kept and sent later; training does not wait. What the server has already is
 * never sent again: an epoch that was trained twice has one value.
 */
import { randomUUID } from "node:crypto";
import { emitWarning } from "../../emit-warning.js";
import { InputError, UnusableFileError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import type { EpochMetrics, FinalMetrics, TrainEvent } from "../../measure/events.js";
import { withTimes } from "../line-times.js";
import type { Listener } from "../listener.js";
import { finalScalars, scalarsOf } from "../scalars.js";
import { createStepClock } from "../step-clock.js";
import { createMlflowClient, type MlflowClient } from "./client.js";
import { createOutbox, type Outbox } from "./outbox.js";
import { parametersOf } from "./parameters.js";
import { findExperiment, type RunStatus } from "./server-run.js";

export interface MlflowOptions {
  /** Name of the experiment, made if it is not there. Default "bregman". */
  readonly experiment?: string | undefined;
  /** What the run is called. Default "fit". */
  readonly name?: string | undefined;
  /** What is to be told of how it trains, of any depth; MLflow shows it as parameters. */
  readonly parameters?: object | undefined;
  /** Goes on with the run that had this id. Default: a new one. */
  readonly id?: string | undefined;
  /** Takes what could not be sent, a line each. Default: as of fit. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

const OPTIONS: OptionKeys<MlflowOptions> = {
  experiment: 1,
  name: 1,
  parameters: 1,
  id: 1,
  onWarning: 1,
};

/** A run that an MLflow server is told of. */
export interface MlflowRun {
  /** By which another process goes on with it. */
  readonly id: string;
  /** Options for `fit`. */
  readonly listener: Listener;
  /** In place of `listener`, of a run that is over: what the server has not yet heard of it. */
  past(lines: readonly EpochMetrics[], final: Partial<FinalMetrics>, ended: number): void;
  /**
   * Sends what is left, with files, and says how it ended: FINISHED, KILLED where it was stopped,
   * FAILED where it broke off. To be called in any case. What can't be sent is a warning.
   */
  end(files?: readonly string[]): Promise<void>;
}

/**
 * A run for MLflow. The server is asked now, and told from the run's start on.
 *
 * @param url - of the server
 * @throws InputError if that is no address; UnusableFileError of one line if there is no MLflow
 *   server, or it does not let us in
 * @example
 * const run = await mlflow("http://127.0.0.1:5000", { experiment: "first", parameters: {} });
 * try {
 *   await fit(model, data, { optimizer, epochs: 10, ...run.listener });
 * } finally {
 *   await run.end();
 * }
 */
export async function mlflow(url: string, options: MlflowOptions = {}): Promise<MlflowRun> {
  const known = knownOptions("mlflow", options, OPTIONS);
  const { experiment = "bregman", name = "fit", parameters = {}, onWarning = emitWarning } = known;
  const { id = randomUUID() } = known;
  if (!/^[\w-]+$/.test(id))
    throw new InputError(`mlflow: id must be letters, digits, - and _, found "${id}"`);
  const client = await createMlflowClient(url);
  try {
    await findExperiment(client, experiment);
  } catch (fault) {
    await client.close();
    const reason = (fault as Error).message;
    throw new UnusableFileError(
      `mlflow: expected an MLflow server at ${client.address}, found: ${reason}`,
      { cause: fault },
    );
  }
  const began = Date.now() / 1000;
  const outbox = createOutbox(client, { experiment, name, id, began }, parametersOf(parameters));
  return { id, ...createTeller(outbox, client, onWarning) };
}

/** Fills the outbox as the run goes on, and empties it beside the training. */
function createTeller(
  outbox: Outbox,
  client: MlflowClient,
  onWarning: (text: string) => void,
): Omit<MlflowRun, "id"> {
  const clock = createStepClock();
  let stepsPerEpoch = 0;
  let steps = 0;
  let last = 0;
  let end: number | undefined;
  let status: RunStatus | undefined;
  let sending: Promise<void> | undefined;
  let isAway = false;
  const add = (lines: readonly EpochMetrics[], ended?: number) => {
    last = lines.at(-1)!.epoch;
    for (const [line, time] of withTimes(lines, ended))
      outbox.add("epoch", line.epoch, scalarsOf(line), time);
  };
  const over = (final: Partial<FinalMetrics>, ended: number) => {
    status = "FINISHED";
    outbox.add("run", last, finalScalars(final), ended);
  };
  const warn = (text: string) => onWarning(`MLflow at ${client.address}: ${text}`);
  const sendLines = async () => {
    try {
      await outbox.send();
      isAway = false;
    } catch (fault) {
      if (!isAway) warn(`${(fault as Error).message}; what it misses is kept and sent later`);
      isAway = true;
    }
    sending = undefined;
  };
  /** What comes while it sends is sent with the next epoch, or at the end. */
  const send = () => void (sending ??= sendLines());
  const onEvent = (event: TrainEvent) => {
    clock.look(event);
    if (event.type === "start") {
      ({ stepsPerEpoch } = event);
      // What does not come to its end has failed.
      status = "FAILED";
      add([event.initial, ...(event.resumed?.epochs ?? [])]);
      send();
    }
    // The numbers of an epoch cut short will be others when it is whole.
    if (event.type === "epoch" && steps === event.metrics.epoch * stepsPerEpoch) {
      last = event.metrics.epoch;
      const scalars = [...scalarsOf(event.metrics), ...clock.scalars()];
      outbox.add("epoch", last, scalars, Date.now() / 1000);
      send();
    }
    if (event.type !== "end") return;
    if (event.interrupted) status = "KILLED";
    else over(event.final, Date.now() / 1000);
  };
  return {
    listener: {
      onEvent,
      observe(_, network) {
        ({ steps } = network);
      },
    },
    past(lines, final, ended) {
      end = ended;
      add(lines, ended);
      over(final, ended);
    },
    async end(files = []) {
      await sending;
      const left = status && (await outbox.end(status, end ?? Date.now() / 1000, files));
      if (left) warn(`could not be sent: ${left}`);
      await client.close();
    },
  };
}
