// Writes the tables of results in README and docs/ from results/, so that no number of ours in them is typed by hand.
// After `npm run build`:
//   node scripts/results-table.mjs          rewrites the pages
//   node scripts/results-table.mjs --check  exits 1 with one line if a page is not what it would write
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { paperTable } from "./paper-table.mjs";
import { activeUnits, runsOf, UNITS_PER_LAYER } from "./runs.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The tables that list every seed: what, and the recipe. */
const TABLES = {
  mlp: {
    head: "Method, recipe",
    rows: [
      ["LinBreg, lambda 0.1", "mnist-mlp-linbreg"],
      ["LinBreg, lambda 0.01", "mnist-mlp-linbreg-1e-2"],
      ["LinBreg, lambda 0.001", "mnist-mlp-linbreg-1e-3"],
      ["LinBreg with momentum, lambda 0.1", "mnist-mlp-momentum"],
      ["AdaBreg, lambda 0.1", "mnist-mlp-adabreg"],
      ["AdaBreg, lambda 0.5", "mnist-mlp-adabreg-5e-1"],
      ["ProxSGD, lambda 0.0001", "mnist-mlp-proxsgd"],
      ["SGD", "mnist-mlp-sgd"],
    ],
  },
  bands: {
    head: "With a ReLU on the logits, as in the authors' code",
    rows: [
      ["LinBreg, lambda 0.1", "mnist-mlp-linbreg-final-relu"],
      ["LinBreg, lambda 0.001", "mnist-mlp-linbreg-1e-3-final-relu"],
      ["ProxSGD, lambda 0.0001", "mnist-mlp-proxsgd-final-relu"],
      ["SGD", "mnist-mlp-sgd-final-relu"],
    ],
  },
  fashion: {
    head: "Network, recipe",
    best: true,
    rows: [
      ["ConvNet, l1, LinBreg", "fashion-convnet-l1-linbreg"],
      ["ConvNet, l1, LinBreg with momentum", "fashion-convnet-l1-momentum"],
      ["ConvNet, l1, AdaBreg", "fashion-convnet-l1-adabreg"],
      ["ConvNet, kernel groups, LinBreg", "fashion-convnet-groups-linbreg"],
      ["ConvNet, kernel groups, LinBreg with momentum", "fashion-convnet-groups-momentum"],
      ["ConvNet, kernel groups, AdaBreg", "fashion-convnet-groups-adabreg"],
      ["ConvNet, kernel groups, LinBreg as the authors ran it", "fashion-convnet-groups-linbreg-recorded"],
      ["DenseNet, kernel groups, AdaBreg", "fashion-densenet"],
    ],
  },
  cifar: {
    head: "ResNet-18, recipe",
    best: true,
    rows: [
      ["l1, LinBreg with momentum, frozen steps", "cifar10-resnet18"],
      ["the same, twice the epochs, with cutout", "cifar10-resnet18-long"],
      ["kernel groups, LinBreg with momentum, frozen steps", "cifar10-resnet18-groups"],
      ["dense, SGD with momentum", "cifar10-resnet18-dense"],
    ],
  },
};

/** The autoencoders: what they do, and the recipe. */
const RESTORATIONS = [
  ["Denoising", "mnist-denoise"],
  ["Denoising, skip connections allowed", "mnist-denoise-skips"],
  ["Deblurring", "mnist-deblur"],
  ["Deblurring, skip connections allowed", "mnist-deblur-skips"],
];

const percent = (x, digits = 1) => (x === undefined ? "" : (100 * x).toFixed(digits));

/** A table in Markdown. The formatter aligns its columns afterwards. */
function markdown(heads, rows) {
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What results/ holds under a name, or undefined. */
function read(name) {
  const file = `${ROOT}results/${name}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** One line an autoencoder's run. */
function restorationTable() {
  const lines = RESTORATIONS.flatMap(([label, recipe]) =>
    runsOf(recipe).map(({ seed, epochs, final }) => [
      `${label} (\`${recipe}\`)`,
      seed,
      epochs.at(-1).epoch,
      final.ssim.toFixed(3),
      epochs.at(-1).validSsim.toFixed(3),
      percent(final.density),
      activeUnits(final).join(", "),
    ]),
  );
  return markdown(
    [
      "Task, recipe",
      "seed",
      "epochs",
      "SSIM, test",
      "SSIM, validation",
      "density %",
      `active units of ${UNITS_PER_LAYER}, layer by layer`,
    ],
    lines,
  );
}

/** One line a recipe: the seeds side by side. */
function table({ head, rows, best = false }) {
  const lines = rows.flatMap(([label, recipe]) => {
    const runs = runsOf(recipe);
    if (runs.length === 0) return [];
    const cells = (pick, digits) => runs.map((run) => percent(pick(run), digits)).join(" / ");
    const epochs = [...new Set(runs.map((run) => run.epochs.at(-1).epoch))].join(", ");
    return [
      [
        `${label} (\`${recipe}\`)`,
        runs.map((run) => run.seed).join(" / "),
        epochs,
        cells((run) => run.final.testAccuracy, 2),
        cells((run) => run.final.validAccuracy, 2),
        cells((run) => run.final.density),
        ...(best
          ? [
              runs.map((run) => run.final.best?.epoch ?? "").join(" / "),
              cells((run) => run.final.best?.testAccuracy, 2),
              cells((run) => run.final.best?.density),
            ]
          : []),
      ],
    ];
  });
  const heads = [head, "seeds", "epochs", "test accuracy %", "validation %", "density %"];
  return markdown(
    [...heads, ...(best ? ["best validation in epoch", "its test accuracy %", "its density %"] : [])],
    lines,
  );
}

/** Rows of the MLP's benchmark, of some densities and opponents; nothing as long as there are none. */
function benchTable({ rows }, densities, opponents, threads = "[12] threads?") {
  const wanted = new RegExp(`, density (${densities}) %, .*, ${threads}, against (${opponents})`);
  const lines = rows
    .filter(({ what }) => wanted.test(what))
    .map(({ what, ours, other, ratio }) => {
      const [, label, against] = /^[^,]*, (.*), against (.*)$/.exec(what);
      return [label, against, ours.toFixed(2), other.toFixed(2), ratio.toFixed(1)];
    });
  return lines.length > 0 ? markdown(["ours", "against", "ours, ms", "other, ms", "ratio"], lines) : "";
}

/** Milliseconds with three digits or so. */
const milliseconds = (x) => x.toFixed(x < 100 ? 1 : 0);

/** The step of a network: ours against each opponent of the same rounds, on two threads; or only those rows that match. */
function stepTable({ rows }, wanted = /2 threads/) {
  const lines = rows
    .filter(({ what }) => wanted.test(what) && !/1 thread/.test(what))
    .map(({ what, ours, other, ratio, share }) => {
      const [, label, against] = /^[^,]*, (.*?),? against (.*)$/.exec(what);
      return [label, against, milliseconds(ours), milliseconds(other), ratio.toFixed(2), share ?? ""];
    });
  return markdown(["ours", "against", "ours, ms", "other, ms", "ratio", "realised share"], lines);
}

/** What a second thread brings. */
function threadsTable({ rows }) {
  const lines = rows
    .filter(({ what }) => what.endsWith("against 1 thread"))
    .map(({ what, ours, other, ratio }) => {
      const [, label] = /^[^,]*, (.*?), against 1 thread$/.exec(what);
      return [label, milliseconds(ours), milliseconds(other), ratio.toFixed(2)];
    });
  return markdown(["ours", "2 threads, ms", "1 thread, ms", "ratio"], lines);
}

/** A step against density: time, and ratio to the dense step of the same rounds. */
function sweepTable({ rows }) {
  const kinds = [...new Set(rows.map(({ kind, step }) => `${kind}, ${step}`))];
  const densities = [...new Set(rows.map(({ density }) => density))];
  const cell = (density, label) => {
    const { ours, ratio } = rows.find((row) => row.density === density && `${row.kind}, ${row.step}` === label);
    return `${milliseconds(ours)} (${ratio.toFixed(2)})`;
  };
  return markdown(
    ["density %", ...kinds],
    densities.map((density) => [percent(density, 0), ...kinds.map((label) => cell(density, label))]),
  );
}

/** GFLOP/s of useful work of ResNet-18's inner layers on two threads: by kernel groups and by an unstructured weight, and dense. */
function layersTable({ rows }) {
  const LAYER =
    /^ResNet-18 (\S+) 3x3 (@\S+), (forward|input gradient|weight gradient), (.*) 3\.4 %, (native|wasm), 2 threads, against dense$/;
  const lines = new Map();
  for (const { what, gflops } of rows) {
    const [, channels, plane, work, kind, backend] = LAYER.exec(what) ?? [];
    const [inner, outer] = channels?.split("-") ?? [];
    if (!channels || inner !== outer) continue;
    const place = [backend, `${channels} ${plane}`, work];
    const rates = { [kind]: gflops.ours.toFixed(0), dense: gflops.other.toFixed(0) };
    lines.set(String(place), { place, ...lines.get(String(place)), ...rates });
  }
  return markdown(
    ["backend", "layer", "work", "kernel groups 3.4 %", "unstructured 3.4 %", "dense"],
    [...lines.values()].map((line) => [...line.place, line["kernel groups"], line.unstructured, line.dense]),
  );
}

/** A comparison (bregman compare): mean and standard deviation over its seeds. */
function comparisonTable({ rows }) {
  const cell = ({ mean, deviation }) => `${percent(mean, 2)} ± ${percent(deviation, 2)}`;
  const lines = rows.map(({ recipe, seeds, epochs, testAccuracy, validAccuracy, density }) => [
    `\`${recipe}\``,
    seeds.length,
    epochs,
    ...[testAccuracy, validAccuracy, density].map(cell),
  ]);
  return markdown(["recipe", "seeds", "epochs", "test accuracy %", "validation %", "density %"], lines);
}

/** The machine's roofs. */
function peakTable({ rows }) {
  return markdown(
    ["code", "threads", "GFLOP/s from registers", "GB/s through memory"],
    rows.map(({ what, threads, gflops, gbytesPerSecond }) => [what, threads, gflops, gbytesPerSecond]),
  );
}

/** Blocks by name: how each is made, from which file under results/. */
const FILES = {
  "mlp-step": [
    // At the densities where every way to the gradient is measured, the other table has them, and both numbers of threads.
    (file) => benchTable(file, "1|8|100", "the better of the two|PyTorch", "1 thread"),
    "bench/mlp-step",
  ],
  "mlp-step-ways": [(file) => benchTable(file, "2|5", "PyTorch|our own dense step"), "bench/mlp-step"],
  "resnet18-step": [stepTable, "bench/resnet18-step"],
  "convnet-step": [
    (file) => stepTable(file, /native.*against (PyTorch|our own dense step)|9 frozen steps, wasm.*PyTorch/),
    "bench/convnet-step",
  ],
  "convnet-threads": [threadsTable, "bench/convnet-step"],
  "density-sweep": [sweepTable, "bench/density-sweep"],
  "conv-layers": [layersTable, "bench/conv-layers"],
  peak: [peakTable, "bench/peak"],
  "compare-mnist-mlp": [comparisonTable, "compare/mnist-mlp"],
  "compare-mnist-sampled": [comparisonTable, "compare/mnist-mlp-sampled"],
  "compare-fashion-sampled": [comparisonTable, "compare/fashion-mlp-sampled"],
};

const blocks = Object.fromEntries([
  ...Object.entries(TABLES).map(([name, content]) => [name, table(content)]),
  ["autoencoders", restorationTable()],
  ["paper", markdown(...paperTable())],
  ...Object.entries(FILES).map(([name, [make, file]]) => {
    const content = read(file);
    return [name, content ? make(content) : ""];
  }),
]);
const words = (text) => text.replace(/[\s-]+/g, " ");
// Every page has the blocks it names.
for (const file of ["README.md", "docs/how-to-choose.md", "docs/performance.md", "docs/results.md"]) {
  const page = readFileSync(`${ROOT}${file}`, "utf8");
  let next = page;
  for (const [name, content] of Object.entries(blocks)) {
    const block = new RegExp(`(<!-- results:${name} -->\n)[\\s\\S]*?(\n?<!-- /results -->)`);
    next = next.replace(block, (_, open) => `${open}\n${content}\n\n<!-- /results -->`);
  }
  if (!process.argv.includes("--check")) {
    writeFileSync(`${ROOT}${file}`, next);
  } else if (words(next) !== words(page)) {
    console.error(`${file}: the results tables are not those of results/: run node scripts/results-table.mjs`);
    process.exit(1);
  }
}
