// Run by mpirun, or alone: trains small nets of every kind, natively and in wasm, and prints the
// hash of all that each has come to, and what it has sent.
//
//     mpirun -np 3 node test/ranks/train-all.mjs native wasm
import { createHash } from "node:crypto";
import { fromArrays } from "../../dist/data/index.js";
import * as nn from "../../dist/nn/index.js";
import * as optim from "../../dist/optim/index.js";
import { joinRanks } from "../../dist/ranks/mpi.js";
import { startedRanks } from "../../dist/ranks/started.js";
import { groupLasso, l1 } from "../../dist/regularizers/index.js";
import { trainModel } from "../../dist/train/train-model.js";

const SIDE = 10;
const SAMPLES = 190;

/** Images with a bright bar, whose line is their class, and noise that follows from the index. */
function images(count) {
  const labels = Uint8Array.from({ length: count }, (_, k) => k % SIDE);
  const inputs = Uint8Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const line = Math.floor(i / SIDE) % SIDE;
    const bar = line === labels[Math.floor(i / SIDE ** 2)] ? 120 : 0;
    return bar + ((i * 7919 + (i >> 5) * 104729) % 97);
  });
  return { inputs, labels };
}
const data = fromArrays({ shape: [1, SIDE, SIDE], train: images(SAMPLES), test: images(45) });
const alone = fromArrays({ shape: [1, SIDE, SIDE], train: images(60) });

const mlp = nn.mlp([SIDE ** 2, 24, 10]);
const conv = nn.sequential(
  [1, SIDE, SIDE],
  [
    nn.conv2d(6, { kernel: 3, padding: 1 }),
    nn.batchNorm2d(),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(8, { kernel: 3 }),
    nn.batchNorm2d(),
    nn.relu(),
    nn.dropout({ p: 0.2 }),
    nn.flatten(),
    nn.linear(10),
  ],
);
const linBreg = (regularizer, more) => optim.linBreg({ tau: 0.1, regularizer, ...more });
const adaBreg = (regularizer) => optim.adaBreg({ tau: 0.005, regularizer });
const sparse = { weights: { density: 0.2 }, convs: { density: 0.4, mask: "kernel", atLeast: 1 } };
const kernels = groupLasso({ lambda: 0.05, groups: "kernels" });

/** Name: model, and what `fit` is told. Where an epoch is a step, what it sends is counted. */
const RUNS = {
  "mlp, linBreg, freeze 0": [
    mlp,
    { optimizer: { weights: linBreg(l1(0.05)), biases: linBreg() }, microBatches: 4 },
  ],
  "mlp, adaBreg, freeze 9": [
    mlp,
    {
      optimizer: { weights: adaBreg(l1(0.02)), biases: optim.adaBreg({ tau: 0.005 }) },
      microBatches: 6,
      // The last batch of an epoch has one sample, and fewer parts than there are ranks.
      batchSize: 36,
      freeze: 9,
      clip: { norm: 0.5 },
      average: { decay: 0.9 },
    },
  ],
  "convnet, kernels, linBreg, freeze 9, density control": [
    conv,
    {
      optimizer: {
        weights: linBreg(l1(0.05)),
        biases: linBreg(),
        convs: linBreg(kernels, { momentum: 0.9 }),
      },
      microBatches: 4,
      freeze: 9,
      targetDensity: { targets: { net: 0.3 }, every: 5 },
      keep: "best",
      augment: { crop: 1, flip: true },
    },
  ],
  "convnet, entries, adaBreg, freeze 0": [
    conv,
    {
      optimizer: { weights: adaBreg(l1(0.02)), biases: optim.adaBreg({ tau: 0.005 }) },
      microBatches: 5,
      freshStatistics: 3,
      sampleDual: 2,
    },
  ],
  // Its second convolution is large enough, and its parts have tiles enough, to be sampled.
  "convnet, entries, linBreg, sampled": [
    nn.sequential(
      [1, SIDE, SIDE],
      [
        nn.conv2d(32, { kernel: 3, stride: 2 }),
        nn.relu(),
        nn.conv2d(32, { kernel: 3 }),
        nn.relu(),
        nn.flatten(),
        nn.linear(10),
      ],
    ),
    {
      optimizer: { weights: linBreg(l1(0.05)), biases: linBreg() },
      init: { weights: { density: 0.2 }, convs: { density: 0.1 } },
      microBatches: 2,
      batchSize: 64,
      sampleDual: 2,
    },
  ],
};
/** Nets whose gradients are summed in pieces; with 7 parts ranks have several branches. */
const WIDE = {
  "wide mlp, adaBreg, freeze 2, in pieces": [
    nn.mlp([SIDE ** 2, 600, 256, 10]),
    {
      optimizer: { weights: adaBreg(l1(0.02)), biases: optim.adaBreg({ tau: 0.005 }) },
      microBatches: 7,
      freeze: 2,
      epochs: 1,
    },
  ],
  "wide convnet, kernels, linBreg, freeze 2, in pieces": [
    nn.sequential(
      [1, SIDE, SIDE],
      [
        nn.conv2d(64, { kernel: 3, padding: 1 }),
        nn.batchNorm2d(),
        nn.relu(),
        nn.maxPool2d(2),
        nn.conv2d(128, { kernel: 3 }),
        nn.batchNorm2d(),
        nn.relu(),
        nn.flatten(),
        nn.linear(64),
        nn.relu(),
        nn.linear(10),
      ],
    ),
    {
      optimizer: {
        weights: linBreg(l1(0.05)),
        biases: linBreg(),
        convs: linBreg(kernels, { momentum: 0.9 }),
      },
      microBatches: 4,
      freeze: 2,
      epochs: 1,
    },
  ],
};
const BYTES = [
  conv,
  {
    ...RUNS["convnet, kernels, linBreg, freeze 9, density control"][1],
    targetDensity: undefined,
    keep: undefined,
    augment: undefined,
    freeze: 2,
    batchSize: 60,
    validation: 0,
    epochs: 6,
  },
];

const WIDE_BYTES = [
  WIDE["wide convnet, kernels, linBreg, freeze 2, in pieces"][0],
  {
    ...WIDE["wide convnet, kernels, linBreg, freeze 2, in pieces"][1],
    batchSize: 60,
    validation: 0,
    epochs: 3,
  },
];

const ranks = startedRanks() > 1 ? joinRanks() : undefined;
/** Threads make no difference either. */
const threads = 1 + ((ranks?.rank ?? 0) % 2);
const common = { init: sparse, epochs: 3, batchSize: 30, validation: 45, seed: 3, threads };
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

async function hashOf([model, options], backend) {
  let state;
  const result = await trainModel(
    model,
    data,
    {
      ...common,
      ...options,
      backend,
      onWarning() {},
      observe: (_, { state: now }) => (state = now()),
    },
    undefined,
    ranks,
  );
  const bytes = ({ data: { buffer, byteOffset, byteLength } }) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const tensors = [...state.tensors, ...result.parameters, ...result.buffers];
  const { seconds: _, saved: __, ...final } = result.final;
  const epochs = result.epochs.map(({ seconds: ___, ...line }) => line);
  const hash = sha(
    JSON.stringify([tensors.map(([, tensor]) => sha(bytes(tensor))), final, epochs]),
  );
  // Followers have come to the same.
  ranks?.agree("result", hash);
  return hash;
}

/** What a step sends, and the numbers that it does so for. */
async function bytesOf([model, options]) {
  const steps = [];
  let before = 0;
  await trainModel(
    model,
    alone,
    {
      ...common,
      ...options,
      backend: "native",
      onWarning() {},
      observe(epoch, trainer) {
        const { sent } = ranks.traffic();
        const sizes = trainer.updaters.map(({ parameter: { name, shape, pattern } }) => ({
          name,
          shape,
          nonZeros: pattern ? trainer.theta(name).filter((w) => w !== 0).length : undefined,
        }));
        const next = trainer.next === "frozen" ? "frozen" : "fine";
        steps.push({ sent: sent - before, next, sizes });
        before = sent;
      },
    },
    undefined,
    ranks,
  );
  return steps;
}

const hashes = {};
for (const backend of process.argv.slice(2))
  for (const [name, run] of Object.entries({ ...RUNS, ...WIDE }))
    hashes[`${backend}: ${name}`] = await hashOf(run, backend);
const bytes = ranks && (await bytesOf(BYTES));
const wide = ranks && (await bytesOf(WIDE_BYTES));
if (!ranks || ranks.rank === 0)
  process.stdout.write(`${JSON.stringify({ hashes, bytes, wide })}\n`);
ranks?.finish();
