/** What a sweep over learning rates says: see train/find-tau.ts. */

/** A step of the sweep. */
export interface TauStep {
  readonly tau: number;
  readonly loss: number;
  /** The mean over the steps before, the last ones the most. */
  readonly smoothed: number;
}

export interface FoundTau {
  readonly steps: readonly TauStep[];
  /** For the weights. */
  readonly proposal: number;
  /** Factor on the rates of all optimizers that leads there. */
  readonly factor: number;
}
