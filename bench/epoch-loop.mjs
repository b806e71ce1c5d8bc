/**
 * What an epoch of training costs beside its steps: ResNet-18 on CIFAR-10 by its recipes, from a
 * start at the densities that they hold their layers to, with checkpoints, fresh statistics and
 * validation as `bregman train` has them. Test samples come once, at the end. See README.md for
 * what is measured.
 *
 *     node epoch-loop.mjs [--data-dir FOLDER] [--recipes cifar10-resnet18-groups,cifar10-resnet18]
 *                          [--epochs 2] [--limit N] [--threads 2] [--backend native] [--cpu]
 *                          [--out ../results/bench/epoch-loop.json]
 *
 * With --limit so many images are trained on, and nothing is written: what is told is then worked
 * out for an epoch of all of them, as only its steps depend on their number. --cpu tells the
 * seconds that the process has computed, on one thread: for a machine that others use.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { buildModel } from "../dist/recipes/build.js";
import { loadRecipe } from "../dist/recipes/load.js";
import { fit } from "../dist/runs/fit.js";
import { dataOf, fitOptionsOf } from "../dist/runs/recipe-options.js";
import { recipeDensities } from "./lib/network.mjs";
import { commit, machine, median, row, threadsName, writeResult } from "./lib/result.mjs";

const { values: args } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    recipes: { type: "string", default: "cifar10-resnet18-groups,cifar10-resnet18" },
    epochs: { type: "string", default: "2" },
    limit: { type: "string" },
    threads: { type: "string", default: "2" },
    backend: { type: "string", default: "native" },
    cpu: { type: "boolean", default: false },
    out: {
      type: "string",
      default: fileURLToPath(new URL("../results/bench/epoch-loop.json", import.meta.url)),
    },
  },
});
const { backend, limit, cpu } = args;
const [epochs, threads] = [Number(args.epochs), cpu ? 1 : Number(args.threads)];

/** Seconds between two checkpoints within an epoch, as `bregman train` has them. */
const CHECKPOINT_EVERY = 60;
/** Whether what is measured is not an epoch as it is: checkpoints within it are worked out. */
const workedOut = limit !== undefined || cpu;

/**
 * A call of the training loop to its trainer, in seconds of the clock.
 * @typedef {{ name: "step" | "runStatistics" | "evaluateInTurns", from: number, to: number }} Call
 */

function now() {
  if (!cpu) return performance.now() / 1000;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
const sum = (/** @type {Call[]} */ calls) =>
  calls.reduce((all, { from, to }) => all + to - from, 0);

/** Notes what a trainer is asked for, and how long it takes. */
function clocked(/** @type {any} */ trainer) {
  /** @type {Call[]} */
  const calls = [];
  for (const name of /** @type {const} */ (["step", "runStatistics", "evaluateInTurns"])) {
    const inner = trainer[name];
    trainer[name] = (/** @type {any[]} */ ...given) => {
      const from = now();
      const note = (/** @type {any} */ result) =>
        (calls.push({ name, from, to: now() }), result);
      const result = inner(...given);
      return result instanceof Promise ? result.then(note) : note(result);
    };
  }
  return calls;
}

/** A run of a recipe at its densities: all calls, and when epochs were over. */
async function run(/** @type {string} */ name) {
  const recipe = loadRecipe(name);
  const data = dataOf(recipe, { dataDir: args["data-dir"] });
  const densities = Object.entries(recipeDensities(name));
  const layers = Object.fromEntries(densities.map(([layer, density]) => [layer, { density }]));
  const { init, targetDensity, ...options } = fitOptionsOf({ ...recipe, epochs });
  const folder = mkdtempSync(join(tmpdir(), "bregman-epoch-loop-"));
  /** @type {Call[]} */
  let calls = [];
  const ends = /** @type {number[]} */ ([]);
  let end = NaN;
  try {
    const { final } = await fit(buildModel(recipe.model), data, {
      ...options,
      epochs,
      init: { ...init, layers },
      targetDensity: { ...targetDensity, ramp: 0 },
      ...(limit && { limit: Number(limit) }),
      threads,
      backend,
      checkpoint: { folder, everySeconds: workedOut ? 1e9 : CHECKPOINT_EVERY },
      onWarning() {},
      observe(epoch, trainer) {
        if (epoch === 0) calls = clocked(trainer);
      },
      onEvent({ type }) {
        if (type === "epoch") ends.push(now());
        if (type === "end") end = now();
      },
    });
    return { recipe, calls, ends, end, final, train: data.train.count };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Seconds of the parts of an epoch, the k-th of them, whose calls these are. */
function parts(
  /** @type {Call[]} */ calls,
  /** @type {number} */ ended,
  /** @type {number} */ nextBegins,
) {
  const of = (/** @type {string} */ name) => calls.filter((call) => call.name === name);
  const [steps, statistics, [validation]] = [
    of("step"),
    of("runStatistics"),
    of("evaluateInTurns"),
  ];
  const [first, last] = [steps[0], steps.at(-1)];
  const [begins] = [...statistics, validation];
  return {
    count: steps.length,
    steps: sum(steps),
    // Events, the next batch, checkpoints within the epoch.
    betweenSteps: last.to - first.from - sum(steps),
    statistics: validation.from - begins.from,
    validation: validation.to - validation.from,
    // Births, densities, values of regularizers; the best network is kept.
    metrics: begins.from - last.to + (ended - validation.to),
    checkpoint: nextBegins - ended,
  };
}

const before = machine();
const rows = [];
for (const name of args.recipes.split(",")) {
  const { recipe, calls, ends, end, final, train } = await run(name);
  const { batchSize, data } = recipe;
  const wholeSteps = Math.ceil((train - data.validation) / batchSize);
  const all = ends.map((ended, k) => {
    const from = ends[k - 1] ?? -Infinity;
    const own = calls.filter((call) => call.from > from && call.from < ended);
    // What comes next: the next step, or the test.
    const next = calls.find((call) => call.from > ended);
    return parts(own, ended, next.from);
  });
  // The first one warms up.
  const counted = (all.length > 1 ? all.slice(1) : all).map((one) => {
    const scale = wholeSteps / one.count;
    const steps = one.steps * scale;
    const within = workedOut ? Math.floor(steps / CHECKPOINT_EVERY) * one.checkpoint : 0;
    return { ...one, steps, betweenSteps: one.betweenSteps * scale + within };
  });
  const steps = counted.map((one) => one.steps);
  const whole = counted.map(
    (one) =>
      one.steps + one.betweenSteps + one.statistics + one.validation + one.metrics + one.checkpoint,
  );
  const atTheEnd = end - calls.find((call) => call.from > ends.at(-1)).from;
  const beside = Object.fromEntries(
    /** @type {const} */ ([
      "betweenSteps",
      "statistics",
      "validation",
      "metrics",
      "checkpoint",
    ]).map((part) => [part, Number(median(counted.map((one) => one[part])).toPrecision(3))]),
  );
  const share = Number((median(whole) / median(steps) - 1).toPrecision(3));
  const kind = name.includes("groups") ? "kernel groups" : "unstructured";
  const where = `${backend}, ${threadsName(threads)}`;
  const what =
    `ResNet-18, ${kind} at the recipe's densities, an epoch of ${wholeSteps} steps, ` +
    `${where}, against its steps`;
  rows.push({
    ...row(what, whole, steps, "s"),
    share,
    density: final.density,
    beside,
    atTheEnd: Number(atTheEnd.toPrecision(3)),
  });
  console.log(
    `${name}: an epoch ${median(whole).toFixed(1)} s, its steps ${median(steps).toFixed(1)} s: ` +
      `${(100 * share).toFixed(1)} % more; seconds of it: ${JSON.stringify(beside)}; ` +
      `test and the rest at the end ${atTheEnd.toFixed(1)} s; density ${final.density.toFixed(4)}`,
  );
}
if (!workedOut) {
  writeResult(args.out, { name: "epoch-loop", commit: commit(), machine: before, rows });
  console.log(`\nwritten to ${args.out}`);
}
