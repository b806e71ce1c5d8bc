/**
 * Thresholding: what is left is the largest, as many as were asked for, and nothing else has
 * changed.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { prune } from "#bregman/export/prune.js";
import { networkSize } from "#bregman/export/size.js";
import { convNet } from "#bregman/models/convnet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import type { Network } from "#bregman/nn/network.js";
import { randomNetwork } from "../support/random-network.js";

const perceptron = randomNetwork(mlp([30, 40, 10]), { density: 0.8, dead: 0.1 });
const convolutions = randomNetwork(resNet18({ input: [3, 8, 8], widths: [6, 8] }), {
  density: 0.6,
  dead: 0.1,
});

/** The weights of a network, layer by layer. */
function weightsOf({ model, parameters }: Network): Float32Array[] {
  return model.nodes.flatMap(({ name, layer }) =>
    layer.kind === "linear" || layer.kind === "conv2d"
      ? [parameters.get(`${name}.weight`)!.data]
      : [],
  );
}
const flat = (network: Network) => weightsOf(network).flatMap((data) => [...data]);

describe.each([
  ["perceptron", perceptron],
  ["convolutions", convolutions],
])("%s", (_name, network) => {
  const before = flat(network);

  test.each([0.3, 0.1, 0.01])("to the density %d", (density) => {
    const pruned = prune(network, { density });
    const after = flat(pruned);
    expect(networkSize(pruned).nonZeros).toBe(Math.round(density * before.length));
    const kept = after.filter((w) => w !== 0).map(Math.abs);
    const cut = before.filter((w, k) => w !== 0 && after[k] === 0).map(Math.abs);
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...cut));
    expect(after.every((w, k) => w === 0 || w === before[k])).toBe(true);
  });

  test("by a threshold", () => {
    const after = flat(prune(network, { threshold: 0.1 }));
    expect(after).toEqual(before.map((w) => (Math.abs(w) >= 0.1 ? w : 0)));
  });

  test("everything else stays, and so does the network it was made of", () => {
    const pruned = prune(network, { density: 0.05 });
    for (const [name, values] of network.parameters) {
      if (!name.endsWith(".weight") || name.includes("norm"))
        expect(pruned.parameters.get(name)).toEqual(values);
    }
    expect(pruned.buffers).toEqual(network.buffers);
    expect(flat(network)).toEqual(before);
  });

  test("a density that it is below already changes nothing, and to prune twice is to prune once", () => {
    expect(flat(prune(network, { density: 1 }))).toEqual(before);
    const once = prune(network, { density: 0.05 });
    expect(flat(prune(once, { density: 0.05 }))).toEqual(flat(once));
  });
});

test("of equal weights the first are kept, to the last one", () => {
  const network = randomNetwork(mlp([10, 10]), { density: 1, dead: 0 });
  network.parameters.get("linear1.weight")!.data.fill(-0.5);
  const [after] = weightsOf(prune(network, { density: 0.37 }));
  expect([...after]).toEqual(Array.from({ length: 100 }, (_, k) => (k < 37 ? -0.5 : 0)));
});

describe("whole kernels", () => {
  test("stand or fall together, the largest root mean squares first", () => {
    const network = randomNetwork(convNet(), { density: 0.3, dead: 0.1 });
    const density = 0.05;
    const pruned = prune(network, { density, groups: "kernels" });
    const { nonZeros, weights } = networkSize(pruned);
    expect(nonZeros).toBeLessThanOrEqual(Math.round(density * weights));
    expect(nonZeros).toBeGreaterThan(0.99 * density * weights);
    const [kept, cut]: number[][] = [[], []];
    const [after, before] = [weightsOf(pruned), weightsOf(network)];
    after.forEach((data, layer) => {
      const taps = layer < 2 ? 25 : 1;
      for (let at = 0; at < data.length; at += taps) {
        const old = before[layer].subarray(at, at + taps);
        const now = data.subarray(at, at + taps);
        const rms = Math.sqrt(old.reduce((sum, w) => sum + w * w, 0) / taps);
        if (rms === 0) continue;
        const isKept = now.some((w) => w !== 0);
        if (isKept) expect(now).toEqual(old);
        (isKept ? kept : cut).push(rms);
      }
    });
    expect(cut.length).toBeGreaterThan(100);
    expect(kept.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(
      cut.reduce((a, b) => Math.max(a, b)),
    );
  });
});

test.each([
  [{}, "expected either a density or a threshold, found neither"],
  [{ density: 0.1, threshold: 0.1 }, "expected either a density or a threshold, found both"],
  [{ density: 0 }, "density must be above 0 and at most 1, found 0"],
  [{ density: 1.5 }, "density must be above 0 and at most 1, found 1.5"],
  [{ density: Number.NaN }, "density must be above 0 and at most 1, found NaN"],
  [{ threshold: 0 }, "threshold must be a finite number above 0, found 0"],
  [{ threshold: Infinity }, "threshold must be a finite number above 0, found Infinity"],
  [
    { density: 0.1, groups: "rows" as "kernels" },
    'groups must be "entries" or "kernels", found rows',
  ],
])("%j is an error", (options, message) => {
  expect(() => prune(perceptron, options)).toThrow(new InputError(`prune: ${message}`));
});
