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
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Bytes that rank 0 sends in a step, from the counts of what there is. */
function bytesOf(ranks: number, frozen: boolean, { sizes }: Sent): number {
  const PARTS = 4;
  const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b);
  const floats = frozen
    ? inLines(sum(sizes.map(({ shape, nonZeros }) => nonZeros ?? count(shape))))
    : sum(sizes.map(({ shape }) => inLines(count(shape))));
  const own = Math.floor(floats / 16 / ranks) * 16;
  const ownParts = Math.floor(PARTS / ranks);
  // Loss and correct predictions of each part, and whether to stop.
  const told = (ownParts * 2 + 1) * 8;
  // Of each part two moments of each channel of the batch norms, to the rank whose channel it is;
  // the running statistics of the own channels to each.
  const channels = 6 + 8;
  const ownChannels = Math.floor(channels / ranks);
  const statistics = ownParts * 16 * (channels - ownChannels) + (ranks - 1) * 8 * ownChannels;
  // Of its one branch to each rank its slice; the sum of the own slice to each.
  return (ranks - 1) * told + statistics + 4 * (floats - own) + (ranks - 1) * 4 * own;
}

describe.skipIf(noRanks !== undefined)("ranks", { timeout: 180_000 }, () => {
  const one = JSON.parse(
    execFileSync(process.execPath, [PROGRAM, ...BACKENDS], { encoding: "utf8" }),
  ) as Told;

  test.each([2, 3, 4])("%i ranks have the bits of one process", async (count) => {
    const { code, stdout, stderr } = await runRanks(count, [PROGRAM, ...BACKENDS]);
    expect([code, stderr]).toEqual([0, ""]);
    const { hashes, bytes } = JSON.parse(stdout) as Told;
    expect(Object.keys(hashes)).toHaveLength(8);
    expect(hashes).toEqual(one.hashes);
    // A fine step, then two frozen ones, twice.
    const kinds = bytes.slice(1).map((_, k) => bytes[k].next);
    expect(kinds).toEqual(["fine", "frozen", "frozen", "fine", "frozen", "frozen"]);
    kinds.forEach((kind, k) => {
      const { sent } = bytes[k + 1];
      // Frozen steps send the pattern that the fine one has left.
      const last = kinds.lastIndexOf("fine", k) + 1;
      expect(sent).toBe(bytesOf(count, kind === "frozen", bytes[last]));
    });
    const [fine, frozen] = [bytes[1].sent, bytes[2].sent];
    expect(frozen).toBeLessThan(0.5 * fine);
  });
});
