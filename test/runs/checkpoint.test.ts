/**
 * A run that is stopped and resumed has the bits of one that never was; damaged checkpoints are
 * found out.
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { UnusableFileError } from "#bregman/errors.js";
import { encodeSafetensors, decodeSafetensors } from "#bregman/export/safetensors-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import type { Optimizer } from "#bregman/optim/optimizer.js";
import { plateau } from "#bregman/optim/plateau.js";
import { magnitudePruning } from "#bregman/optim/magnitude-pruning.js";
import { proxSgd } from "#bregman/optim/prox-sgd.js";
import { rigL } from "#bregman/optim/rig-l.js";
import { sparseEvolution } from "#bregman/optim/sparse-evolution.js";
import { stepDecay } from "#bregman/optim/step-decay.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { sparseGroupLasso } from "#bregman/regularizers/sparse-group-lasso.js";
import { decodeCheckpoint, encodeCheckpoint } from "#bregman/runs/checkpoint-file.js";
import type { TrainEvent } from "#bregman/measure/events.js";
import { fit } from "#bregman/runs/fit.js";
import type { CheckpointOptions, FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";
import { withChecksum } from "../support/checksum.js";
import { expectWarnings } from "../support/warnings.js";
import { signalAt } from "../support/signal-at.js";

const COUNT = 150;
const FLAT = mlp([64, 24, 10, 5]);
const bias = linBreg({ tau: 0.05 });

/** Images of 8 x 8 bytes: noise, and a bright line where the class says. */
function images() {
  const random = stream(3, "images");
  const part = (count: number) => {
    const labels = Uint8Array.from({ length: count }, (_, k) => k % 5);
    const inputs = Uint8Array.from({ length: count * 64 }, () => random.integer(90));
    labels.forEach((label, k) =>
      inputs.fill(200, k * 64 + 8 * (label + 1), k * 64 + 8 * (label + 2)),
    );
    return { inputs, labels };
  };
  return fromArrays({
    shape: [1, 8, 8],
    train: part(COUNT),
    test: part(40),
    mean: [0.3],
    std: [0.3],
  });
}
const data = images();

/** A new folder under the system's temporary one. */
const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-checkpoint-"));

interface Run {
  readonly model: Model;
  readonly options: FitOptions;
}

const base = { batchSize: 16, seed: 5, validation: 20, threads: 2 } as const;
const simple: Run = {
  model: FLAT,
  options: {
    ...base,
    optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.02) }), biases: bias },
    init: { weights: { density: 0.1 } },
    epochs: 4,
  },
};

const masked = (weights: Optimizer, density = 0.2): Run => ({
  model: FLAT,
  options: {
    ...simple.options,
    optimizer: { weights, biases: bias },
    init: { weights: { density, count: "exact", spread: "erdosRenyi" } },
  },
});

const RUNS: Record<string, Run> = {
  "LinBreg, wasm": { model: FLAT, options: { ...simple.options, backend: "wasm" } },
  "LinBreg with momentum, plateau on a loss that hardly falls": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: {
        weights: linBreg({ tau: 0.1, momentum: 0.9, regularizer: l1(0.02) }),
        biases: bias,
      },
      schedule: plateau({ patience: 0, threshold: 0.9 }),
      epochs: 6,
    },
  },
  AdaBreg: {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: {
        weights: adaBreg({ tau: 0.01, regularizer: l1(0.02) }),
        biases: adaBreg({ tau: 0.01 }),
      },
    },
  },
  "ProxSGD that fills up, so that layers go from sparse to dense kernels": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: { weights: proxSgd({ tau: 0.1, regularizer: l1(1e-9) }), biases: bias },
    },
  },
  RigL: masked(rigL({ tau: 0.1, momentum: 0.5, every: 3 })),
  SET: masked(sparseEvolution({ inner: "adam", every: 3 })),
  "magnitude pruning, from dense kernels to sparse ones": masked(
    magnitudePruning({ tau: 0.1, density: 0.1, start: 0.2, end: 0.9, every: 4 }),
    1,
  ),
  "an optimizer that runs in TypeScript": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: {
        weights: linBreg({
          tau: 0.2,
          regularizer: groupLasso({ lambda: 0.01, groups: "columns" }),
        }),
        biases: bias,
      },
    },
  },
  "convolutions by kernel groups, batch norm, dropout, augmentation": {
    model: sequential(
      [1, 8, 8],
      [
        conv2d(6, { kernel: 3, padding: 1 }),
        batchNorm2d(),
        relu(),
        conv2d(6, { kernel: 3, padding: 1 }),
        relu(),
        dropout({ p: 0.3 }),
        flatten(),
        linear(5),
      ],
    ),
    options: {
      ...base,
      optimizer: {
        weights: linBreg({ tau: 0.05, regularizer: l1(0.01) }),
        convs: linBreg({
          tau: 0.05,
          momentum: 0.5,
          regularizer: groupLasso({ lambda: 0.005, groups: "kernels" }),
        }),
        biases: bias,
      },
      init: { weights: { density: 0.1 }, convs: { density: 0.2, mask: "kernel" } },
      augment: { crop: 1, flip: true },
      epochs: 3,
    },
  },
};

/**
 * Frozen steps, in which weights of the pattern rest at zero (lambda and tau are large), after one
 * exact epoch.
 */
const restless = linBreg({ tau: 0.5, regularizer: l1(0.3) });
Object.assign(RUNS, {
  "frozen steps": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: { weights: restless, biases: bias },
      freeze: { coarse: 4, after: 1 },
    },
  },
  "batches in parts, clipped by norm, frozen steps": {
    model: RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].model,
    options: {
      ...RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].options,
      microBatches: 3,
      clip: { norm: 0.1 },
      freeze: 2,
    },
  },
  "patterns fixed in a cycle": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: { weights: restless, biases: bias },
      freeze: { coarse: 4, fixedAfter: 1 },
    },
  },
  "patterns fixed after exact steps": {
    model: FLAT,
    options: {
      ...simple.options,
      optimizer: { weights: restless, biases: bias },
      freeze: { coarse: 0, fixedAfter: 1 },
    },
  },
  "frozen steps of dense kernels": {
    model: FLAT,
    options: {
      ...simple.options,
      init: { weights: { density: 0.9 } },
      optimizer: { weights: restless, biases: bias },
      freeze: 5,
    },
  },
  "frozen steps of kernels that have zero weights": {
    model: RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].model,
    options: {
      ...RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].options,
      optimizer: {
        ...RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].options
          .optimizer,
        convs: linBreg({
          tau: 0.1,
          regularizer: sparseGroupLasso({ lambda: 0.02, lambda0: 0.5, groups: "kernels" }),
        }),
      },
      freeze: 6,
    },
  },
  "frozen steps by the births, kernel groups": {
    model: RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].model,
    options: {
      ...RUNS["convolutions by kernel groups, batch norm, dropout, augmentation"].options,
      freeze: { coarse: 3, births: 0.5 },
    },
  },
} satisfies Record<string, Run>);

const run = (
  { model, options }: Run,
  checkpoint?: CheckpointOptions,
  more: Partial<FitOptions> = {},
) => fit(model, data, { ...options, ...more, ...(checkpoint && { checkpoint }) });

/** All that must be equal: everything but the time. */
function comparable({ parameters, buffers, epochs, final, interrupted }: FitResult) {
  const bits = (tensors: FitResult["parameters"]) =>
    [...tensors].map(([name, { data: values }]) => [
      name,
      Buffer.from(values.slice().buffer).toString("hex"),
    ]);
  const timeless = epochs.map((line) => ({ ...line, seconds: 0 }));
  return {
    parameters: bits(parameters),
    buffers: bits(buffers),
    timeless,
    final: { ...final, seconds: 0, saved: { ...final.saved, stepSeconds: 0, denseStepSeconds: 0 } },
    interrupted,
  };
}

const NAMES = /^checkpoint-\d+\.safetensors$/;

describe("a run stopped three times has the bits of one that never was", () => {
  test.each(Object.entries(RUNS))("%s", async (_name, setting) => {
    const whole = await run(setting);
    const random = stream(1, "stops");
    const checkpoint = { folder: newFolder(), resume: true, everySeconds: 0 };
    for (let stop = 0; stop < 3; stop++) {
      const { interrupted } = await run(setting, checkpoint, {
        signal: signalAt(4 + random.integer(9)),
      });
      expect(interrupted).toBe(true);
      expect(readdirSync(checkpoint.folder).every((name) => NAMES.test(name))).toBe(true);
      expect(readdirSync(checkpoint.folder).length).toBeLessThanOrEqual(2);
    }
    const resumed = await run(setting, checkpoint);
    expect(comparable(resumed)).toEqual(comparable(whole));
    expect(resumed.epochs.map(({ epoch }) => epoch)).toEqual(whole.epochs.map((_, k) => k));
    // Once more: there is nothing left to do, and the result is the same.
    expect(comparable(await run(setting, checkpoint))).toEqual(comparable(whole));
    // Clipped gradients take longer.
    if (setting.options.clip) expectWarnings(/^no weight was born in 2 epochs: /);
  });

  test("the runs above are what their names say", async () => {
    const kernels = ({ epochs }: FitResult) =>
      epochs.map(({ layers }) => layers.map(({ kernel }) => kernel).join());
    const filling = await run(
      RUNS["ProxSGD that fills up, so that layers go from sparse to dense kernels"],
    );
    expect(kernels(filling)[0]).toBe("sparse,sparse,sparse");
    expect(kernels(filling).at(-1)).toContain("dense");
    const pruned = await run(RUNS["magnitude pruning, from dense kernels to sparse ones"]);
    expect(kernels(pruned)[0]).toBe("dense,dense,dense");
    expect(kernels(pruned).at(-1)).toContain("sparse");
    expect(pruned.final.density).toBeCloseTo(0.1, 3);
    for (const name of ["RigL", "SET"]) {
      const { epochs } = await run(RUNS[name]);
      expect(epochs[0].density).toBeCloseTo(0.2, 2);
      expect(epochs.reduce((sum, { births }) => sum + births, 0)).toBeGreaterThan(50);
      // What grew in the last step of an epoch is still zero.
      for (const { density } of epochs) expect(density).toBeLessThanOrEqual(epochs[0].density);
    }
    const falling = await run(RUNS["LinBreg with momentum, plateau on a loss that hardly falls"]);
    expect(new Set(falling.epochs.map(({ tau }) => tau)).size).toBeGreaterThan(2);
  });

  test("the dense step is measured once; a checkpoint of before steps were counted says nothing of them", async () => {
    const checkpoint = { folder: newFolder(), resume: true, everySeconds: 0 };
    await run(simple, checkpoint, { signal: signalAt(5) });
    const newest = join(checkpoint.folder, readdirSync(checkpoint.folder).sort().at(-1)!);
    const saved = decodeCheckpoint(readFileSync(newest));
    const { work, ...older } = saved.progress;
    expect(work!.denseStep).toBeGreaterThan(0);
    const { final } = await run(simple, checkpoint);
    expect(final.saved!.denseStepSeconds).toBe(work!.denseStep);
    const folder = newFolder();
    writeFileSync(join(folder, basename(newest)), encodeCheckpoint({ ...saved, progress: older }));
    const { saved: none, ...rest } = (await run(simple, { folder, resume: true })).final;
    expect(none).toBeUndefined();
    expect(rest.testAccuracy).toBe(final.testAccuracy);
  });

  test("more epochs may be asked for than at first", async () => {
    const folder = newFolder();
    const more = { epochs: 6 };
    await run(simple, { folder });
    expect(comparable(await run(simple, { folder, resume: true }, more))).toEqual(
      comparable(await run(simple, undefined, more)),
    );
  });
});

describe("what stands in the folder", () => {
  /**
   * A folder with the two checkpoints of a stopped run, newest first, and the result of the whole
   * run.
   */
  async function stopped() {
    const folder = newFolder();
    await run(simple, { folder, everySeconds: 0 }, { signal: signalAt(12) });
    const names = readdirSync(folder).sort((a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)));
    expect(names).toHaveLength(2);
    return { folder, names };
  }
  const notesOf = async (folder: string) => {
    const notes: string[] = [];
    const onEvent = (event: TrainEvent) => void (event.type === "note" && notes.push(event.text));
    const result = await run(simple, { folder, resume: true }, { onEvent });
    return { notes, result };
  };

  const DAMAGES: Record<string, [damage: (bytes: Buffer) => Uint8Array, says: string]> = {
    "cut short": [
      (bytes) => bytes.subarray(0, bytes.length - 100),
      "is damaged: its content does not have its checksum",
    ],
    "cut in the header": [
      (bytes) => bytes.subarray(0, 200),
      "is damaged: its content does not have its checksum",
    ],
    empty: [() => new Uint8Array(0), "is damaged: it does not begin as a checkpoint does"],
    "of zeros": [
      (bytes) => new Uint8Array(bytes.length),
      "is damaged: it does not begin as a checkpoint does",
    ],
    "too long": [
      (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
      "is damaged: its content does not have its checksum",
    ],
    "of another version": [
      (bytes) => {
        const { tensors, metadata } = decodeSafetensors(bytes);
        return withChecksum(encodeSafetensors(tensors, { ...metadata, version: "1" }));
      },
      "has format version 1, and this version of bregman reads 4",
    ],
  };

  test.each(Object.entries(DAMAGES))(
    "a checkpoint %s: the one before it is used, with a line",
    async (_, [damage, says]) => {
      const { folder, names } = await stopped();
      const path = join(folder, names[0]);
      writeFileSync(path, damage(readFileSync(path)));
      const { notes, result } = await notesOf(folder);
      expect(notes).toEqual([`${names[0]} ${says}; the one before it is used.`]);
      expect(comparable(result)).toEqual(comparable(await run(simple)));
    },
  );

  test("no usable checkpoint is an error of one line that names each fault", async () => {
    const { folder, names } = await stopped();
    for (const name of names) writeFileSync(join(folder, name), "");
    const faults = names
      .map((name) => `${name} is damaged: it does not begin as a checkpoint does`)
      .join("; ");
    await expect(notesOf(folder)).rejects.toThrow(
      new UnusableFileError(`could not resume from ${folder}: no checkpoint is usable; ${faults}`),
    );
  });

  test("nothing yet: the run starts from the beginning, with a line; what a kill left half written is removed", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "checkpoint-3.safetensors.77-0.tmp"), "half");
    writeFileSync(join(folder, "notes.tmp"), "somebody else's");
    const { notes, result } = await notesOf(folder);
    expect(notes).toEqual(["There is no checkpoint yet: the run starts from the beginning."]);
    expect(comparable(result)).toEqual(comparable(await run(simple)));
    expect(readdirSync(folder).filter((name) => !NAMES.test(name))).toEqual(["notes.tmp"]);
  });

  test("two trainings at once don't share a folder, and it is free again when the first has ended or failed", async () => {
    const shared = { folder: newFolder(), resume: true };
    // The second begins while the first is at work, which goes on until the second has ended.
    const stop = new AbortController();
    let second: Promise<unknown> | undefined;
    const onEvent = () => {
      second ??= run(simple, shared)
        .catch((error: unknown) => error)
        .finally(() => stop.abort());
    };
    await run(simple, shared, { onEvent, epochs: 100_000, signal: stop.signal });
    const reason = (await second) as Error;
    expect(reason).toBeInstanceOf(UnusableFileError);
    expect(reason.message).toContain(`${shared.folder} is in use by this process already`);
    // Free again: now it is looked at what it is asked for.
    await expect(run(simple, shared, { batchSize: 8 })).rejects.toThrow("batchSize (16, now 8)");

    const folder = newFolder();
    const checkpoint = { folder, resume: true };
    await run(simple, checkpoint);
    await expect(run(simple, checkpoint, { batchSize: 8 })).rejects.toThrow(
      "batchSize (16, now 8)",
    );
    await expect(run(simple, checkpoint, { epochs: 2 })).rejects.toThrow(
      "epochs must be at least 4",
    );
    expect(comparable(await run(simple, checkpoint))).toEqual(comparable(await run(simple)));
    expect(readdirSync(folder).every((name) => NAMES.test(name))).toBe(true);
  });

  test("a run is not written over another", async () => {
    const { folder, names } = await stopped();
    await expect(run(simple, { folder })).rejects.toThrow(
      new UnusableFileError(
        `${folder} holds ${names[0]} of an earlier run: go on with that run (resume), or name another folder`,
      ),
    );
  });

  test("another run's checkpoint is refused, with what differs", async () => {
    const { folder } = await stopped();
    const other = { model: mlp([64, 25, 10, 5]), options: { ...simple.options, batchSize: 8 } };
    const resumed = run(other, { folder, resume: true, identity: { recipe: "abc" } });
    await expect(resumed).rejects.toThrow(
      new UnusableFileError(
        `could not resume from ${folder}: its checkpoint is of another run; what differs: model, batchSize (16, now 8), recipe`,
      ),
    );
  });

  test("another schedule of the same kind is refused; one of a version that kept no numbers is not", async () => {
    const decaying = {
      ...simple,
      options: { ...simple.options, schedule: stepDecay({ every: 2, factor: 0.5 }) },
    };
    const folder = newFolder();
    const stopper = new AbortController();
    await run(
      {
        ...decaying,
        options: {
          ...decaying.options,
          signal: stopper.signal,
          observe: (epoch) => epoch === 1 && stopper.abort(),
        },
      },
      { folder },
    );
    const other = {
      ...simple,
      options: { ...simple.options, schedule: stepDecay({ every: 1, factor: 0.5 }) },
    };
    await expect(run(other, { folder, resume: true })).rejects.toThrow(
      /of another run; what differs: schedule\.every \(2, now 1\)$/,
    );
    for (const name of readdirSync(folder).filter((file) => NAMES.test(file))) {
      const checkpoint = decodeCheckpoint(readFileSync(join(folder, name)));
      const identity = { ...checkpoint.identity, schedule: '{"kind":"step"}' };
      writeFileSync(join(folder, name), encodeCheckpoint({ ...checkpoint, identity }));
    }
    expect(comparable(await run(decaying, { folder, resume: true }))).toEqual(
      comparable(await run(decaying)),
    );
  });

  test("another backend goes on too, and says that bits may differ", async () => {
    const { folder, names } = await stopped();
    const bytes = readFileSync(join(folder, names[0]));
    const checkpoint = decodeCheckpoint(bytes);
    const progress = { ...checkpoint.progress, backend: "native", isa: "avx1024" };
    writeFileSync(join(folder, names[0]), encodeCheckpoint({ ...checkpoint, progress }));
    const { notes } = await notesOf(folder);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /^The run was on native \(avx1024\) and goes on on \w+ \(\w+\): .* to rounding only\.$/,
    );
  });

  test("a file is safetensors with v, written with the bits it is read with; any single wrong bit is found", async () => {
    const { folder, names } = await stopped();
    const bytes = readFileSync(join(folder, names[0]));
    const { tensors } = decodeSafetensors(bytes);
    expect(tensors.get("v/linear1.weight")!.shape).toEqual([24, 64]);
    expect(Buffer.from(encodeCheckpoint(decodeCheckpoint(bytes))).equals(bytes)).toBe(true);
    const random = stream(2, "bits");
    const header = 8 + Number(bytes.readBigUInt64LE(0));
    for (let k = 0; k < 200; k++) {
      const wrong = Buffer.from(bytes);
      // Half of them in the header, where a flip can make other sense.
      wrong[random.integer(k % 2 ? header : bytes.length)] ^= 1 << random.integer(8);
      expect(() => decodeCheckpoint(wrong)).toThrow(/^is damaged: /);
    }
  });
});

test.each([-1, Number.NaN, Infinity])("everySeconds can't be %d", async (everySeconds) => {
  await expect(run(simple, { folder: newFolder(), everySeconds })).rejects.toThrow(
    `fit: checkpoint.everySeconds must be a finite number of at least 0, found ${everySeconds}`,
  );
});

test("augmentation needs images", async () => {
  await expect(run(simple, undefined, { augment: { crop: 1 } })).rejects.toThrow(
    "fit: augment needs images of bytes for an input of [channels, height, width], found bytes for an input of [64]",
  );
});
