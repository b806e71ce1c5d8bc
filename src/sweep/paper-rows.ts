/**
 * The paper's figures that experiments of ours stand beside (Bungert, Roith, Tenbrinck, Burger: A
 * Bregman Learning Framework for Sparse Neural Networks, JMLR 23:192, 2022): the rows of the table
 * in docs/results.md, which `bregman reproduce` runs. Ours are in results/.
 */
import { InputError } from "../errors.js";
import { didYouMean } from "../nearest.js";

/** What is compared: a figure, and the densities that stand beside it. */
export interface PaperMeasure {
  /** The last epoch, or the one that is best by validation. */
  readonly of: "end" | "best";
  readonly figure: "validAccuracy" | "testAccuracy" | "ssim";
  readonly densities: readonly ("density" | "linearDensity" | "kernelDensity")[];
}

/** A figure of the paper, and the recipe that we have for it. */
export interface PaperRow {
  /** Network, data, and what is compared. */
  readonly experiment: string;
  readonly method: string;
  /** Name of the recipe; it names the row. */
  readonly recipe: string;
  /** The paper's figure; undefined where it has none for this setting. */
  readonly paper: string | undefined;
  readonly measure: PaperMeasure;
}

const VALIDATION: PaperMeasure = { of: "end", figure: "validAccuracy", densities: ["density"] };
const TEST: PaperMeasure = { of: "best", figure: "testAccuracy", densities: ["density"] };
const TEST_BY_KIND: PaperMeasure = { ...TEST, densities: ["linearDensity", "kernelDensity"] };
const SIMILARITY: PaperMeasure = { of: "end", figure: "ssim", densities: ["density"] };

/** Method, recipe, and the paper's figure. */
type MethodLine = readonly [method: string, recipe: string, paper?: string];

const EXPERIMENTS: readonly (readonly [string, PaperMeasure, readonly MethodLine[]])[] = [
  [
    "MLP on MNIST, validation accuracy after the last epoch",
    VALIDATION,
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
      ["AdaBreg, lambda 0.5", "mnist-mlp-adabreg-5e-1"],
      ["ProxSGD, lambda 0.0001", "mnist-mlp-proxsgd", "about 97 % at 29 %"],
      ["SGD", "mnist-mlp-sgd", "97.9 % at 100 %"],
    ],
  ],
  [
    "ConvNet on Fashion-MNIST, l1, test accuracy",
    TEST,
    [
      ["LinBreg", "fashion-convnet-l1-linbreg", "89.2 % at 1.9 %"],
      ["LinBreg with momentum", "fashion-convnet-l1-momentum", "89.9 % at 2.7 %"],
      ["AdaBreg", "fashion-convnet-l1-adabreg", "90.5 % at 2.3 %"],
    ],
  ],
  [
    "ConvNet on Fashion-MNIST, kernel groups, test accuracy at density of linear weights / of kernels",
    TEST_BY_KIND,
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
    TEST,
    [
      [
        "l1, LinBreg with momentum",
        "cifar10-resnet18",
        "90.4 % at 4.8 %; without momentum 90.9 % at 5.5 %, cut to 3.4 %: 90.2 %",
      ],
      ["the same, 45 epochs, cutout", "cifar10-resnet18-long"],
      ["kernel groups, LinBreg with momentum", "cifar10-resnet18-groups"],
      ["dense, SGD with momentum", "cifar10-resnet18-dense", "92.2 % (by Adam 93.6 %)"],
    ],
  ],
  [
    "DenseNet on Fashion-MNIST, test accuracy",
    TEST,
    [["kernel groups, AdaBreg", "fashion-densenet"]],
  ],
  [
    "Autoencoder on MNIST, similarity (SSIM) of the test images after the last epoch",
    SIMILARITY,
    [
      ["denoising", "mnist-denoise", "SSIM 0.93 (dense: 0.89)"],
      ["the same, lambda 0.26, 100 epochs", "mnist-denoise-narrow", "SSIM 0.93 at about 26 %"],
      ["denoising, skip connections allowed", "mnist-denoise-skips"],
      ["deblurring", "mnist-deblur"],
      ["deblurring, skip connections allowed", "mnist-deblur-skips"],
    ],
  ],
];

/** All rows, those of an experiment one after the other. */
export const PAPER_ROWS: readonly PaperRow[] = EXPERIMENTS.flatMap(
  ([experiment, measure, methods]) =>
    methods.map(([method, recipe, paper]) => ({ experiment, method, recipe, paper, measure })),
);

/** The row with a recipe's name. @throws InputError with the nearest name if there is none */
export function paperRow(name: string): PaperRow {
  const row = PAPER_ROWS.find(({ recipe }) => recipe === name);
  if (row) return row;
  const names = PAPER_ROWS.map(({ recipe }) => recipe);
  throw new InputError(
    `the paper's table has no row "${name}"${didYouMean(name, names)}; ` +
      `\`bregman reproduce\` lists all ${names.length}`,
  );
}
