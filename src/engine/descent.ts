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
import type { Memory } from "../runtime/memory.js";
import type { Adding } from "../ranks/part-tree.js";
import type { PartsOf, Reduction, Summands } from "../ranks/reduction.js";
import type { Pool } from "../runtime/pool.js";
import type { Action } from "../runtime/program.js";
import { clipByNorm, clipByValue, type Gradient } from "./gradient-clip.js";
import { createGradientSums, type GradientSums } from "./gradient-sums.js";
import { createPrograms, type Programs } from "./sequence.js";
import type { StepKind, Updater } from "./updater.js";

export interface Descent {
  /**
   * Of a batch in parts: the gradient of the part whose forward pass was the last.
   *
   * @param share - samples of the part / samples of the batch
   * @param adding - what it is added to
   */
  add(kind: StepKind, share: number, adding: Adding): void;
  /**
   * Where ranks share out the parts: the gradient of the last own part, and meanwhile the sum over
   * all ranks, on each.
   *
   * @param last - what becomes of the last part; undefined where this rank has none
   */
  reduce(parts: PartsOf, kind: StepKind, last: LastAdding | undefined): void;
  /** Moves all parameters. Their updaters are prepared. */
  move(kind: StepKind): void;
  /** The next programs are written anew: layers have changed kernels. */
  reset(): void;
}

/** What is done with the last part of a rank. */
export interface LastAdding extends Adding {
  /** Samples of the part / samples of the batch. */
  readonly share: number;
}

export interface DescentOptions {
  /** Compiled with `keepGradients` if {@link waits}. */
  readonly plan: Plan;
  readonly updaters: readonly Updater[];
  /** Parts a batch may have; default 1. */
  readonly microBatches?: number | undefined;
  /** Places for their sums, see part-tree.ts; default 1. */
  readonly blocks?: number | undefined;
  /** Adds up what several ranks have. */
  readonly reduction?: ((sums: Summands) => Reduction) | undefined;
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
  const halves = descend(pool, programs, options);
  return {
    ...halves,
    reset() {
      programs.reset();
      halves.reset?.();
    },
  };
}

type Halves = Pick<Descent, "add" | "reduce" | "move"> & Partial<Pick<Descent, "reset">>;

/** Each parameter is updated within the backward pass. */
function updatesDirectly({ memory }: Pool, programs: Programs, options: DescentOptions): Halves {
  const { plan } = options;
  const update = updatesOf(memory, options);
  return {
    add() {},
    reduce() {},
    move(kind) {
      programs.run(kind, () => backward(plan, kind, (gradient) => update(gradient, kind)));
    },
  };
}

/** The backward pass, or one for each part of the batch; then all updates. */
function updatesInTurn({ memory }: Pool, programs: Programs, options: DescentOptions): Halves {
  const { plan, microBatches = 1, blocks = 1, clip } = options;
  /** Every gradient that is known after the backward pass. */
  const own = plan.lower().backward.flatMap((stage) => stage.gradients);
  const sums = microBatches > 1 ? createGradientSums(memory, own, blocks) : undefined;
  /** The same, or its sum over the parts. */
  const gradients = own.map((one) => sums?.sumOf(one) ?? one);
  const reduction = sums && options.reduction?.(sums);
  const limit = clip?.norm;
  const clipNorm =
    limit === undefined ? undefined : clipByNorm(memory, programs, { limit, gradients });
  const update = updatesOf(memory, options);
  return {
    add(kind, share, { block, begins, alone, merges }) {
      sums?.setShare(alone ? 1 : share);
      programs.run(`${begins ? "first" : "next"} ${kind} ${block}`, () =>
        backward(plan, kind, (gradient) => (sums ? [sums.add(gradient, block, begins)] : [])),
      );
      for (const { from, into } of merges)
        programs.run(`merge ${from} ${into}`, () => sums!.merge(from, into));
    },
    reduce(parts, kind, last) {
      if (!sums || !reduction) return;
      reduction.begin(parts, kind === "frozen");
      if (last) {
        sums.setShare(last.alone ? 1 : last.share);
        programs.run(`last ${kind} ${JSON.stringify([last.block, last.begins, last.merges])}`, () =>
          backward(plan, kind, (gradient) => inPieces(sums, gradient, last, reduction.next)),
        );
      }
      reduction.end();
    },
    reset: () => reduction?.reset(),
    move(kind) {
      clipNorm?.(kind);
      programs.run(kind, () => gradients.flatMap((gradient) => update(gradient, kind)));
    },
  };
}

/** Adds the gradient of the last part; where it is the last of a piece, this is complete. */
function inPieces(
  sums: GradientSums,
  gradient: Gradient,
  { block, begins, merges }: Adding,
  complete: () => void,
): Action[] {
  const add = sums.add(gradient, block, begins);
  const piece = sums.pieceAfter(gradient);
  if (piece === undefined) return [add];
  return [add, ...merges.flatMap(({ from, into }) => sums.merge(from, into, piece)), complete];
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
