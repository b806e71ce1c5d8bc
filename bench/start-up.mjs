/**
 * How long a program waits for us before it begins: the import of each entry point, and the
 * command's help, as whole processes of Node beside one that does nothing. All take turns.
 *
 *     node start-up.mjs [--rounds N] [--beside FOLDER] [--out FILE]
 *
 * `--beside`: another checkout, built, such as that of an older commit; its entry points take turns
 * with ours.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { commit, machine, median, writeResult } from "./lib/result.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    beside: { type: "string" },
    out: { type: "string", default: join(root, "results/bench/start-up.json") },
  },
});

/** What Node is to run, for each entry point of a checkout and its command. */
function sidesOf(/** @type {string} */ folder, suffix = "") {
  const { exports, bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const sides = Object.entries(exports).flatMap(([key, entry]) => {
    if (typeof entry === "string" || key === "./pool-worker") return [];
    const url = pathToFileURL(join(folder, entry.default)).href;
    const args = ["--input-type=module", "-e", `await import(${JSON.stringify(url)})`];
    return { what: `import "${key.replace(".", "bregman")}"${suffix}`, args };
  });
  return [
    ...sides,
    { what: `bregman --help${suffix}`, args: [join(folder, bin.bregman), "--help"] },
  ];
}

const EMPTY = { what: "empty", args: ["-e", ""] };
const sides = [
  EMPTY,
  ...sidesOf(root),
  ...(values.beside === undefined ? [] : sidesOf(values.beside, ", beside")),
];
/** @type {Map<string, number[]>} */
const samples = new Map(sides.map(({ what }) => [what, []]));
// The first round reads the files.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const { what, args } of round % 2 ? sides.toReversed() : sides) {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${what}: ${stderr}`);
    if (round > 0) samples.get(what)?.push(performance.now() - start);
  }
}

const tenths = (/** @type {number} */ ms) => Math.round(ms * 10) / 10;
const empty = samples.get(EMPTY.what) ?? [];
const rows = [...samples].map(([what, all]) => ({
  what,
  median: tenths(median(all)),
  least: tenths(Math.min(...all)),
  // Of each round, whose processes ran one after the other.
  aboveEmpty: tenths(median(all.map((ms, round) => ms - empty[round]))),
  unit: "ms",
  samples: all.map(tenths),
}));
writeResult(values.out, { name: "start-up", commit: commit(), machine: machine(), rows });
for (const { what, ...row } of rows) {
  console.log(
    `${what.padEnd(34)} median ${row.median} ms, least ${row.least}, above empty ${row.aboveEmpty}`,
  );
}
