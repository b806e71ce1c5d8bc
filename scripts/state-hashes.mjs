/**
 * Short trainings of every kind, each hashed: whether a change left all bits as they were.
 *
 *     node scripts/state-hashes.mjs --out before.json      trains and keeps the hashes
 *     node scripts/state-hashes.mjs --check before.json    trains and compares
 *     options: --only native-avx2-1,wasm-1                  some of the variants
 *
 * A hash is that of all tensors of the run's last checkpoint (weights, dual variables, moments,
 * what batch norm keeps, births), whatever their names, and of the losses and densities of its
 * epochs. Hashes of one machine compare with those of another only where both have the same
 * compiler and instruction set. Run `npm run build && npm run build:native` first.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as datasets from "../dist/data/index.js";
import * as files from "../dist/export/index.js";
import * as nn from "../dist/nn/index.js";
import * as optim from "../dist/optim/index.js";
import * as regularizers from "../dist/regularizers/index.js";
import * as train from "../dist/train/index.js";

const { values: args } = parseArgs({
  options: {
    out: { type: "string" },
    check: { type: "string" },
    only: { type: "string" },
  },
});

const SAMPLES = 360;
const digits = datasets.loadMnist();
/** Some digits as 14 x 14 images: every other row and column. */
const images = (() => {
  const inputs = new Uint8Array(SAMPLES * 196);
  for (let k = 0; k < inputs.length; k++) {
    const [sample, row, column] = [Math.floor(k / 196), Math.floor(k / 14) % 14, k % 14];
    inputs[k] = digits.train.inputs[sample * 784 + 56 * row + 2 * column];
  }
  return datasets.fromArrays({
    shape: [1, 14, 14],
    train: { inputs, labels: digits.train.labels.slice(0, SAMPLES) },
  });
})();

const net = nn.mlp([784, 48, 24, 10]);
const conv = nn.sequential(
  [1, 14, 14],
  [
    nn.conv2d(8, { kernel: 3, padding: 1 }),
    nn.batchNorm2d(),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(12, { kernel: 3, padding: 1, stride: 2 }),
    nn.leakyRelu(),
    nn.dropout({ p: 0.2 }),
    nn.conv2d(12, { kernel: 3 }),
    nn.batchNorm2d(),
    nn.tanh(),
    nn.globalAvgPool2d(),
    nn.flatten(),
    nn.linear(10),
  ],
);
const residual = nn.graph([1, 14, 14], ({ input, apply }) => {
  const same = () => nn.conv2d(8, { kernel: 3, padding: 1 });
  const stem = apply(same(), input);
  const inner = apply(same(), apply(nn.relu(), apply(nn.batchNorm2d(), stem)));
  const sum = apply(nn.relu(), apply(nn.add(), apply(nn.batchNorm2d(), inner), stem));
  const joined = apply(nn.concat(), apply(nn.avgPool2d(2), sum), apply(nn.maxPool2d(2), stem));
  return apply(nn.linear(10), apply(nn.flatten(), joined));
});

const sparse = { weights: { density: 0.1, atLeast: 0 } };
const kernels = { ...sparse, convs: { density: 0.4, mask: "kernel", atLeast: 1 } };
const both = (weights, biases = optim.linBreg({ tau: 0.1 })) => ({ weights, biases });
const breg = (regularizer, more = {}) => both(optim.linBreg({ tau: 0.1, regularizer, ...more }));
const ada = (regularizer, more = {}) =>
  both(optim.adaBreg({ tau: 0.005, regularizer, ...more }), optim.adaBreg({ tau: 0.005 }));
const groups = (groups, lambda = 0.05) => regularizers.groupLasso({ lambda, groups });

/** Name: model, and what `fit` is told. */
const RUNS = {
  "mlp l1": [net, { optimizer: breg(regularizers.l1(0.05)) }],
  "mlp momentum, cosine": [
    net,
    {
      optimizer: breg(regularizers.l1(0.05), { momentum: 0.9 }),
      schedule: optim.cosine({ epochs: 3, warmupEpochs: 1 }),
    },
  ],
  "mlp nesterov, decay": [
    net,
    {
      optimizer: breg(regularizers.l1(0.05), { momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
    },
  ],
  "mlp adaBreg, average": [net, { optimizer: ada(regularizers.l1(0.02)), average: { decay: 0.9 } }],
  "mlp sgd, smoothing": [
    net,
    { optimizer: both(optim.sgd({ tau: 0.1, momentum: 0.9 })), labelSmoothing: 0.1, init: {} },
  ],
  "mlp adam, clip": [
    net,
    { optimizer: both(optim.adam({ tau: 0.003, weightDecay: 1e-3 })), clip: { norm: 0.5 } },
  ],
  "mlp proxSgd": [
    net,
    { optimizer: both(optim.proxSgd({ tau: 0.1, regularizer: regularizers.l1(1e-3) })) },
  ],
  "mlp lassoSgd": [
    net,
    { optimizer: both(optim.lassoSgd({ tau: 0.1, regularizer: regularizers.l1(1e-3) })) },
  ],
  "mlp magnitude": [
    net,
    { optimizer: both(optim.magnitudePruning({ tau: 0.1, density: 0.1 })), init: {} },
  ],
  "mlp set": [net, { optimizer: both(optim.sparseEvolution({ tau: 0.1, every: 5 })) }],
  "mlp rigL": [net, { optimizer: both(optim.rigL({ tau: 0.1, every: 5 })) }],
  "mlp rows": [
    net,
    { optimizer: breg(groups("rows")), init: { weights: { density: 0.3, mask: "row" } } },
  ],
  "mlp sparse rows": [
    net,
    { optimizer: ada(regularizers.sparseGroupLasso({ lambda: 0.05, groups: "rows" })), freeze: 2 },
  ],
  "mlp non-negative": [net, { optimizer: breg(regularizers.nonNegativeL1(0.05)) }],
  "mlp elastic net": [net, { optimizer: breg(regularizers.elasticNet({ lambda: 0.05, mu: 0.1 })) }],
  "mlp nuclear": [net, { optimizer: breg(regularizers.nuclear(0.02)) }],
  "mlp lInfinity": [net, { optimizer: breg(regularizers.lInfinity(0.02)) }],
  "mlp box": [net, { optimizer: breg(regularizers.box({ lower: -0.1, upper: 0.1 })) }],
  "mlp columns": [net, { optimizer: breg(groups("columns")) }],
  "mlp freeze, target": [
    net,
    {
      optimizer: breg(regularizers.l1(0.05)),
      freeze: 3,
      targetDensity: { targets: { net: 0.2 }, every: 4 },
    },
  ],
  "mlp sampled dual": [net, { optimizer: breg(regularizers.l1(0.05)), sampleDual: 1 }],
  "mlp parts": [
    net,
    { optimizer: breg(regularizers.l1(0.05)), microBatches: 3, clip: { value: 0.01 } },
  ],
  "conv l1": [conv, { optimizer: breg(regularizers.l1(0.05)), freshStatistics: 4 }],
  "conv kernels, freeze": [
    conv,
    {
      optimizer: {
        ...breg(regularizers.l1(0.05)),
        convs: optim.linBreg({ tau: 0.1, regularizer: groups("kernels") }),
      },
      init: kernels,
      freeze: 2,
    },
  ],
  "conv filters, adaBreg": [
    conv,
    {
      optimizer: {
        ...ada(regularizers.l1(0.05)),
        convs: optim.adaBreg({ tau: 0.005, regularizer: groups("filters") }),
      },
      init: kernels,
      augment: { crop: 1, padding: "reflect", flip: true, cutout: 3 },
    },
  ],
  "conv sparse kernels": [
    conv,
    {
      optimizer: {
        ...breg(regularizers.l1(0.05)),
        convs: optim.linBreg({
          tau: 0.1,
          momentum: 0.9,
          regularizer: regularizers.sparseGroupLasso({ lambda: 0.05, groups: "kernels" }),
        }),
      },
      freeze: 2,
    },
  ],
  "residual, recompute": [
    residual,
    { optimizer: breg(regularizers.l1(0.05), { momentum: 0.9 }), recompute: true },
  ],
  "residual, channels, parts": [
    residual,
    {
      optimizer: {
        ...breg(regularizers.l1(0.05)),
        convs: optim.linBreg({ tau: 0.1, regularizer: groups("channels") }),
      },
      microBatches: 2,
    },
  ],
};

const VARIANTS = [
  "native-avx512-1",
  "native-avx2-1",
  "native-avx2-3",
  "native-base-1",
  "wasm-1",
  "wasm-3",
];
/** On instruction sets and threads beside the first these stand for all. */
const SOME = /l1|freeze|sparse|parts|adaBreg|sampled/;

async function hashOf([model, options], backend, threads) {
  const folder = mkdtempSync(join(tmpdir(), "bregman-hashes-"));
  try {
    const { epochs } = await train.fit(model, model === net ? digits : images, {
      init: sparse,
      epochs: 3,
      batchSize: 36,
      limit: 300,
      validation: 60,
      seed: 3,
      ...options,
      backend,
      threads,
      checkpoint: { folder },
    });
    const steps = (name) => Number(/\d+/.exec(name)[0]);
    const [last] = readdirSync(folder).sort((x, y) => steps(y) - steps(x));
    const { tensors } = files.readSafetensors(join(folder, last));
    const sha = (data) => createHash("sha256").update(data).digest("hex");
    const bytes = ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const all = Object.values(tensors).map((tensor) => sha(bytes(tensor)));
    const figures = epochs.map(({ trainLoss, validLoss, density }) => [
      trainLoss,
      validLoss,
      density,
    ]);
    return sha(JSON.stringify([all.sort(), figures])).slice(0, 16);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const found = {};
for (const variant of args.only?.split(",") ?? VARIANTS) {
  const [backend, ...rest] = variant.split("-");
  const threads = Number(rest.at(-1));
  if (backend === "native") process.env.BREGMAN_ISA = rest[0];
  else delete process.env.BREGMAN_ISA;
  const first = /avx2-1|wasm-1/.test(variant);
  for (const [name, run] of Object.entries(RUNS)) {
    if (!first && !SOME.test(name)) continue;
    try {
      (found[variant] ??= {})[name] = await hashOf(run, backend, threads);
    } catch (error) {
      if (!/isa must be one of/.test(error.message))
        throw new Error(`${variant}, ${name}`, { cause: error });
      process.stderr.write(`${variant}: not on this CPU\n`);
      break;
    }
  }
}

if (args.out) writeFileSync(args.out, `${JSON.stringify(found, null, 2)}\n`);
if (args.check) {
  const before = JSON.parse(readFileSync(args.check, "utf8"));
  const count = Object.values(found).reduce((sum, runs) => sum + Object.keys(runs).length, 0);
  const others = Object.entries(found).flatMap(([variant, runs]) =>
    Object.entries(runs)
      .filter(([name, hash]) => hash !== before[variant]?.[name])
      .map(([name]) => `${variant}: ${name}`),
  );
  process.stdout.write(`${count - others.length} of ${count} hashes are those of ${args.check}\n`);
  for (const other of others) process.stdout.write(`  other bits: ${other}\n`);
  process.exitCode = others.length > 0 ? 1 : 0;
}
