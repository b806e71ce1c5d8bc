/** What the dashboard's server and its page say to each other, as JSON. */
import type { EpochMetrics, FinalMetrics, LayerMetrics } from "../measure/events.js";

/**
 * `running` while a process writes into the folder; `failed` if the run says why it broke off;
 * `stopped` if it has not come to its end otherwise.
 */
export type RunState = "running" | "finished" | "stopped" | "failed";

/** A run as a line of the table. Shares are fractions of 1. */
export interface RunSummary {
  /** Its folder within the dashboard's, with slashes; "." is that folder itself. */
  readonly id: string;
  readonly recipe: string;
  readonly state: RunState;
  /** Why it failed, or what of its files can't be read. */
  readonly fault?: string;
  readonly seed?: number;
  /** How many the run is to have. */
  readonly epochs?: number;
  /** The kind of the weights' optimizer. */
  readonly optimizer?: string;
  /** The last that is done. */
  readonly epoch?: number;
  readonly density?: number;
  readonly trainAccuracy?: number;
  readonly validAccuracy?: number;
  readonly testAccuracy?: number;
  readonly validLoss?: number;
  readonly seconds?: number;
  /** Of a forward pass, as a share of the dense network's. */
  readonly multiplications?: number;
  /** When its metrics were written last, in milliseconds since 1970. */
  readonly changed: number;
  /** Whether its process is on this machine, so that it can be stopped here. */
  readonly isHere?: boolean;
}

/** What has changed of the list since an earlier event. */
export interface RunChanges {
  /** These are all runs there are, not only those that have changed. */
  readonly all: boolean;
  readonly runs: readonly RunSummary[];
  /** Their ids. */
  readonly removed: readonly string[];
}

/** A line of metrics, for curves. */
export interface CurveLine extends Omit<EpochMetrics, "layers"> {
  /** Of a forward pass for one sample; absent where the model is not known. */
  readonly multiplications?: number;
}

/** Lines of metrics from a place on. */
export interface CurveLines {
  /** What to ask with for those that follow. */
  readonly next: string;
  /** These are from the beginning: what was there before counts no more. */
  readonly again: boolean;
  readonly lines: readonly CurveLine[];
}

/** A run by itself. */
export interface RunDetails {
  readonly id: string;
  /** The text of recipe.json. */
  readonly recipe: string;
  readonly description?: string;
  readonly layers: readonly LayerMetrics[];
  readonly births: readonly { readonly epoch: number; readonly births: number; deaths: number }[];
  /** Epochs of which there is a picture of the first layer's weights. */
  readonly pictures: readonly number[];
  readonly byClass?: FinalMetrics["byClass"];
  readonly saved?: FinalMetrics["saved"];
  readonly bytes?: FinalMetrics["bytes"];
  readonly command?: string;
  readonly machine?: string;
}

/** What differs between the recipes of two runs. */
export type RecipeDifferences = readonly {
  readonly place: string;
  /** As JSON; absent where there is nothing. */
  readonly before?: string;
  readonly now?: string;
}[];

/** What can be started: recipes of the library by name, files in the folder by their places. */
export interface Startable {
  readonly names: readonly string[];
  readonly files: readonly string[];
}

/** The answer to whatever could not be done. */
export interface Refusal {
  readonly error: string;
}
