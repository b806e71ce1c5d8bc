/**
 * The trainings in the documentation of `fit` and `fromArrays` run as they stand there, and learn.
 */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import * as bregman from "../support/bregman.js";

/** The code of the @example blocks of a source file. */
function examples(file: string): string[] {
  const comments = readFileSync(file, "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment) =>
    comment
      .split("@example")
      .slice(1)
      .map((code) => code.replace(/\* @[\s\S]*|\*\/$/, "").replace(/^[ \t]*\* ?/gm, "")),
  );
}

/** The first images of MNIST. */
function fewDigits(): bregman.Dataset {
  const { train, test: held, shape, mean, std } = bregman.loadMnist();
  const first = ({ inputs, labels }: bregman.Samples, count: number) => ({
    inputs: inputs.subarray(0, count * 784),
    labels: labels.subarray(0, count),
  });
  return bregman.fromArrays({
    shape,
    mean,
    std,
    train: first(train, 6000),
    test: first(held, 500),
  });
}

/** Runs an example and gives the value of an expression in its scope. No warning may be heard. */
async function run(code: string, expression: string): Promise<number[]> {
  const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const names = Object.keys(bregman).filter((name) => !code.includes(`const ${name} `));
  const body = `return (async () => {${code}\nreturn ${expression};})();`;
  // oxlint-disable-next-line no-new-func -- the examples are our own text
  const call = new Function(...names, "console", body) as (
    ...values: unknown[]
  ) => Promise<number[]>;
  const few: Record<string, unknown> = { ...bregman, loadMnist: fewDigits };
  const values = names.map((name) => few[name]);
  const result = await call(...values, { log: () => {} });
  expect(emit).not.toHaveBeenCalled();
  emit.mockRestore();
  return result;
}

test("fit classifies digits", async () => {
  const [digits] = examples("src/runs/fit.ts");
  const [accuracy, density] = await run(
    digits,
    "[result.final.testAccuracy, result.final.density]",
  );
  expect(accuracy).toBeGreaterThan(0.75);
  expect(density).toBeLessThan(0.06);
});

test("fit takes noise away", async () => {
  const [, denoise] = examples("src/runs/fit.ts");
  const [loss, ssim] = await run(
    // With so few images smaller batches make up for some of the steps.
    denoise.replace("epochs: 5,", "epochs: 1, batchSize: 32,"),
    "[final.testLoss, final.ssim]",
  );
  // The mean image has a loss of 0.067 and an SSIM of 0.1.
  expect(loss).toBeLessThan(0.05);
  expect(ssim).toBeGreaterThan(0.3);
});

test("fromArrays: targets are learned", async () => {
  const [, sums] = examples("src/data/dataset.ts");
  const code = sums.replace("result.epochs.at(-1).trainLoss;", "");
  const [loss] = await run(code, "[result.epochs.at(-1).trainLoss]");
  expect(loss).toBeLessThan(0.01);
});
