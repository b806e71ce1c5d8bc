/**
 * From gradients to new parameters: the second half of a training step.
 *
 *     directly     backward, each parameter updated as soon as its gradient is complete, while it is in cache
 *     in turn      backward (for each part of the batch), then what needs all gradients, then all updates
 *
 * Clipping by norm needs all gradients before the first update, and a batch computed in parts needs
 * their sum. Clipping by value does not wait. Nothing waits unless it is asked to: then the step
 * has the programs and the bits that it has without.
 */
import type { Plan } from "../nn/plan.js";
import { clipFactor, type ClipOptions } from "../optim/clip.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Pool } from "../runtime/pool.js";
import type { Action } from "../runtime/program.js";
import { createSequence, type Sequence } from "./sequence.js";
import type { StepKind, Updater } from "./updater.js";

export interface Descent {
  /**
   * The gradient of the batch, or adds that of the part whose forward pass was the last.
   *
   * @param share - samples of the part / samples of the batch
   * @param first - the first part of a batch
   */
  add(kind: StepKind, share: number, first: boolean): void;
  /** Moves all parameters. Their updaters are prepared. */
  move(kind: StepKind): void;
  /** The next programs are written anew: layers have changed kernels. */
  reset(): void;
}

export interface DescentOptions {
  /** Compiled with `keepGradients` if {@link waits}. */
  readonly plan: Plan;
  readonly updaters: readonly Updater[];
  /** Parts a batch may have; default 1. */
  readonly microBatches?: number | undefined;
  readonly clip?: ClipOptions | undefined;
}

/**
 * Whether gradients of one backward pass wait for each other. (Those of several are added up
 * elsewhere.)
 */
export function waits({
  microBatches = 1,
  clip,
}: Pick<DescentOptions, "microBatches" | "clip">): boolean {
  return microBatches === 1 && clip?.norm !== undefined;
}

/** Prepares the second half of a step. */
export function createDescent(
  pool: Pool,
  { plan, updaters, microBatches = 1, clip }: DescentOptions,
): Descent {
  const { memory } = pool;
  const updaterOf = new Map(updaters.map((updater) => [updater.parameter, updater]));
  const sums =
    microBatches > 1
      ? new Map(
          updaters.map(({ parameter: { name, rows, cols } }) => [
            name,
            memory.allocate(rows * cols * 4),
          ]),
        )
      : undefined;
  const share = memory.allocate(4);
  const bounds = memory.put(Float32Array.of(1, clip?.value ?? Infinity));
  const norms =
    clip?.norm === undefined
      ? undefined
      : new Map(updaters.map(({ parameter: { name, rows } }) => [name, memory.allocate(rows * 4)]));
  const direct = !sums && !norms;
  let sequences = new Map<string, Sequence>();
  const run = (name: string, actions: () => readonly Action[]) => {
    if (!sequences.has(name)) sequences.set(name, createSequence(pool, actions()));
    sequences.get(name)!.run();
  };

  /** The backward pass; after each stage what becomes of its gradients. */
  const backward = (
    kind: StepKind,
    then: (parameter: Parameter, gradient: number) => readonly Action[],
  ): Action[] =>
    plan
      .lower(kind === "frozen")
      .backward.flatMap((stage): Action[] => [
        ...stage.ops,
        ...stage.gradients.flatMap(({ parameter, gradient }) => then(parameter, gradient)),
      ]);
  /**
   * Where updates wait: every parameter whose gradient is known after the backward pass, and its
   * place.
   */
  const gradients = direct
    ? []
    : plan
        .lower()
        .backward.flatMap((stage) => stage.gradients)
        .map(({ parameter, gradient }) => ({
          parameter,
          gradient: sums?.get(parameter.name) ?? gradient,
        }));
  const clipOp = ({ rows, cols }: Parameter, g: number): Op =>
    op("clipGradient", rows, { g, bounds, rows, cols });
  const update = (kind: StepKind) => (parameter: Parameter, gradient: number) => [
    ...(clip?.value === undefined ? [] : [clipOp(parameter, gradient)]),
    ...updaterOf.get(parameter)!.actions(gradient, kind),
  ];

  /** Scales all gradients down if their norm is above the limit. */
  function clipNorm(limit: number, kind: StepKind): void {
    run(`norms ${kind}`, () =>
      gradients.map(({ parameter, gradient }) =>
        normsOp(parameter, gradient, norms!.get(parameter.name)!, kind === "frozen"),
      ),
    );
    let squares = 0;
    for (const { parameter } of gradients) {
      for (const norm of memory.f32(norms!.get(parameter.name)!, parameter.rows))
        squares += norm * norm;
    }
    const factor = clipFactor(Math.sqrt(squares), limit);
    if (factor === 1) return;
    memory.f32(bounds, 1)[0] = factor;
    run("clip", () => gradients.map(({ parameter, gradient }) => clipOp(parameter, gradient)));
  }

  return {
    add(kind, part, first) {
      if (direct) return;
      memory.f32(share, 1)[0] = part;
      run(`${first ? "first" : "next"} ${kind}`, () =>
        backward(kind, ({ name, rows, cols }, g) =>
          sums
            ? [
                op("sumGradient", rows, {
                  g,
                  sum: sums.get(name)!,
                  share,
                  first: first ? 1 : 0,
                  rows,
                  cols,
                }),
              ]
            : [],
        ),
      );
    },
    move(kind) {
      if (direct) {
        run(kind, () => backward(kind, update(kind)));
        return;
      }
      if (norms) clipNorm(clip!.norm!, kind);
      run(kind, () =>
        gradients.flatMap(({ parameter, gradient }) => update(kind)(parameter, gradient)),
      );
    },
    reset() {
      sequences = new Map();
    },
  };
}

/** Norms of a gradient's rows; in a frozen step of the weights of the pattern. */
function normsOp(parameter: Parameter, g: number, norms: number, frozen: boolean): Op {
  const { rows, cols, dense } = parameter;
  const { places } = (frozen && parameter.pattern) || dense;
  return op("gradientNorms", rows, { g, norms, rows, cols, pattern: places });
}
