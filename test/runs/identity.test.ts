/** What a run's data are: any bit of them that training or evaluation sees. */
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { differences, identityOf } from "#bregman/runs/identity.js";

/** Two thousand samples of a kilobyte: what decides may stand anywhere in them. */
const COUNT = 2000;
const FEATURES = 1024;
const LARGE = COUNT * FEATURES;

type Kind = Uint8ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor;
function arrays(Inputs: Kind) {
  const part = (count: number) => ({
    inputs: new Inputs(count * FEATURES),
    labels: new Uint8Array(count),
    targets: new Float32Array(count * 2),
  });
  return { train: part(COUNT), test: part(20) };
}
const model = mlp([FEATURES, 2]);
const identity = (data: ReturnType<typeof arrays>, more: object = {}) =>
  identityOf(model, fromArrays({ shape: [FEATURES], classes: 2, ...data, ...more }), {});

test.each([Uint8Array, Float32Array, Float64Array])("%o: one number anywhere", (Inputs) => {
  const before = identity(arrays(Inputs));
  expect(identity(arrays(Inputs))).toEqual(before);
  const seen = new Set([before.data]);
  const places = [
    ...[0, 1 << 20, LARGE / 2, LARGE - 1].map((at) => ["train", "inputs", at] as const),
    ["train", "labels", COUNT - 1] as const,
    ["train", "targets", 2 * COUNT - 1] as const,
    ["test", "inputs", 20 * FEATURES - 1] as const,
    ["test", "labels", 0] as const,
    ["test", "targets", 3] as const,
  ];
  for (const [part, key, at] of places) {
    const data = arrays(Inputs);
    data[part][key][at] = 1;
    const now = identity(data);
    expect(differences(before, now), `${part}.${key}[${at}]`).toEqual(["data"]);
    seen.add(now.data);
  }
  expect(seen.size).toBe(places.length + 1);
  expect(differences(before, identity(arrays(Inputs), { mean: [0.5] }))).toEqual(["data"]);
});

test("arrays that are parts of larger ones count for themselves", () => {
  const { train, test: other } = arrays(Uint8Array);
  const shifted = (values: Uint8Array) =>
    new Uint8Array([9, ...values, 9]).subarray(1, values.length + 1);
  const parts = { train, test: { ...other, inputs: shifted(other.inputs as Uint8Array) } };
  expect(identity(parts)).toEqual(identity({ train, test: other }));
});

test("differences name places within JSON, with both values", () => {
  const long = JSON.stringify({ points: Array.from({ length: 40 }, (_, k) => k) });
  const before = {
    hash: "a1",
    optimizer: '{"tau":0.1,"kind":"sgd"}',
    seed: "1",
    only: "{}",
    points: "[[0,1],[2,3]]",
    long,
  };
  const now = {
    hash: "b2",
    optimizer: '{"kind":"sgd","tau":0.2,"clip":{"norm":1}}',
    seed: "2",
    points: "[[0,1],[2,4],[5,6]]",
    long: '{"points":5}',
    new: "text",
  };
  expect(differences(before, now)).toEqual([
    "hash",
    "optimizer.tau (0.1, now 0.2)",
    'optimizer.clip (none, now {"norm":1})',
    "seed (1, now 2)",
    "only ({}, now none)",
    "points.1.1 (3, now 4)",
    "points.2 (none, now [5,6])",
    "long.points ([0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,1..., now 5)",
    "new",
  ]);
  // The order of keys and the blanks between them say nothing.
  expect(differences({ a: '{ "x": 1, "y": [2] }' }, { a: '{"y":[2],"x":1}' })).toEqual([]);
});
