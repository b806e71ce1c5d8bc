/**
 * Damaged models and network files: evaluated and trained on every kernel that their layers have,
 * or refused.
 */
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { VALUE_FORMATS } from "#bregman/export/stored-weight.js";
import { decodeSafetensors, encodeSafetensors } from "#bregman/export/safetensors-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, flatten } from "#bregman/nn/layers/join.js";
import { size } from "#bregman/shape-size.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { graph, sequential, type Model } from "#bregman/nn/model.js";
import { modelFromJson, modelToJson } from "#bregman/nn/model-json.js";
import { checkNetwork, type Network } from "#bregman/nn/network.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { adaBreg, linBreg, type Optimizer } from "#bregman/optim/index.js";
import { groupLasso, l1, sparseGroupLasso } from "#bregman/regularizers/index.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { createEvaluator } from "#bregman/engine/evaluator.js";
import { createTrainer } from "#bregman/engine/trainer.js";
import { afterAll, beforeAll, test } from "vitest";
import { everything } from "../support/every-layer.js";
import { randomNetwork } from "../support/random-network.js";
import type { Random } from "../support/random.js";
import { forCases, isSmall, TIMEOUT } from "./cases.js";
import { mutatedBytes, mutatedJson, pick } from "./mutate.js";

const MODELS: readonly Model[] = [
  everything,
  mlp([9, 7, 5, 3]),
  sequential(
    [2, 7, 6],
    [
      conv2d(4, { kernel: 3, padding: 1, stride: 2 }),
      relu(),
      conv2d(5, { kernel: [2, 3] }),
      flatten(),
      linear(4),
    ],
  ),
  graph([3, 6, 6], ({ input, apply }) => {
    const x = apply(relu(), apply(batchNorm2d(), apply(conv2d(4, { kernel: 1 }), input)));
    const y = apply(batchNorm2d(), apply(conv2d(4, { kernel: 3, padding: 1, bias: false }), x));
    const z = apply(maxPool2d(2), apply(relu(), apply(add(), y, x)));
    return apply(linear(3), apply(flatten(), z));
  }),
];
const tau = 0.1;
const OPTIMIZERS: readonly (readonly [weight: Optimizer, conv?: Optimizer])[] = [
  [linBreg({ tau, regularizer: l1(0.05) })],
  [
    adaBreg({ tau, regularizer: l1(0.05) }),
    adaBreg({ tau, regularizer: groupLasso({ lambda: 0.05, groups: "kernels" }) }),
  ],
  [
    linBreg({ tau, momentum: 0.9, regularizer: groupLasso({ lambda: 0.05, groups: "rows" }) }),
    linBreg({
      tau,
      regularizer: sparseGroupLasso({ lambda: 0.05, lambda0: 0.5, groups: "filters" }),
    }),
  ],
  [linBreg({ tau })],
];
const SAMPLES = 20;

let pool: Pool;
beforeAll(async () => void (pool = await createPool({ threads: 1 })));
afterAll(() => pool.close());

/**
 * Runs a network forward, and steps of a training from it, frozen ones too; false if it would take
 * long.
 */
function compute(random: Random, network: Network): boolean {
  const { model, parameters } = network;
  checkNetwork(network);
  if (!isSmall(model)) return false;
  const mark = pool.memory.mark();
  try {
    const features = size(model.input);
    const data = { inputs: random.floats(SAMPLES * features), labels: new Uint8Array(SAMPLES) };
    const samples = storeSamples(pool.memory, [data], { features });
    const batch = () => Int32Array.from({ length: 1 + random.int(18) }, () => random.int(SAMPLES));
    createEvaluator(pool, network, { loss: "crossEntropy", samples }).predict(batch());
    const [weight, conv] = pick(random, OPTIMIZERS);
    const trainer = createTrainer({
      pool,
      model,
      samples,
      loss: "crossEntropy",
      initial: new Map([...parameters].map(([name, { data }]) => [name, data])),
      batchSize: 18,
      seed: random.int(100),
      optimizers: { weight, conv, bias: linBreg({ tau }) },
      recompute: random.next() < 0.3,
    });
    if (weight.regularizer.lambda > 0 && random.next() < 0.5) trainer.freeze(2);
    for (let k = 0; k < 4; k++) trainer.step(batch());
    return true;
  } finally {
    pool.memory.release(mark);
  }
}

test(
  "models of which something else is said",
  () =>
    forCases("models", (random) => {
      const model = modelFromJson(mutatedJson(random, modelToJson(pick(random, MODELS))));
      if (!isSmall(model)) return false;
      return compute(
        random,
        randomNetwork(model, { seed: random.int(1000), density: 0.1 + 0.9 * random.next() }),
      );
    }),
  TIMEOUT,
);

/** The same file without a checksum: another text has its digits. */
function unsealed(bytes: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf('"crc32":"');
  if (at < 0) return bytes;
  const changed = bytes.slice();
  changed[at + 4] = "X".charCodeAt(0);
  return changed;
}

test(
  "files whose bytes, tensors or texts are others",
  () =>
    forCases("network files", (random) => {
      const drawn = randomNetwork(pick(random, MODELS), { seed: random.int(1000) });
      const labelNames = Array.from({ length: size(drawn.model.output) }, (_, k) => `class ${k}`);
      const network = random.next() < 0.5 ? drawn : { ...drawn, labelNames };
      const sparse = random.next() < 0.5;
      const values = sparse ? pick(random, VALUE_FORMATS) : undefined;
      // Behind the checksum, which would refuse nearly all of them.
      const bytes = unsealed(encodeModel(network, {}, { sparse, values }));
      if (random.next() < 0.4) return compute(random, decodeModel(mutatedBytes(random, bytes)));
      const { tensors, metadata } = decodeSafetensors(bytes);
      const texts = Object.fromEntries(
        Object.entries(metadata).map(([key, text]) => {
          const change = /^[[{]/.test(text) && random.next() < 0.5;
          return [key, change ? JSON.stringify(mutatedJson(random, JSON.parse(text))) : text];
        }),
      );
      const others = [...tensors].map(([name, { data }]) => {
        const copy = data.slice();
        for (let k = random.int(4); k > 0 && copy.length > 0; k--)
          copy[random.int(copy.length)] = random.int(2 ** 31);
        return [
          random.next() < 0.02 ? `${name}2` : name,
          { shape: [copy.length], data: copy },
        ] as const;
      });
      const shaped = new Map(
        others.map(([name, tensor]) => [
          name,
          {
            ...tensor,
            dtype: tensors.get(name)?.dtype,
            shape: random.next() < 0.03 ? tensor.shape : (tensors.get(name)?.shape ?? tensor.shape),
          },
        ]),
      );
      return compute(random, decodeModel(encodeSafetensors(shaped, texts)));
    }),
  TIMEOUT,
);
