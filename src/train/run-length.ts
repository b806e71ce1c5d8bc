/**
 * How many epochs a run has, and has had: a run may go on to more of them, or end before.
 *
 * What follows the number of epochs does so from then on: a schedule such as the cosine, and the
 * shares of the training at which masks change. Only the ramp of a target density stays what it
 * was: a density that has come to its target would fall back.
 */
import { InputError, UnusableFileError } from "../errors.js";
import type { Settings } from "./fit-options.js";
import { checkedState, type Schedule, type ScheduleState } from "../optim/schedule.js";
import type { Lengths, Progress } from "./progress.js";

/**
 * The fewest epochs that a run can have which has come so far: those that are done or under way.
 */
export function leastEpochs({ epoch, sums }: Pick<Progress, "epoch" | "sums">): number {
  return sums.seen === 0 ? epoch - 1 : epoch;
}

/**
 * The lengths of a run that is to have so many epochs now.
 *
 * @throws InputError if it has begun more of them, or would not learn in the others
 */
export function lengthsOf(
  resumed: Progress | undefined,
  epochs: number,
  schedule: Schedule,
): Lengths {
  // Checkpoints of earlier versions don't know.
  const before = resumed?.lengths ?? [epochs];
  if (!resumed || before.at(-1) === epochs) return before;
  const least = leastEpochs(resumed);
  if (epochs < least) {
    throw new InputError(
      `could not resume: epochs must be at least ${least}, as many as are done or under way, found ${epochs}`,
    );
  }
  const left = Array.from(
    { length: Math.max(0, epochs - least) },
    (_, k) => schedule.at?.(least + k).factor,
  );
  if (left.length > 0 && left.every((factor) => factor === 0)) {
    throw new InputError(
      `could not go on to ${epochs} epochs: the schedule "${schedule.kind}" has a ` +
        `factor of 0 from epoch ${least + 1} on, so that nothing would be learned`,
    );
  }
  return [...before, epochs];
}

/** State of the schedule for the epoch that a run begins or goes on with. */
export function scheduleStateOf(
  schedule: Schedule,
  resumed: Progress | undefined,
  epochs: number,
): ScheduleState {
  if (!resumed) return checkedState(schedule.kind, schedule.init(), 1);
  const state = schedule.at?.(resumed.epoch - 1) ?? savedState(schedule, resumed.schedule);
  // What would come after the last epoch may be anything.
  return resumed.epoch > epochs ? state : checkedState(schedule.kind, state, resumed.epoch);
}

/** @throws InputError unless a state of a checkpoint has what a state of the schedule has */
function savedState(schedule: Schedule, saved: ScheduleState): ScheduleState {
  const initial = schedule.init();
  if (isLike(initial, saved)) return saved;
  throw new UnusableFileError(
    `could not resume: expected a state of the schedule "${schedule.kind}" such as ` +
      `${JSON.stringify(initial)}, found ${JSON.stringify(saved).slice(0, 200)}`,
  );
}

/**
 * Whether a value of JSON has the keys and kinds of another. Null stands for what is not known yet,
 * or was not finite.
 */
function isLike(one: unknown, other: unknown): boolean {
  if (one === null) return true;
  if (typeof one === "number") return typeof other === "number" || other === null;
  if (typeof one !== typeof other || other === null || Array.isArray(one) !== Array.isArray(other))
    return false;
  if (typeof one !== "object" || Array.isArray(one)) return true;
  return Object.entries(one).every(([key, value]) =>
    isLike(value, (other as Record<string, unknown>)[key]),
  );
}

/**
 * One line for a run that goes on with another number of epochs than before, with what follows from
 * it; else none.
 */
export function lengthNotes(
  resumed: Progress | undefined,
  lengths: Lengths,
  {
    optimizer,
    targetDensity,
    schedule,
  }: Pick<Settings, "optimizer" | "targetDensity" | "schedule">,
): string[] {
  if (!resumed?.lengths || resumed.lengths.length === lengths.length) return [];
  const [begun, now] = [lengths[0], lengths.at(-1)!];
  const short = (factor: number | null) =>
    factor === null ? "none" : String(Number(factor.toPrecision(3)));
  const factor = schedule?.at?.(resumed.epoch - 1).factor;
  const { rule = "relative", ramp = 0.5 } = targetDensity ?? { ramp: 0 };
  const masked = [
    ...new Set(Object.values(optimizer).flatMap((one) => (one?.mask ? [one.kind] : []))),
  ];
  return [
    [
      `The run was begun for ${begun} epochs and now has ${now}`,
      ...(factor === undefined || factor === resumed.schedule.factor
        ? []
        : [
            `from here on its schedule "${schedule!.kind}" is that of ${now}: a ` +
              `factor of ${short(factor)} on the learning rate in epoch ` +
              `${resumed.epoch}, not ${short(resumed.schedule.factor)}`,
          ]),
      ...(rule === "relative" && ramp > 0
        ? [`the ramp of its target density stays that of ${begun}`]
        : []),
      ...masked.map((kind) => `the mask of ${kind} changes at shares of ${now}`),
    ].join("; ") + ".",
  ];
}
