// The paper's figures beside ours: the one table that says how far the experiments are reproduced.
import { runsOf } from "./runs.mjs";

const percent = (x, digits = 1) => (100 * x).toFixed(digits);

/** Mean and, of three runs and more, standard deviation. */
function spread(values, digits) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (values.length < 3) return percent(mean, digits);
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
  return `${percent(mean, digits)} ± ${percent(deviation, digits)}`;
}

/** Means of what the runs say under a key, in the epoch that is best by validation. */
const mean = (runs, key) => percent(runs.reduce((sum, run) => sum + run.final.best[key], 0) / runs.length, 1);

/** What our runs are compared by. Each takes the runs of one recipe and says what its cell shows. */
const validation = (runs) => {
  const density = runs.map((run) => run.final.density);
  return `${spread(runs.map((run) => run.final.validAccuracy))} % at ${spread(density)} %`;
};
const test = (runs) => `${spread(runs.map((run) => run.final.best.testAccuracy))} % at ${mean(runs, "density")} %`;
const groups = (runs) =>
  `${spread(runs.map((run) => run.final.best.testAccuracy))} %; ${mean(runs, "linearDensity")} % and ${mean(runs, "kernelDensity")} %`;
const ssim = (runs) =>
  `SSIM ${runs.map((run) => run.final.ssim.toFixed(3)).join(", ")} at ${spread(runs.map((run) => run.final.density))} %`;

/** What, by what it is compared, the recipe, and the paper's figure in the same form. */
const ROWS = [
  [
    "MLP on MNIST, validation at the end",
    validation,
    [
      ["LinBreg, lambda 0.1", "mnist-mlp-linbreg", "97.5 % at 11 %"],
      ["LinBreg, lambda 0.01", "mnist-mlp-linbreg-1e-2", "97.7 % at 35 %"],
      ["LinBreg, lambda 0.001", "mnist-mlp-linbreg-1e-3", "97.9 % at 80.5 %"],
      ["LinBreg with momentum", "mnist-mlp-momentum", "97.4 % at 11.1 %"],
      ["AdaBreg", "mnist-mlp-adabreg-5e-1", "98.0 % at 13.0 %"],
      ["ProxSGD", "mnist-mlp-proxsgd", "about 97 % at 29 %"],
      ["SGD", "mnist-mlp-sgd", "97.9 % at 100 %"],
    ],
  ],
  [
    "ConvNet on Fashion-MNIST, l1, test",
    test,
    [
      ["LinBreg", "fashion-convnet-l1-linbreg", "89.2 % at 1.9 %"],
      ["LinBreg with momentum", "fashion-convnet-l1-momentum", "89.9 % at 2.7 %"],
      ["AdaBreg", "fashion-convnet-l1-adabreg", "90.5 % at 2.3 %"],
    ],
  ],
  [
    "the same by kernel groups, test; linear weights and kernels",
    groups,
    [
      ["LinBreg", "fashion-convnet-groups-linbreg", "89.5 %; 3.8 % and 4.2 %"],
      ["LinBreg with momentum", "fashion-convnet-groups-momentum", "89.9 %; 3.5 % and 4.7 %"],
      ["AdaBreg", "fashion-convnet-groups-adabreg", "89.4 %; 3.5 % and 2.8 %"],
      ["LinBreg as in the authors' recorded run", "fashion-convnet-groups-linbreg-recorded", "88.0 %; 3.4 % and 3.6 %"],
    ],
  ],
  [
    "ResNet-18 on CIFAR-10, test",
    test,
    [
      ["l1", "cifar10-resnet18", "90.9 % at 5.5 %; 90.2 % at 3.4 %, with a threshold"],
      ["l1, twice the epochs", "cifar10-resnet18-long", "the same"],
      ["kernel groups", "cifar10-resnet18-groups", "none"],
      ["dense", "cifar10-resnet18-dense", "93.6 %"],
    ],
  ],
  ["DenseNet on Fashion-MNIST, test", test, [["AdaBreg", "fashion-densenet", "none"]]],
  [
    "Autoencoder on MNIST, test",
    ssim,
    [
      ["denoising", "mnist-denoise", "SSIM 0.93; dense 0.89"],
      ["denoising, skips allowed", "mnist-denoise-skips", "none"],
      ["deblurring", "mnist-deblur", "none"],
      ["deblurring, skips allowed", "mnist-deblur-skips", "none"],
    ],
  ],
];

/** Heads and rows of the table; experiments that have not been run have no row. */
export function paperTable() {
  const rows = ROWS.flatMap(([experiment, compared, lines]) =>
    lines
      .map(([method, recipe, paper]) => ({ method, recipe, paper, runs: runsOf(recipe) }))
      .filter(({ runs }) => runs.length > 0)
      .map(({ method, recipe, paper, runs }, at) => [
        at === 0 ? experiment : "",
        `${method} (\`${recipe}\`)`,
        paper,
        compared(runs),
        runs.length,
        runs[0].epochs.at(-1).epoch,
      ]),
  );
  return [["experiment", "method (recipe)", "paper", "ours", "seeds", "epochs"], rows];
}
