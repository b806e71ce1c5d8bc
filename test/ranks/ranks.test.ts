/** Training by several ranks, started by mpirun: the bits of one process, and what is sent. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { noRanks, runRanks } from "../support/mpi.js";

const PROGRAM = fileURLToPath(new URL("train-all.mjs", import.meta.url));
const BACKENDS = ["native", "wasm"];

interface Told {
  readonly hashes: Readonly<Record<string, string>>;
  readonly bytes: readonly Sent[];
  /** Of a net whose gradients are sent in pieces. */
  readonly wide: readonly Sent[];
}
/** What was sent in a step, by rank 0, and the numbers after it. */
interface Sent {
  readonly sent: number;
  readonly next: "fine" | "frozen";
  readonly sizes: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly nonZeros?: number;
  }[];
}

const inLines = (floats: number) => Math.ceil(floats / 16) * 16;
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Floats that are sent at once, at least. */
const PIECE = 2 ** 16;

/** The pieces in which gradients are sent, from the last layer to the first: floats of each. */
function piecesOf(frozen: boolean, { sizes }: Sent): number[] {
  const pieces: number[] = [];
  let [all, few] = [0, 0];
  const layerOf = ({ name }: { readonly name: string }) => name.split(".")[0];
  const layers = [...new Set(sizes.map(layerOf))].toReversed();
  const inOrder = layers.flatMap((layer) => sizes.filter((one) => layerOf(one) === layer));
  inOrder.forEach(({ shape, nonZeros }, k) => {
    const weights = count(shape);
    all += inLines(weights);
    few += frozen ? (nonZeros ?? weights) : inLines(weights);
    if (all < PIECE && k < sizes.length - 1) return;
    pieces.push(inLines(few));
    [all, few] = [0, 0];
  });
  return pieces;
}

/** Bytes that rank 0 sends in a step, from the counts of what there is. */
function bytesOf(ranks: number, frozen: boolean, channels: number, numbers: Sent): number {
  const PARTS = 4;
  const ownParts = Math.floor(PARTS / ranks);
  // Loss and correct predictions of each part, and whether to stop.
  const told = (ownParts * 2 + 1) * 8;
  // Of each part two moments of each channel of the batch norms, to the rank whose channel it is;
  // the running statistics of the own channels to each.
  const ownChannels = Math.floor(channels / ranks);
  const statistics = ownParts * 16 * (channels - ownChannels) + (ranks - 1) * 8 * ownChannels;
  // Of its one branch to each rank its slice; the sum of the own slice to each.
  const gradients = piecesOf(frozen, numbers).map((floats) => {
    const own = Math.floor(floats / 16 / ranks) * 16;
    return 4 * (floats - own) + (ranks - 1) * 4 * own;
  });
  return (ranks - 1) * told + statistics + sum(gradients);
}

describe.skipIf(noRanks !== undefined)("ranks", { timeout: 180_000 }, () => {
  const one = JSON.parse(
    execFileSync(process.execPath, [PROGRAM, ...BACKENDS], { encoding: "utf8" }),
  ) as Told;

  test.each([2, 3, 4])("%i ranks have the bits of one process", async (ranks) => {
    const { code, stdout, stderr } = await runRanks(ranks, [PROGRAM, ...BACKENDS]);
    expect([code, stderr]).toEqual([0, ""]);
    const { hashes, bytes, wide } = JSON.parse(stdout) as Told;
    expect(Object.keys(hashes)).toHaveLength(14);
    expect(hashes).toEqual(one.hashes);
    // A fine step, then two frozen ones.
    for (const [steps, channels, kinds] of [
      [bytes, 6 + 8, ["fine", "frozen", "frozen", "fine", "frozen", "frozen"]],
      [wide, 64 + 128, ["fine", "frozen", "frozen"]],
    ] as const) {
      expect(steps.slice(0, -1).map(({ next }) => next)).toEqual(kinds.slice(0, steps.length - 1));
      kinds.slice(0, steps.length - 1).forEach((kind, k) => {
        const { sent } = steps[k + 1];
        // Frozen steps send the pattern that the fine one has left.
        const last = kinds.lastIndexOf("fine", k) + 1;
        expect(sent).toBe(bytesOf(ranks, kind === "frozen", channels, steps[last]));
      });
      const [fine, frozen] = [steps[1].sent, steps[2].sent];
      expect(frozen).toBeLessThan(0.5 * fine);
    }
    const pieces = [false, true].map((frozen) => piecesOf(frozen, wide[1]).length);
    expect(pieces).toEqual([3, 3]);
  });
});
