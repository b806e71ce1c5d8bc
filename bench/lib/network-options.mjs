/** What benchmarks of a network's step are told on the command line, and how they tell times. */
import { parseArgs } from "node:util";

import { NETWORKS } from "./network.mjs";
import { median } from "./result.mjs";

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "resnet18" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "3" },
    density: { type: "string", default: "0.034" },
    coarse: { type: "string", default: "9" },
    patience: { type: "string", default: "0" },
    pick: { type: "string", default: "" },
    gbit: { type: "string", default: "" },
    "no-compile": { type: "boolean", default: false },
    out: { type: "string" },
  },
});
export const { network, pick } = values;
/** Speeds of the network, in Gbit/s. */
export const gbits = values.gbit.split(",").filter(Boolean).map(Number);
/** Whether PyTorch is measured compiled, too: that takes minutes a run. */
export const compile = !values["no-compile"];
/** Where the result goes, if it was said. */
export const { out: resultFile } = values;
export const { title } = NETWORKS[network];
export const density = Number(values.density);
export const coarse = Number(values.coarse);
export const schedule = { steps: Number(values.steps), warmup: 2 };

export const KINDS = /** @type {const} */ (["dense", "groups", "entries"]);
const percent = Number((density * 100).toPrecision(3));
const NAMES = { groups: "kernel groups", entries: "unstructured" };
export const LABELS = {
  dense: "dense",
  groups: `${NAMES.groups} ${percent} %`,
  entries: `${NAMES.entries} ${percent} %`,
};

/**
 * What a step is measured of: each kind at the density, and where the network has recipes with a
 * density for each layer, at those.
 */
export const CASES = [
  ...KINDS.map((kind) => ({ kind, density, label: LABELS[kind] })),
  ...Object.keys(NETWORKS[network].recipes ?? {}).map((kind) => ({
    kind: /** @type {"groups" | "entries"} */ (kind),
    density: /** @type {const} */ ("recipe"),
    label: `${NAMES[kind]} at the recipe's densities`,
  })),
];

/** Rounds, and what is printed after each run: the options of runInterleaved. */
export const turns = {
  rounds: Number(values.rounds),
  patience: Number(values.patience),
  onReport: (
    /** @type {number} */ round,
    /** @type {{ name: string }} */ { name },
    /** @type {any} */ report,
  ) => {
    if (report === null) console.log(`${name}: skipped, not installed here`);
    else {
      const times = Object.entries(report.samples).map(
        ([step, ms]) => `${step} ${median(ms).toFixed(1)} ms`,
      );
      console.log(`round ${round + 1}  ${name}: ${times.join(", ")} (${report.note})`);
    }
  },
};
