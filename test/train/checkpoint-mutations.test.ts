/**
 * Checkpoints that were changed and signed anew: a run goes on from one, or says in one line of its
 * own why it can't. Never an engine's words, such as "Cannot read properties of undefined".
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
} from "#bregman/export/safetensors-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { adaBreg, linBreg, plateau, rigL } from "#bregman/optim/index.js";
import { stream, type Random } from "#bregman/random.js";
import { groupLasso, l1 } from "#bregman/regularizers/index.js";
import { birthPath } from "#bregman/report/birth-path.js";
import { birthsOf } from "#bregman/measure/births.js";
import { decodeCheckpoint } from "#bregman/runs/checkpoint-file.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { withChecksum } from "../support/checksum.js";
import { signalAt } from "../support/signal-at.js";

const random = stream(8, "images");
const data = fromArrays({
  shape: [1, 4, 4],
  train: {
    inputs: Float32Array.from({ length: 48 * 16 }, () => random.normal()),
    labels: Uint8Array.from({ length: 48 }, (_, k) => k % 3),
  },
});
const biases = linBreg({ tau: 0.05 });
const common = { epochs: 3, batchSize: 8, validation: 8, threads: 1, onWarning: () => {} };
const CONV = sequential(
  [1, 4, 4],
  [conv2d(4, { kernel: 3, padding: 1, bias: false }), batchNorm2d(), relu(), flatten(), linear(3)],
);
const kernels = linBreg({ tau: 0.1, regularizer: groupLasso({ lambda: 0.05, groups: "kernels" }) });

/** Runs that have different things in their checkpoints. */
const RUNS: Readonly<Record<string, { model: Model; options: FitOptions }>> = {
  "AdaBreg, plateau, average": {
    model: mlp([16, 12, 3]),
    options: {
      ...common,
      optimizer: { weights: adaBreg({ tau: 0.01, regularizer: l1(0.02) }), biases },
      init: { weights: { density: 0.2 } },
      schedule: plateau({ patience: 0 }),
      average: { decay: 0.9 },
    },
  },
  "kernel groups, batch norm, frozen steps, density control": {
    model: CONV,
    options: {
      ...common,
      optimizer: { weights: linBreg({ tau: 0.3, regularizer: l1(0.2) }), convs: kernels, biases },
      init: { weights: { density: 0.2 }, convs: { density: 0.5, mask: "kernel" } },
      freeze: 2,
      targetDensity: { targets: { net: 0.4 }, every: 3, ramp: 0 },
      keep: "best",
    },
  },
  "a mask": {
    model: mlp([16, 12, 3]),
    options: {
      ...common,
      optimizer: { weights: rigL({ tau: 0.1, every: 3 }), biases },
      init: { weights: { density: 0.2 } },
    },
  },
};

const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-mutations-"));

/** The bytes of the last checkpoint of a run that was stopped within its second epoch. */
async function stopped({ model, options }: (typeof RUNS)[string]): Promise<Buffer> {
  const folder = newFolder();
  const signal = signalAt(10);
  await fit(model, data, { ...options, signal, checkpoint: { folder, everySeconds: 0 } });
  const [newest] = readdirSync(folder).sort(
    (a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)),
  );
  return readFileSync(join(folder, newest));
}

/** What a run makes of a checkpoint: nothing, or an error. */
async function resume(
  { model, options }: (typeof RUNS)[string],
  bytes: Uint8Array,
): Promise<Error | undefined> {
  const folder = newFolder();
  writeFileSync(join(folder, "checkpoint-9.safetensors"), bytes);
  return fit(model, data, { ...options, checkpoint: { folder, resume: true } }).then(
    () => undefined,
    (error: Error) => error,
  );
}

/**
 * Words of ours: of a checkpoint that can't be used, or of a training that makes no sense of what
 * it holds.
 */
const OURS =
  /^(could not (resume|go on)\b[^\n]+|the loss is [^\n]+|the schedule "plateau" has a factor [^\n]+)$/;
function expectOurs(error: Error | undefined, what: string): void {
  if (!error) return;
  expect(error.message, what).toMatch(OURS);
  expect(error.name, what).toMatch(/^(InputError|DivergedError|UnusableFileError)$/);
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const NUMBERS = [0, -1, 1, 2, 1e9, 1e300, 0.5, -1e-9, Number.MAX_SAFE_INTEGER];
const TEXTS = ["", "sparse", "pattern", "linear1.bias", "x\ny"];
const VALUES: readonly Json[] = [
  ...NUMBERS,
  ...TEXTS,
  null,
  true,
  [],
  {},
  [[]],
  { factor: "1" },
  [1, 2, 3],
];

/** A copy of a value with one place in it changed, and what was done. */
function mutated(value: Json, pick: Random): [Json, string] {
  const copy = structuredClone(value);
  let [parent, key]: [Record<string, Json>, string] = [{ "": copy }, ""];
  const root = parent;
  const place: string[] = [];
  for (;;) {
    const inner = parent[key];
    const keys = typeof inner === "object" && inner !== null ? Object.keys(inner) : [];
    if (keys.length === 0 || (place.length > 0 && pick.integer(5) === 0)) break;
    [parent, key] = [inner as Record<string, Json>, keys[pick.integer(keys.length)]];
    place.push(key);
  }
  const where = place.join(".");
  if (pick.integer(6) === 0 && place.length > 0) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
    return [root[""], `${where} removed`];
  }
  if (pick.integer(8) === 0 && Array.isArray(parent)) {
    parent.push(parent[pick.integer(parent.length)]);
    return [root[""], `an entry more in ${where}`];
  }
  const other = VALUES[pick.integer(VALUES.length)];
  parent[key] = structuredClone(other);
  return [root[""], `${where} = ${JSON.stringify(other)}`];
}

describe.each(Object.entries(RUNS))("%s", (_, run) => {
  test("250 changes of the JSON within, one to three at a time", { timeout: 300_000 }, async () => {
    const { tensors, metadata } = decodeSafetensors(await stopped(run));
    const pick = stream(1, "mutations");
    const outcomes = { on: 0, refused: 0 };
    for (let k = 0; k < 250; k++) {
      const key = ["progress", "progress", "progress", "identity", "about"][pick.integer(5)];
      let value = JSON.parse(metadata[key]) as Json;
      const done: string[] = [];
      for (let n = pick.integer(3); n >= 0; n--) {
        const [next, what] = mutated(value, pick);
        value = next;
        done.push(what);
      }
      const signed = withChecksum(
        encodeSafetensors(tensors, { ...metadata, [key]: JSON.stringify(value) }),
      );
      const error = await resume(run, signed);
      expectOurs(error, `${key}: ${done.join("; ")}`);
      outcomes[error ? "refused" : "on"]++;
    }
    // Texts of people and sums of seconds may be anything; the rest is seen.
    expect(outcomes.refused).toBeGreaterThan(125);
    expect(outcomes.on).toBeGreaterThan(5);
  });

  test("JSON that is none, missing, or nested without end", async () => {
    const { tensors, metadata } = decodeSafetensors(await stopped(run));
    const texts = ["", "{", "nul", "[".repeat(20_000), '{"a":'.repeat(20_000), undefined];
    for (const key of ["progress", "identity", "about"]) {
      for (const text of texts) {
        const { [key]: _old, ...rest } = metadata;
        const changed = text === undefined ? rest : { ...rest, [key]: text };
        const error = await resume(run, withChecksum(encodeSafetensors(tensors, changed)));
        expectOurs(error, `${key}: ${text?.slice(0, 10)}`);
        expect(error?.message).toMatch(
          new RegExp(`checkpoint-9\\.safetensors is damaged: its ${key}: `),
        );
      }
    }
  });

  test("every tensor missing, shorter, or of another kind", { timeout: 120_000 }, async () => {
    const { tensors, metadata } = decodeSafetensors(await stopped(run));
    const changes: Readonly<Record<string, (tensor: Tensor) => Tensor | undefined>> = {
      missing: () => undefined,
      shorter: ({ data: values }) => ({ shape: [values.length - 1], data: values.slice(1) }),
      bytes: ({ shape, data: { length } }) => ({ shape, data: new Uint8Array(length).fill(1) }),
      "integers of 64 bits": ({ shape, data: { length } }) => {
        return { shape, data: new BigInt64Array(length) };
      },
      "far off": ({ shape, data: { length } }) => ({
        shape,
        data: Int32Array.from({ length }, (__, k) => 1e6 * (k - 1)),
      }),
    };
    for (const name of tensors.keys()) {
      for (const [how, change] of Object.entries(changes)) {
        const tensor = change(tensors.get(name)!);
        const rest = [...tensors].filter(([other]) => other !== name);
        const changed = new Map(tensor ? [...rest, [name, tensor]] : rest);
        const error = await resume(run, withChecksum(encodeSafetensors(changed, metadata)));
        expectOurs(error, `${name} ${how}`);
        // Births of early versions were bytes, and runs of them had none; fewer weights may rest;
        // gaps are bytes.
        const mayBe =
          name.startsWith("resting/") ||
          (name.startsWith("born/") && how !== "shorter") ||
          (name.endsWith(".gaps") && how === "bytes");
        if (!mayBe) expect(error, `${name} ${how}`).toBeDefined();
      }
    }
  });

  test("the path of its births is shown, or not for a reason", async () => {
    const { tensors, metadata } = decodeSafetensors(await stopped(run));
    const pick = stream(2, "paths");
    const show = (bytes: Uint8Array) => {
      const { tensors: kept, progress } = decodeCheckpoint(bytes);
      return birthPath({ recipe: "run" }, birthsOf(kept), progress.epochs);
    };
    expect(show(withChecksum(encodeSafetensors(tensors, metadata))).layers.length).toBe(2);
    for (let k = 0; k < 300; k++) {
      const [progress, what] = mutated(JSON.parse(metadata["progress"]) as Json, pick);
      const names = [...tensors.keys()].filter((name) => name.startsWith("born/"));
      const odd = names[pick.integer(names.length)];
      const born = new Map(tensors);
      if (k % 4 === 0) born.delete(odd);
      if (k % 4 === 1) born.set(odd, { shape: [2], data: Uint16Array.of(1, 9) });
      try {
        show(
          withChecksum(
            encodeSafetensors(born, { ...metadata, progress: JSON.stringify(progress) }),
          ),
        );
      } catch (error) {
        expect((error as Error).message, what).toMatch(
          /^(is damaged: its progress: |could not show the path )[^\n]+$/,
        );
      }
    }
  });
});
