/**
 * Numbers to rows, and rows to `results/bench/<name>.json`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import { dirname } from "node:path";

import { median } from "../../dist/median.js";

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {number} ours median
 * @property {number} other median
 * @property {string} unit of both
 * @property {number} ratio above 1: ours is better
 * @property {{ ours: number[], other: number[] }} samples the values behind the medians, a round
 *   each
 */

export { median };

const rounded = (/** @type {number} */ value) => Number(value.toPrecision(4));

/**
 * A row of durations (less is better), from a value a round and side.
 * @returns {Row}
 */
export function row(
  /** @type {string} */ what,
  /** @type {number[]} */ ours,
  /** @type {number[]} */ other,
  unit = "ms",
) {
  const [a, b] = [median(ours), median(other)];
  return {
    what,
    ours: rounded(a),
    other: rounded(b),
    unit,
    ratio: rounded(b / a),
    samples: { ours: ours.map(rounded), other: other.map(rounded) },
  };
}

export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0].model.trim(),
    ...processor(),
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.arch()}`,
    node: process.version,
    loadBefore: rounded(os.loadavg()[0]),
  };
}

/**
 * What Linux tells of the processor: its family and model, since its name may be no more than that
 * of its maker, and which vectors it has.
 */
function processor() {
  try {
    const [first] = readFileSync("/proc/cpuinfo", "utf8").split("\n\n");
    const said = (/** @type {string} */ key) =>
      new RegExp(`^${key}\\s*: (.*)$`, "m").exec(first)?.[1];
    const flags = said("flags")?.split(" ") ?? [];
    const vectors = ["avx2", "avx512f", "avx512_bf16", "amx_tile"];
    return {
      cpuFamily: Number(said("cpu family")),
      cpuModel: Number(said("model")),
      vectors: vectors.filter((one) => flags.includes(one)),
    };
  } catch {
    return {};
  }
}

/** The commit measured, "-dirty" if tracked files other than results differ from it. */
export function commit() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync("git", args, { encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/results");
    return git("rev-parse", "HEAD") + (changed === "" ? "" : "-dirty");
  } catch {
    return "unknown";
  }
}

/** Written beside its place and renamed, so that a reader never sees half a file. */
export function writeResult(/** @type {string} */ path, /** @type {object} */ result) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(result, null, 2)}\n`);
  renameSync(temporary, path);
}

/** "1 thread", "2 threads". */
export const threadsName = (/** @type {number} */ n) => `${n} thread${n === 1 ? "" : "s"}`;
