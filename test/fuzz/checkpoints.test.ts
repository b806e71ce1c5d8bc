/** Damaged checkpoints: gone on with, or refused. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeCheckpoint, encodeCheckpoint } from "#bregman/runs/checkpoint-file.js";
import { afterEach, test } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import type { Random } from "../support/random.js";
import { forCases, TIMEOUT } from "./cases.js";
import { mutatedBytes, mutatedJson, pick } from "./mutate.js";
import { RECIPES, train } from "./recipes.js";
import { takeWarnings } from "../support/warnings.js";

// Recipes of chance are warned of, each with reason.
afterEach(() => void takeWarnings());

/** A checkpoint that says something else, or has other numbers, signed anew; or other bytes. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  if (random.next() < 0.2) return mutatedBytes(random, bytes);
  const checkpoint = decodeCheckpoint(bytes);
  const { progress } = checkpoint;
  if (random.next() < 0.5) {
    return encodeCheckpoint({
      ...checkpoint,
      progress: mutatedJson(random, progress) as typeof progress,
    });
  }
  const tensors = new Map(checkpoint.tensors);
  const [name, { shape, data }] = pick(random, [...tensors]);
  const kind = random.int(8);
  const other = data.slice();
  if (other.length > 0)
    other[random.int(other.length)] = pick(random, [NaN, -1, 0, 0.5, 1e30, 2 ** 31 - 1]);
  if (kind === 0) tensors.delete(name);
  else if (kind === 1) tensors.set(name, { shape: [1, ...shape], data });
  else if (kind === 2)
    tensors.set(name, { shape, data: new Int32Array(data.length).fill(random.int(2 ** 31)) });
  else tensors.set(name, { shape, data: other });
  return encodeCheckpoint({ ...checkpoint, tensors });
}

test(
  "checkpoints of which something else is said, signed anew",
  async () => {
    const folder = join(temporaryFolder(), "run");
    const ways = await Promise.all(
      RECIPES.map(async (recipe, k) => {
        const own = join(folder, `${k}`);
        const checkpoint = { folder: own, resume: false };
        await train({ ...recipe, epochs: 1 }, { checkpoint, signal: new AbortController().signal });
        const [name] = readdirSync(own).filter((file) => file.endsWith(".safetensors"));
        return { recipe, name: name!, bytes: new Uint8Array(readFileSync(join(own, name!))) };
      }),
    );
    const at = join(folder, "damaged");
    await forCases("checkpoints", async (random) => {
      const { recipe, name, bytes } = pick(random, ways);
      rmSync(at, { recursive: true, force: true });
      mkdirSync(at);
      writeFileSync(join(at, name), damaged(random, bytes));
      return train(recipe, { checkpoint: { folder: at, resume: true } });
    });
  },
  TIMEOUT,
);
