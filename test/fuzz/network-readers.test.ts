/**
 * Damaged network files of every form, with their checksum made right again: each is refused in one
 * line of ours, or is a network whose numbers lie where they should, and that predicts what a slow
 * reference does. The reader takes no more memory than some files of that size.
 *
 *     BREGMAN_FUZZ=10000 npx vitest run test/fuzz/network-readers.test.ts
 */
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { seal } from "#bregman/export/sealed-file.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { packedOf } from "#bregman/nn/packed-values.js";
import { compileSingle } from "#bregman/predict/single/compile.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { size } from "#bregman/shape-size.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { relativeError } from "../support/problem.js";
import { randomNetwork, referenceOutput } from "../support/random-network.js";
import { seeded, type Random } from "../support/random.js";
import { forCases, isSmall, TIMEOUT } from "./cases.js";
import { mutatedBytes, mutatedJson, pick } from "./mutate.js";

const MODELS: readonly Model[] = [
  mlp([9, 7, 5, 3]),
  // Gaps of several bytes.
  mlp([400, 2, 3]),
  sequential(
    [2, 5, 4],
    [conv2d(3, { kernel: 3, padding: 1 }), batchNorm2d(), relu(), flatten(), linear(2)],
  ),
];

/** What a file of some kB may make a reader allocate. */
const MOST_BYTES = 2 ** 24;

let pool: Pool;
beforeAll(async () => void (pool = await createPool({ backend: "wasm", threads: 1 })));
afterAll(() => pool.close());

const header = (bytes: Uint8Array) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));

/** The file with other numbers and words in its header, its body as it is. */
function otherHeader(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = bytes.subarray(8 + header(bytes));
  const said = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + header(bytes)))) as {
    __metadata__: Record<string, string>;
  };
  const changed = (
    random.next() < 0.6
      ? mutatedJson(random, said)
      : {
          ...said,
          __metadata__: Object.fromEntries(
            Object.entries(said.__metadata__).map(([key, text]) => {
              const change = /^[[{]/.test(text) && random.next() < 0.5;
              return [key, change ? JSON.stringify(mutatedJson(random, JSON.parse(text))) : text];
            }),
          ),
        }
  ) as unknown;
  const json = new TextEncoder().encode(JSON.stringify(changed));
  const made = new Uint8Array(8 + json.length + body.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(json.length), true);
  made.set(json, 8);
  made.set(body, 8 + json.length);
  return made;
}

/** A few bytes of the body are others: values, gaps, scales. */
function otherBody(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = bytes.slice();
  const from = 8 + header(bytes);
  for (let k = 1 + random.int(4); k > 0; k--)
    made[from + random.int(made.length - from)] = pick(random, [
      0,
      1,
      127,
      128,
      255,
      random.int(256),
    ]);
  return made;
}

/** The file with the checksum that it should have, where it has one at all. */
function resealed(bytes: Uint8Array): Uint8Array {
  const made = bytes.slice();
  const at = Buffer.from(made).indexOf('"crc32":"') + 9;
  if (at < 17 || at + 8 > made.length) return made;
  made.fill("0".charCodeAt(0), at, at + 8);
  try {
    return seal(made);
  } catch {
    // Its header no longer reaches the place.
    return made;
  }
}

/** Whether all numbers of a network lie where they should. */
function expectWhole({ model, parameters, buffers }: Network): void {
  for (const { name, parameters: specs, buffers: kept } of model.nodes) {
    for (const spec of [...specs, ...kept]) {
      const values = (parameters.get(`${name}.${spec.name}`) ??
        buffers.get(`${name}.${spec.name}`))!;
      expect(values.shape).toEqual(spec.shape);
      const packed = packedOf(values);
      if (!packed) {
        expect(values.data.length).toBe(size(spec.shape));
        continue;
      }
      expect(packed.places.length).toBe(packed.values.length);
      const isInOrder = packed.places.every(
        (place, k) => place > (k === 0 ? -1 : packed.places[k - 1]!) && place < size(spec.shape),
      );
      expect(isInOrder).toBe(true);
    }
  }
}

/** Whether its numbers have the size of those of networks. */
function isTame({ parameters, buffers }: Network): boolean {
  const all = [...parameters.values(), ...buffers.values()];
  return all.every(({ data }) => data.every((x) => Math.abs(x) < 1000));
}

/** What reads only what belongs to it gives what the reference gives. */
function expectPredicts(random: Random, network: Network): void {
  const { memory } = pool;
  const mark = memory.mark();
  try {
    const { input, output, run } = compileSingle(pool, network);
    // What lies around is not zero, as if it were somebody's.
    input.set(random.floats(input.length));
    run();
    const reference = referenceOutput(network, input.slice());
    // Of others float32 may not hold what lies between, and a variance below 0 gives no numbers.
    if (isTame(network) && reference.every(Number.isFinite))
      expect(relativeError(output, reference)).toBeLessThan(1e-2);
  } finally {
    memory.release(mark);
  }
}

test.each([
  ["float32, all of them", { sparse: false }],
  ["float32, the non-zeros", { sparse: true }],
  ["float16, of the non-zeros", { sparse: true, values: "float16" }],
  ["int8 with a scale for each row", { sparse: true, values: "int8" }],
] as const)(
  "%s",
  async (form, how) => {
    const files = MODELS.flatMap((model, k) =>
      [0.1, 0.6].map((density) =>
        encodeModel(randomNetwork(model, { seed: k, density, dead: 0 }), {}, how),
      ),
    );
    await forCases(form, (random) => {
      const file = pick(random, files);
      const damaged = pick(random, [otherBody, otherBody, otherHeader, mutatedBytes])(random, file);
      const given = random.next() < 0.9 ? resealed(damaged) : damaged;
      const before = process.memoryUsage().arrayBuffers;
      let network: Network;
      try {
        network = decodeModel(given);
      } finally {
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_BYTES);
      }
      expectWhole(network);
      if (!isSmall(network.model)) return false;
      expectPredicts(seeded(random.int(1000)), network);
      return true;
    });
  },
  TIMEOUT,
);
