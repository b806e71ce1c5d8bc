/** Whoever is told how a run goes, beside the person who watches it. */
import type { NetworkInTraining } from "../engine/network-in-training.js";
import type { TrainEvent } from "../measure/events.js";

/** Options of `fit` that tell another program of a run. */
export interface Listener {
  onEvent(event: TrainEvent): void;
  /** Called before the event of the same epoch. */
  observe(epoch: number, network: NetworkInTraining): void;
}
