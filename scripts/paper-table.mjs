// The paper's figures beside ours: the one table that says how far the experiments are reproduced.
import { statistic } from "../dist/sweep/comparison.js";
import { runsOf } from "./runs.mjs";

const percent = (x) => `${(100 * x).toFixed(1).replace(/^100\.0$/, "100")} %`;

const all = (parts, key) => parts.map((part) => part[key]);

const meanOf = (parts, key) => statistic(all(parts, key)).mean;

/** Mean and, of three values or more, standard deviation. */
function accuracy(parts, key) {
  const { mean, deviation } = statistic(all(parts, key));
  return parts.length < 3 ? percent(mean) : `${(100 * mean).toFixed(1)} ± ${percent(deviation)}`;
}

// What the cell "ours" says, given what final holds of each run: at the end, or in the epoch that
// is best by validation.
const validationAtTheEnd = (finals) =>
  `${accuracy(finals, "validAccuracy")} at ${percent(meanOf(finals, "density"))}`;

const similarityAtTheEnd = (finals) =>
  `SSIM ${meanOf(finals, "ssim").toFixed(3)} at ${percent(meanOf(finals, "density"))}`;

/** Test accuracy of the best epoch, at its densities of these kinds. */
const testAt =
  (...kinds) =>
  (finals) => {
    const best = all(finals, "best");
    const densities = kinds.map((kind) => percent(meanOf(best, kind)));
    return `${accuracy(best, "testAccuracy")} at ${densities.join(" / ")}`;
  };

/**
 * The experiments: name, what the cells of ours say, and by method the recipe and the paper's
 * figure in the same form.
 */
const EXPERIMENTS = [
  [
    "MLP on MNIST, validation accuracy after the last epoch",
    validationAtTheEnd,
    [
      [
        "LinBreg, lambda 0.1",
        "mnist-mlp-linbreg",
        "97.5 % at 11 % (figure 2), 97.2 % at 10.3 % (figure 3)",
      ],
      ["LinBreg, lambda 0.01", "mnist-mlp-linbreg-1e-2", "97.7 % at 35 %"],
      ["LinBreg, lambda 0.001", "mnist-mlp-linbreg-1e-3", "97.9 % at 80.5 %"],
      ["LinBreg with momentum, lambda 0.1", "mnist-mlp-momentum", "97.4 % at 11.1 %"],
      ["AdaBreg, lambda 0.1", "mnist-mlp-adabreg", "98.0 % at 13.0 %"],
      ["AdaBreg, lambda 0.5", "mnist-mlp-adabreg-5e-1", "–"],
      ["ProxSGD, lambda 0.0001", "mnist-mlp-proxsgd", "about 97 % at 29 %"],
      ["SGD", "mnist-mlp-sgd", "97.9 % at 100 %"],
    ],
  ],
  [
    "ConvNet on Fashion-MNIST, l1, test accuracy",
    testAt("density"),
    [
      ["LinBreg", "fashion-convnet-l1-linbreg", "89.2 % at 1.9 %"],
      ["LinBreg with momentum", "fashion-convnet-l1-momentum", "89.9 % at 2.7 %"],
      ["AdaBreg", "fashion-convnet-l1-adabreg", "90.5 % at 2.3 %"],
    ],
  ],
  [
    "ConvNet on Fashion-MNIST, kernel groups, test accuracy at density of linear weights / of kernels",
    testAt("linearDensity", "kernelDensity"),
    [
      ["LinBreg", "fashion-convnet-groups-linbreg", "89.5 % at 3.8 % / 4.2 %"],
      ["LinBreg with momentum", "fashion-convnet-groups-momentum", "89.9 % at 3.5 % / 4.7 %"],
      ["AdaBreg", "fashion-convnet-groups-adabreg", "89.4 % at 3.5 % / 2.8 %"],
      [
        "LinBreg in the setting of the authors' notebook",
        "fashion-convnet-groups-linbreg-recorded",
        "88.0 % at 3.4 % / 3.6 % (notebook)",
      ],
    ],
  ],
  [
    "ResNet-18 on CIFAR-10, test accuracy",
    testAt("density"),
    [
      [
        "l1, LinBreg with momentum",
        "cifar10-resnet18",
        "90.4 % at 4.8 %; without momentum 90.9 % at 5.5 %, cut to 3.4 %: 90.2 %",
      ],
      ["the same, 45 epochs, cutout", "cifar10-resnet18-long", "–"],
      ["kernel groups, LinBreg with momentum", "cifar10-resnet18-groups", "–"],
      ["dense, SGD with momentum", "cifar10-resnet18-dense", "92.2 % (by Adam 93.6 %)"],
    ],
  ],
  [
    "DenseNet on Fashion-MNIST, test accuracy",
    testAt("density"),
    [["kernel groups, AdaBreg", "fashion-densenet", "–"]],
  ],
  [
    "Autoencoder on MNIST, similarity (SSIM) of the test images after the last epoch",
    similarityAtTheEnd,
    [
      ["denoising", "mnist-denoise", "SSIM 0.93 (dense: 0.89)"],
      ["denoising, skip connections allowed", "mnist-denoise-skips", "–"],
      ["deblurring", "mnist-deblur", "–"],
      ["deblurring, skip connections allowed", "mnist-deblur-skips", "–"],
    ],
  ],
];

/** Heads and rows of the table; what has not been run has no row. */
export function paperTable() {
  const rows = EXPERIMENTS.flatMap(([experiment, ours, methods]) =>
    methods
      .map(([method, recipe, paper]) => ({ method, recipe, paper, runs: runsOf(recipe) }))
      .filter(({ runs }) => runs.length > 0)
      .map(({ method, recipe, paper, runs }, row) => [
        row === 0 ? experiment : "",
        `${method} (\`${recipe}\`)`,
        paper,
        ours(all(runs, "final")),
        all(runs, "seed").join(", "),
        [...new Set(runs.map(({ epochs }) => epochs.at(-1).epoch))].join(", "),
      ]),
  );
  return [["experiment", "method (recipe)", "paper", "ours", "seeds", "epochs"], rows];
}
