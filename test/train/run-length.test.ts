/**
 * Runs that go on to more epochs, or end before: what follows the number of epochs, and what is
 * said of it.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { constant } from "#bregman/optim/constant.js";
import { cosine } from "#bregman/optim/cosine.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { piecewise } from "#bregman/optim/piecewise.js";
import { plateau } from "#bregman/optim/plateau.js";
import { rigL } from "#bregman/optim/rig-l.js";
import type { Schedule } from "#bregman/optim/schedule.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stepDecay } from "#bregman/optim/step-decay.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/l1.js";
import type { TrainEvent } from "#bregman/measure/events.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";

const random = stream(3, "points");
const labels = Uint8Array.from({ length: 320 }, (_, k) => k % 4);
const inputs = Float32Array.from({ length: 320 * 16 }, (_, at) => {
  return random.normal() + (at % 16 === labels[Math.floor(at / 16)] ? 2 : 0);
});
const data = fromArrays({ shape: [16], train: { inputs, labels } });
const model = mlp([16, 40, 4]);
const base: Omit<FitOptions, "epochs"> = {
  optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.05) }), biases: sgd({ tau: 0.1 }) },
  init: { weights: { density: 0.1 } },
  batchSize: 32,
  seed: 1,
  threads: 1,
};
const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-length-"));

/** Trains in a folder, with the notes that are told. */
async function train(folder: string | undefined, epochs: number, more: Partial<FitOptions> = {}) {
  const notes: string[] = [];
  const lengths: (readonly number[] | undefined)[] = [];
  const result = await fit(model, data, {
    ...base,
    ...more,
    epochs,
    ...(folder !== undefined && { checkpoint: { folder, resume: true } }),
    onEvent(event: TrainEvent) {
      if (event.type === "note") notes.push(event.text);
      if (event.type === "start") lengths.push(event.resumed?.lengths);
    },
  });
  const factors = result.epochs.slice(1).map(({ tau }) => Number((tau / 0.1).toPrecision(12)));
  const bits = [...result.parameters].map(([, { data: values }]) =>
    Buffer.from(values.slice().buffer).toString("hex"),
  );
  return {
    ...result,
    factors,
    bits,
    lengths: lengths[0],
    notes: notes.filter((text) => !text.includes("no checkpoint")),
  };
}

describe("a schedule that does not follow the number of epochs: the bits of a run that was begun for all of them", () => {
  const schedules: Record<string, () => Schedule> = {
    constant,
    "step decay": () => stepDecay({ every: 2, factor: 0.5 }),
    plateau: () => plateau({ patience: 0, threshold: 0.5 }) as Schedule,
    piecewise: () =>
      piecewise({
        points: [
          [0, 0.1],
          [2, 1],
          [9, 0],
        ],
      }),
  };
  test.each(Object.entries(schedules))("%s", async (_, schedule) => {
    const folder = newFolder();
    await train(folder, 3, { schedule: schedule() });
    const more = await train(folder, 6, { schedule: schedule() });
    const whole = await train(undefined, 6, { schedule: schedule() });
    expect(more.bits).toEqual(whole.bits);
    expect(more.factors).toEqual(whole.factors);
    expect(more.notes).toEqual(["The run was begun for 3 epochs and now has 6."]);
    expect(more.lengths).toEqual([3, 6]);
    // It is told once; what is done is done.
    const again = await train(folder, 6, { schedule: schedule() });
    expect([again.notes, again.lengths, again.bits]).toEqual([[], [3, 6], more.bits]);
  });
});

test("the cosine is that of the new number from the first new epoch on, and it is said", async () => {
  const folder = newFolder();
  const schedule = (epochs: number) => ({ schedule: cosine({ epochs, minFactor: 0.1 }) });
  const curve = async (epochs: number) =>
    (await train(undefined, epochs, schedule(epochs))).factors;
  const first = await train(folder, 3, schedule(3));
  expect(first.factors).toEqual(await curve(3));
  const more = await train(folder, 6, schedule(6));
  expect(more.factors).toEqual([...(await curve(3)), ...(await curve(6)).slice(3)]);
  expect(more.notes).toEqual([
    'The run was begun for 3 epochs and now has 6; from here on its schedule "cosine" is that of 6: a factor of 0.55 on the learning rate in epoch 4, not 0.1.',
  ]);
  // Shorter than it was to have been: the cosine ends with it.
  const [long, other] = [newFolder(), newFolder()];
  for (const to of [long, other]) {
    const stopper = new AbortController();
    await train(to, 9, {
      ...schedule(9),
      signal: stopper.signal,
      observe: (epoch) => epoch === 2 && stopper.abort(),
    });
  }
  const short = await train(long, 4, schedule(4));
  expect(short.factors).toEqual([...(await curve(9)).slice(0, 2), ...(await curve(4)).slice(2)]);
  expect(short.interrupted).toBe(false);
  // As many as are done: an end, and nothing more.
  const done = await train(other, 2, schedule(2));
  expect([done.epochs.length, done.interrupted]).toEqual([3, false]);
});

test("fewer epochs than are done are refused, and so is a schedule that has come to 0", async () => {
  const folder = newFolder();
  const schedule = piecewise({
    points: [
      [0, 1],
      [3, 0],
    ],
  });
  await train(folder, 3, { schedule });
  await expect(train(folder, 2, { schedule })).rejects.toThrow(
    new InputError(
      "could not resume: epochs must be at least 3, as many as are done or under way, found 2",
    ),
  );
  await expect(train(folder, 5, { schedule })).rejects.toThrow(
    new InputError(
      'could not go on to 5 epochs: the schedule "piecewise" has a factor of 0 from epoch 4 on, so that nothing would be learned',
    ),
  );
  // An epoch that is under way counts: the signal is looked at in each of its ten steps.
  const under = newFolder();
  let looks = 0;
  const signal = Object.defineProperty({}, "aborted", { get: () => ++looks > 14 }) as AbortSignal;
  await train(under, 9, { signal });
  await expect(train(under, 1)).rejects.toThrow("epochs must be at least 2");
});

test("a target density's ramp stays what it was: the density that was reached does not fall back", async () => {
  const folder = newFolder();
  const control = { targetDensity: { targets: { net: 0.4 }, every: 2, ramp: 0.8 } };
  const first = await train(folder, 8, control);
  const reached = first.final.density;
  expect(reached / 0.4).toBeGreaterThan(0.8);
  const more = await train(folder, 40, control);
  for (const { density } of more.epochs.slice(9)) expect(density).toBeGreaterThan(0.75 * reached);
  const lambdas = more.epochs.slice(9).map(({ layers: [{ lambda }] }) => lambda);
  expect(new Set(lambdas).size).toBeGreaterThan(20);
  expect(more.notes.at(0)).toBe(
    "The run was begun for 8 epochs and now has 40; the ramp of its target density stays that of 8.",
  );
  // A run that was begun for 40 epochs is far from there after 9: that is where a new ramp would
  // have led.
  const slow = await train(undefined, 40, control);
  expect(slow.epochs[9].density).toBeLessThan(0.6 * reached);
});

test("masks change at shares of the new number, and it is said", async () => {
  const folder = newFolder();
  const masked = {
    optimizer: { weights: rigL({ tau: 0.1, every: 5, until: 1 }), biases: sgd({ tau: 0.1 }) },
    init: { weights: { density: 0.3, count: "exact" } },
  } as const;
  await train(folder, 2, masked);
  const { notes, epochs } = await train(folder, 6, masked);
  expect(notes).toEqual([
    "The run was begun for 2 epochs and now has 6; the mask of rigL changes at shares of 6.",
  ]);
  expect(epochs.slice(3).reduce((sum, { births }) => sum + births, 0)).toBeGreaterThan(0);
});
