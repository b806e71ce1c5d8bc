/**
 * The table of schedules that tests run over by themselves: a newcomer adds a row, and an example.
 */
import {
  constant,
  cosine,
  multiStep,
  piecewise,
  plateau,
  stepDecay,
  type Schedule,
} from "#bregman/optim/index.js";

export interface Row {
  /** File of src/optim that it is in. */
  readonly file: string;
  readonly schedule: Schedule;
  /** How a recipe of ten epochs says it. */
  readonly entry: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** Factors of ten epochs in which the loss gets no better, worked out by hand. */
  readonly factors: readonly number[];
  /** Options that can't be, as JavaScript has them, and what is said. */
  readonly refused: readonly (readonly [make: () => unknown, message: string])[];
}

const points = (...given: [number, number][]) => ({ points: given });

export const SCHEDULES: readonly Row[] = [
  {
    file: "constant",
    schedule: constant(),
    entry: { kind: "constant" },
    factors: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    refused: [],
  },
  {
    file: "plateau",
    schedule: plateau({ patience: 1, factor: 0.1 }) as Schedule,
    entry: { kind: "plateau", patience: 1, factor: 0.1 },
    factors: [1, 1, 1, 0.1, 0.1, 1e-2, 1e-2, 1e-3, 1e-3, 1e-4],
    refused: [
      [() => plateau({ factor: 1 }), "factor must be in (0, 1), found 1"],
      [() => plateau({ patience: 1.5 }), "patience must be an integer of at least 0, found 1.5"],
      [() => plateau({ threshold: -1 }), "threshold must be in [0, 1], found -1"],
      [() => plateau({ minFactor: 2 }), "minFactor must be in [0, 1], found 2"],
      [() => plateau({ metric: "loss" as "trainLoss" }), "found loss"],
    ],
  },
  {
    file: "step-decay",
    schedule: stepDecay({ every: 4, factor: 0.5 }),
    entry: { kind: "step", every: 4, factor: 0.5 },
    factors: [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25],
    refused: [
      [() => stepDecay({ every: 0 }), "every must be an integer of at least 1, found 0"],
      [() => stepDecay({ every: 2, factor: 1 }), "factor must be in (0, 1), found 1"],
    ],
  },
  {
    file: "multi-step",
    schedule: multiStep({ milestones: [2, 3, 8], factor: 0.5 }),
    entry: { kind: "multiStep", milestones: [2, 3, 8], factor: 0.5 },
    factors: [1, 1, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125],
    refused: [
      [() => multiStep({ milestones: [] }), "expected at least one milestone, found none"],
      [
        () => multiStep({ milestones: [0] }),
        "milestones must be an integer of at least 1, found 0",
      ],
      [
        () => multiStep({ milestones: [4, 4] }),
        "milestones must be an integer of at least 5, found 4",
      ],
      [() => multiStep({ milestones: [4], factor: 1 }), "factor must be in (0, 1), found 1"],
    ],
  },
  {
    file: "cosine",
    schedule: cosine({ epochs: 10, warmupEpochs: 4, minFactor: 0.1 }),
    entry: { kind: "cosine", warmupEpochs: 4, minFactor: 0.1 },
    // From 1 down to 0.1 within six epochs, along (1 + cos(pi t)) / 2 at t = 0, 1/6, 1/3, ...
    factors: [0.2, 0.4, 0.6, 0.8, 1, 0.9397114317, 0.775, 0.55, 0.325, 0.1602885683],
    refused: [
      [
        () => cosine({ epochs: 3, warmupEpochs: 3 }),
        "warmupEpochs must be less than epochs (3), found 3",
      ],
      [() => cosine({ epochs: 0 }), "epochs must be an integer of at least 1, found 0"],
      [() => cosine({ epochs: 3, minFactor: -1 }), "minFactor must be in [0, 1], found -1"],
    ],
  },
  {
    file: "piecewise",
    schedule: piecewise(points([1, 0.5], [2, 1], [4, 1], [8, 0])),
    entry: { kind: "piecewise", ...points([1, 0.5], [2, 1], [4, 1], [8, 0]) },
    factors: [0.5, 0.5, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0],
    refused: [
      [() => piecewise(points()), "expected at least one point, found none"],
      [
        () => piecewise(points([-1, 1])),
        "epochs of points must rise from 0 on, found -1 after none",
      ],
      [
        () => piecewise(points([0, 1], [3, 1], [3, 0])),
        "epochs of points must rise from 0 on, found 3 after 3",
      ],
      [
        () => piecewise(points([0, Number.NaN])),
        "factors must be finite numbers of at least 0, found NaN for epoch 0",
      ],
    ],
  },
];

/** What the example of each file leaves in a variable. */
export const EXAMPLES: Readonly<Record<string, readonly [expression: string, value: unknown]>> = {
  constant: ["state.factor", 1],
  "step-decay": ["state.factor", 0.5],
  "multi-step": ["state.factor", 0.25],
  cosine: ["state.factor.toFixed(12)", "0.500000000000"],
  piecewise: ["state.factor", 0.4],
  plateau: ["state.factor", 0.5],
};
