/**
 * Warnings: what is likely to go wrong in a training, each in one line that says what to change.
 *
 * A script listens to few events, or none, and must hear of a net that can't learn all the same. So
 * a warning is an event, and also goes where the platform's warnings go, unless the caller takes
 * it.
 */
import { emitWarning } from "../emit-warning.js";
import type { AnyDataset } from "../data/dataset.js";
import type { Model } from "../nn/model.js";
import type { EpochMetrics } from "../measure/events.js";
import type { Settings } from "./fit-options.js";
import { beginningOf } from "./fit-trainer.js";
import { missingBirths } from "./missing-births.js";
import { otherInputs } from "./other-inputs.js";
import { startFaults } from "./start-faults.js";
import type { Trainer } from "../engine/trainer.js";

export interface Warnings {
  /** Tells of these, each once. */
  tell(texts: readonly string[]): void;
  /** Looks at the data, the options and, unless the run is resumed, the weights it starts with. */
  start(data: AnyDataset, resumed: boolean): void;
  /** Looks at an epoch that is over, the last line of the history. */
  epoch(history: readonly EpochMetrics[]): void;
}

/** The warnings of a training. */
export function createWarnings(model: Model, trainer: Trainer, settings: Settings): Warnings {
  const { epochs, targetDensity, onEvent, onWarning = emitWarning } = settings;
  const told = new Set<string>();
  const tell = (texts: readonly string[]) => {
    for (const text of texts) {
      if (told.has(text)) continue;
      told.add(text);
      onEvent?.({ type: "warning", text });
      onWarning(text);
    }
  };
  return {
    tell,
    start(data, resumed) {
      tell([
        ...(data.notes ?? []),
        ...idleControl(settings),
        ...(resumed ? [] : otherInputs(settings, data)),
        ...(resumed ? [] : startFaults(model, weightsOf(trainer))),
      ]);
    },
    epoch(history) {
      // Where lambda moves by itself it is no use to name another.
      if (targetDensity !== undefined) return;
      const initial = () => beginningOf(model, settings);
      const { fixedAfter } = settings.freeze ?? {};
      tell(missingBirths(trainer, { history, epochs, fixedAfter, initial }));
    },
  };
}

/** Says so if density control will not begin within the run. */
function idleControl({ targetDensity, freeze, epochs }: Settings): string[] {
  if (targetDensity === undefined) return [];
  const { after = 0 } = targetDensity;
  const { fixedAfter = epochs } = freeze ?? {};
  if (after < Math.min(epochs, fixedAfter)) return [];
  const end =
    fixedAfter < epochs ? `patterns are fixed after ${fixedAfter}` : `the run has ${epochs}`;
  return [`targetDensity does nothing: it begins after ${after} epochs, and ${end}`];
}

/** Theta of each parameter, by name. */
export function weightsOf({ updaters, theta }: Trainer): Map<string, Float32Array> {
  return new Map(updaters.map(({ parameter: { name } }) => [name, theta(name)]));
}
