/**
 * Many damaged inputs, one after the other: each is computed with, or refused by an error of ours
 * in one line that a person can act on.
 */
import { BregmanError } from "#bregman/errors.js";
import { isError } from "#bregman/kinds.js";
import { size } from "#bregman/shape-size.js";
import { ruleOf } from "#bregman/nn/layers/rules.js";
import type { Model } from "#bregman/nn/model.js";
import { expect } from "vitest";
import { seeded, type Random } from "../support/random.js";

/** Of each kind. scripts/sanitized.mjs asks for thousands. */
const COUNT = Number(process.env.BREGMAN_FUZZ ?? 60);

/** Of a test, in milliseconds. */
export const TIMEOUT = 600_000;

/** What an engine says of a fault in code, not a reader of a fault in a file. */
const RAW =
  /cannot read prop|cannot set prop|is not (a function|iterable|a constructor|defined|extensible)|of undefined|maximum call|invalid (array|typed|array buffer|time|code)|out of bounds|out of memory|allocation|bigint|object null|cannot convert|private member|unreachable/i;

/**
 * Runs seeded cases; fails with the seed of the first one that throws anything else than one clear
 * line.
 */
export async function forCases(
  kind: string,
  once: (random: Random) => Promise<boolean> | boolean,
): Promise<void> {
  let computed = 0;
  for (let seed = 0; seed < COUNT; seed++) {
    try {
      if (await once(seeded(1e6 * kind.length + seed))) computed++;
    } catch (error) {
      const message = isError(error) ? error.message : String(error);
      // A recipe's problems are a line each.
      const plain =
        error instanceof BregmanError && /^.+(\n {2}.+)*$/.test(message) && !RAW.test(message);
      if (!plain) throw new Error(`${kind}, seed ${seed}: ${message}`, { cause: error });
    }
  }
  // Otherwise nothing was tested of what is behind the readers.
  expect(computed).toBeGreaterThan(COUNT / 20);
}

/** Whether a model can be computed in no time. */
export function isSmall({ input, nodes }: Model): boolean {
  const values = nodes.reduce((sum, { shape }) => sum + size(shape), size(input));
  const work = nodes.reduce((sum, { layer, shape, parameters }) => {
    const each = ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 1;
    return sum + each * parameters.reduce((all, parameter) => all + size(parameter.shape), 0);
  }, 0);
  return values < 10_000 && work < 200_000;
}
