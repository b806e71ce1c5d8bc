/** What the page and the worker that classifies pictures say to each other. */
import type { ClassProbability } from "bregman/predict";

export interface Picture {
  /** [3, 32, 32], bytes. */
  readonly pixels: Uint8Array;
}

export interface Answer {
  /** That the network took. */
  readonly milliseconds: number;
  /** The likeliest first. */
  readonly guesses: readonly ClassProbability[];
}

export type FromPicturesWorker = Answer | { readonly fault: string };
