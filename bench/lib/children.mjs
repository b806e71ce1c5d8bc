/**
 * Runs the variants of a benchmark, each in a fresh process, in an order that is reversed every
 * round: what the machine does meanwhile (heat, a neighbour) falls on all alike, and no variant
 * warms another's caches or compiler.
 */
import { spawn } from "node:child_process";

import { inQuiet } from "./quiet.mjs";

/**
 * @typedef {object} Variant
 * @property {string} name unique in its benchmark
 * @property {string[]} command program and arguments
 * @property {Record<string, string | undefined>} [env] over the current environment; undefined
 *   removes
 * @property {() => void} [before] called before each run
 */

/**
 * One run: its report, or null where the side says (exit code 3) that what it needs is not there.
 */
function runOnce(/** @type {Variant} */ { name, command: [program, ...args], env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    child.on("error", (error) =>
      "code" in error && error.code === "ENOENT" ? resolve(null) : reject(error),
    );
    child.on("close", (code, signal) => {
      if (code === 3) return resolve(null);
      const line = output.trim().split("\n").at(-1);
      if (code !== 0 || !line?.startsWith("{")) {
        return reject(
          new Error(
            `${name} ended with ${signal ?? `exit code ${code}`}: ${errors.trim() || output.trim()}`,
          ),
        );
      }
      resolve(JSON.parse(line));
    });
  });
}

/**
 * @param {Variant[]} variants
 * @param {object} options
 * @param {number} options.rounds
 * @param {number} [options.patience] seconds to wait for a quiet machine before and between tries
 *   of one run; default 0
 * @param {(round: number, variant: Variant, report: any) => void} [options.onReport]
 * @returns {Promise<Map<string, any[]>>} the reports by variant, a round each; without the variants
 *   that can't run here
 */
export async function runInterleaved(variants, { rounds, patience = 0, onReport = () => {} }) {
  const reports = new Map();
  let left = variants;
  for (let round = 0; round < rounds; round++) {
    const missing = new Set();
    for (const variant of round % 2 === 0 ? left : left.slice().reverse()) {
      const run = () => (variant.before?.(), runOnce(variant));
      const report = await inQuiet(run, { patience });
      onReport(round, variant, report);
      if (report === null) missing.add(variant);
      else reports.set(variant.name, [...(reports.get(variant.name) ?? []), report]);
    }
    left = left.filter((variant) => !missing.has(variant));
  }
  return reports;
}
