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
import type { ClipOptions } from "../optim/clip.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Pool } from "../runtime/pool.js";
import type { Action } from "../runtime/program.js";
import { clipByNorm, clipByValue, type Gradient } from "./gradient-clip.js";
import { createPrograms, type Programs } from "./sequence.js";
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
export function createDescent(pool: Pool, options: DescentOptions): Descent {
  const { microBatches = 1, clip } = options;
  const programs = createPrograms(pool);
  const inTurn = microBatches > 1 || waits({ microBatches, clip });
  const descend = inTurn ? updatesInTurn : updatesDirectly;
  return { ...descend(pool, programs, options), reset: () => programs.reset() };
}

type Halves = Pick<Descent, "add" | "move">;

/** Each parameter is updated within the backward pass. */
function updatesDirectly({ memory }: Pool, programs: Programs, options: DescentOptions): Halves {
  const { plan } = options;
  const update = updatesOf(memory, options);
  return {
    add() {},
    move(kind) {
      programs.run(kind, () => backward(plan, kind, (gradient) => update(gradient, kind)));
    },
  };
}

/** The backward pass, or one for each part of the batch; then all updates. */
function updatesInTurn({ memory }: Pool, programs: Programs, options: DescentOptions): Halves {
  const { plan, updaters, microBatches = 1, clip } = options;
  const sums = microBatches > 1 ? createSums(memory, updaters) : undefined;
  /** Every gradient that is known after the backward pass, or its sum over the parts. */
  const gradients = plan
    .lower()
    .backward.flatMap((stage) => stage.gradients)
    .map((one) => sums?.sumOf(one) ?? one);
  const limit = clip?.norm;
  const clipNorm =
    limit === undefined ? undefined : clipByNorm(memory, programs, { limit, gradients });
  const update = updatesOf(memory, options);
  return {
    add(kind, share, first) {
      sums?.setShare(share);
      programs.run(`${first ? "first" : "next"} ${kind}`, () =>
        backward(plan, kind, (gradient) => (sums ? [sums.add(gradient, first)] : [])),
      );
    },
    move(kind) {
      clipNorm?.(kind);
      programs.run(kind, () => gradients.flatMap((gradient) => update(gradient, kind)));
    },
  };
}

/** The backward pass; after each stage what becomes of its gradients. */
function backward(
  plan: Plan,
  kind: StepKind,
  then: (gradient: Gradient) => readonly Action[],
): Action[] {
  return plan
    .lower(kind === "frozen")
    .backward.flatMap((stage): Action[] => [...stage.ops, ...stage.gradients.flatMap(then)]);
}

/** What a parameter is updated by, once its gradient is complete. */
function updatesOf(
  memory: Memory,
  { updaters, clip }: DescentOptions,
): (gradient: Gradient, kind: StepKind) => Action[] {
  const updaterOf = new Map(updaters.map((updater) => [updater.parameter, updater]));
  const clipped = clip?.value === undefined ? undefined : clipByValue(memory, clip.value);
  return (one, kind) => [
    ...(clipped ? [clipped(one)] : []),
    ...updaterOf.get(one.parameter)!.actions(one.gradient, kind),
  ];
}

/** Sums of gradients over the parts of a batch, weighted by their shares of its samples. */
function createSums(memory: Memory, updaters: readonly Updater[]) {
  const places = new Map(
    updaters.map(({ parameter }) => [
      parameter,
      memory.allocate(parameter.rows * parameter.cols * 4),
    ]),
  );
  const share = memory.allocate(4);
  return {
    sumOf: ({ parameter }: Gradient): Gradient => {
      return { parameter, gradient: places.get(parameter)! };
    },
    setShare(part: number): void {
      memory.f32(share, 1)[0] = part;
    },
    /** The op that adds the gradient of a part, or begins with that of the first. */
    add({ parameter, gradient: g }: Gradient, isFirst: boolean): Op {
      const { rows, cols } = parameter;
      const first = isFirst ? 1 : 0;
      return op("sumGradient", rows, {
        g,
        sum: places.get(parameter)!,
        share,
        first,
        rows,
        cols,
      });
    },
  };
}
