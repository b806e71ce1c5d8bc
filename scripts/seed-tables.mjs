// The tables that list every seed of the recipes' runs.
import { PAPER_ROWS } from "../dist/sweep/paper-rows.js";
import { markdown, percent } from "./markdown.mjs";
import { activeUnits, runsOf, UNITS_PER_LAYER } from "./runs.mjs";

/** Networks that classify: what, and the recipe. */
const TABLES = {
  mlp: {
    head: "Method, recipe",
    rows: PAPER_ROWS.filter(({ recipe }) => recipe.startsWith("mnist-mlp-")).map(
      ({ method, recipe }) => [method, recipe],
    ),
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
      [
        "ConvNet, kernel groups, LinBreg as the authors ran it",
        "fashion-convnet-groups-linbreg-recorded",
      ],
      ["DenseNet, kernel groups, AdaBreg", "fashion-densenet"],
    ],
  },
  cifar: {
    head: "ResNet-18, recipe",
    best: true,
    rows: [
      ["l1, LinBreg with momentum, frozen steps", "cifar10-resnet18"],
      ["the same, 45 epochs, with cutout", "cifar10-resnet18-long"],
      ["kernel groups, LinBreg with momentum, frozen steps", "cifar10-resnet18-groups"],
      ["dense, SGD with momentum", "cifar10-resnet18-dense"],
    ],
  },
  spoken: {
    head: "M5, recipe",
    best: true,
    rows: [
      ["l1, AdaBreg", "spoken-digits"],
      ["dense, Adam", "spoken-digits-dense"],
    ],
  },
};

/** The autoencoders: what they do, and the recipe. */
const RESTORATIONS = [
  ["Denoising", "mnist-denoise"],
  ["Denoising, lambda 0.26, 100 epochs", "mnist-denoise-narrow"],
  ["Denoising, skip connections allowed", "mnist-denoise-skips"],
  ["Deblurring", "mnist-deblur"],
  ["Deblurring, skip connections allowed", "mnist-deblur-skips"],
];

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
    [
      ...heads,
      ...(best ? ["best validation in epoch", "its test accuracy %", "its density %"] : []),
    ],
    lines,
  );
}

/** The tables by the name of their block. */
export const seedTables = () => ({
  ...Object.fromEntries(Object.entries(TABLES).map(([name, content]) => [name, table(content)])),
  autoencoders: restorationTable(),
});
