/** Schedules against sequences worked out by hand. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  cosine,
  piecewise,
  plateau,
  type Schedule,
  type ScheduleState,
} from "#bregman/optim/index.js";
import { SCHEDULES } from "../support/schedule-table.js";

/**
 * Factors of epochs 0, 1, ..., given the metric of each epoch. The state goes through JSON every
 * time, as in a checkpoint.
 */
function factors<S extends ScheduleState>(
  schedule: Schedule<S>,
  metrics: readonly number[],
  name: "trainLoss" | "validAccuracy" = "trainLoss",
): number[] {
  let state = schedule.init();
  const out = [state.factor];
  metrics.forEach((value, epoch) => {
    const before = JSON.stringify(state);
    const next = schedule.next(state, { epoch, trainLoss: 0, [name]: value });
    expect(JSON.stringify(state)).toBe(before);
    state = JSON.parse(JSON.stringify(next)) as S;
    expect(state).toEqual(next);
    out.push(state.factor);
  });
  return out;
}

describe.each(SCHEDULES.map((row) => [row.file, row] as const))(
  "%s",
  (_, { schedule, factors: expected, refused }) => {
    test("has the factors worked out by hand", () => {
      const found = factors(
        schedule,
        Array.from({ length: expected.length - 1 }, () => 1),
      );
      found.forEach((factor, epoch) => expect(factor).toBeCloseTo(expected[epoch], 9));
      expect(found).toHaveLength(expected.length);
    });

    test("refuses what can't be", () => {
      for (const [make, message] of refused) {
        expect(make).toThrow(InputError);
        expect(make).toThrow(message);
      }
    });
  },
);

describe("plateau", () => {
  test("falls after more than `patience` epochs without progress, and starts counting again", () => {
    // Best 10 at epoch 0. Epochs 1 to 5 are bad and let pass, the sixth bad one halves; then six
    // more.
    const bad = Array.from({ length: 12 }, () => 10);
    expect(factors(plateau(), [10, ...bad])).toEqual([
      1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25,
    ]);
  });

  test("progress is more than 1 % better than the best so far", () => {
    const schedule = plateau({ patience: 1 });
    // 9.9 is 10 (1 - 0.01), not below it: bad. 9.8 is progress. 9.75 and 9.72 are less than 1 %
    // better than 9.8: bad, bad, halved.
    expect(factors(schedule, [10, 9.9, 9.8, 9.75, 9.72, 9.7])).toEqual([1, 1, 1, 1, 1, 0.5, 0.5]);
    // Slow progress adds up: the best stays 10 until it is beaten by 1 %.
    expect(factors(schedule, [10, 9.95, 9.89, 9.85, 9.78, 9.75])).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  test("exactly the threshold is not progress", () => {
    expect(factors(plateau({ threshold: 0.5, patience: 0 }), [8, 4])).toEqual([1, 1, 0.5]);
    expect(factors(plateau({ threshold: 0.5, patience: 0 }), [8, 3.999])).toEqual([1, 1, 1]);
  });

  test("one good epoch clears the count", () => {
    expect(factors(plateau({ patience: 2 }), [10, 10, 10, 5, 5, 5, 5])).toEqual([
      1, 1, 1, 1, 1, 1, 1, 0.5,
    ]);
  });

  test("the best is kept when the rate falls", () => {
    // 6 would be progress against 8, but the best is 5.
    expect(factors(plateau({ patience: 0 }), [5, 8, 6])).toEqual([1, 1, 0.5, 0.25]);
  });

  test("maximises accuracy", () => {
    expect(
      factors(
        plateau({ metric: "validAccuracy", patience: 0 }),
        [0.5, 0.6, 0.604, 0.61],
        "validAccuracy",
      ),
    ).toEqual([1, 1, 1, 0.5, 0.5]);
  });

  test("stops at the minimum, and counts NaN as bad", () => {
    expect(
      factors(plateau({ patience: 0, factor: 0.1, minFactor: 0.05 }), [1, Number.NaN, 1, 1]),
    ).toEqual([1, 1, 0.1, 0.05, 0.05]);
  });

  test("says which metric is missing", () => {
    const schedule = plateau({ metric: "validAccuracy" });
    const run = (): unknown => schedule.next(schedule.init(), { epoch: 3, trainLoss: 1 });
    expect(run).toThrow(InputError);
    expect(run).toThrow("validAccuracy of epoch 3 must be a number, found undefined");
  });
});

const none = (epochs: number): number[] => Array.from({ length: epochs }, () => 1);

describe("cosine", () => {
  test("starts at 1, is half-way in the middle, ends at the minimum and stays there", () => {
    const path = factors(cosine({ epochs: 10, minFactor: 0.1 }), none(12));
    expect(path[0]).toBe(1);
    expect(path[5]).toBeCloseTo(0.55, 12);
    expect(path[10]).toBeCloseTo(0.1, 12);
    expect(path[12]).toBe(path[10]);
    for (let e = 1; e <= 10; e++) expect(path[e]).toBeLessThan(path[e - 1]);
  });
  test("warms up in equal steps", () => {
    const path = factors(cosine({ epochs: 8, warmupEpochs: 3 }), none(8));
    expect(path.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(path[4]).toBeCloseTo((1 + Math.cos(Math.PI / 5)) / 2, 12);
    expect(path[8]).toBeCloseTo(0, 12);
  });
});

describe("piecewise", () => {
  const epochs = (count: number) => Array.from({ length: count - 1 }, () => 1);

  test("is level before the first and after the last point", () => {
    expect(factors(piecewise({ points: [[0, 0.25]] }), epochs(3))).toEqual([0.25, 0.25, 0.25]);
    expect(
      factors(
        piecewise({
          points: [
            [0.5, 1],
            [2.5, 0],
          ],
        }),
        epochs(4),
      ),
    ).toEqual([1, 0.75, 0.25, 0]);
  });

  test("has the factors of its points bit for bit, as a cosine written down has", () => {
    const written = factors(cosine({ epochs: 9, warmupEpochs: 1 }), epochs(9));
    expect(
      factors(piecewise({ points: written.map((factor, k) => [k, factor]) }), epochs(9)),
    ).toEqual(written);
  });
});
