// The two tables of the README: what is learned, and how fast; six rows each.
import { statistic } from "../dist/sweep/comparison.js";
import { paperRow } from "../dist/sweep/paper-rows.js";
import { markdown } from "./markdown.mjs";
import { resultOf, runsOf } from "./runs.mjs";

const percent = (x) => `${(100 * x).toFixed(1)} %`;

/**
 * Task, recipe, the paper's figure if it is not that of the recipe's row; figures of ours are test
 * accuracies unless it says so.
 */
const TASKS = [
  ["MNIST, MLP by LinBreg", "mnist-mlp-linbreg", "97.5 % at 11 %", "validAccuracy"],
  ["MNIST, MLP by AdaBreg", "mnist-mlp-adabreg-5e-1", "98.0 % at 13 %", "validAccuracy"],
  ["Fashion-MNIST, ConvNet by LinBreg", "fashion-convnet-l1-linbreg"],
  ["Fashion-MNIST, ConvNet by AdaBreg", "fashion-convnet-l1-adabreg"],
  ["CIFAR-10, ResNet-18", "cifar10-resnet18-long", "90.2 % at 3.4 %"],
  ["spoken digits, raw sound, M5", "spoken-digits", "–"],
];

function resultsTable() {
  return markdown(
    ["task", "paper", "bregman", "recipe", "seeds"],
    TASKS.map(([task, recipe, paper = paperRow(recipe).paper, atTheEnd]) => {
      const runs = runsOf(recipe);
      const of = (key) =>
        statistic(runs.map(({ final }) => (atTheEnd ? final : final.best)[key])).mean;
      const accuracy = percent(of(atTheEnd ?? "testAccuracy"));
      return [
        task,
        paper,
        `${accuracy} at ${percent(of("density"))}`,
        `\`${recipe}\``,
        runs.length,
      ];
    }),
  );
}

const rowsOf = (name) => resultOf(`bench/${name}`).rows;

/** A step of training: what it is here, the row in its file, the peer. */
const STEPS = [
  [
    "training step, MLP at 1 %",
    "mlp-step",
    "MLP step, density 1 %, native, mean of 1 fine and 9 frozen steps, 1 thread, against PyTorch (1 thread)",
  ],
  [
    "training step, ResNet-18 at 3.4 %",
    "resnet18-step",
    "ResNet-18, kernel groups 3.4 %, mean of 1 fine and 9 frozen steps, native, 2 threads, against PyTorch's dense step, 2 threads",
  ],
  [
    "the same in bf16, PyTorch in its fastest mode",
    "resnet18-step",
    "ResNet-18, kernel groups 3.4 %, mean of 1 fine and 9 frozen steps, native in bf16, 2 threads, against PyTorch's fastest dense step, 2 threads",
  ],
  [
    "the same in WebAssembly, every gradient",
    "resnet18-step",
    "ResNet-18, kernel groups 3.4 %, step with the gradient of every weight, wasm, 2 threads, against PyTorch's dense step, 2 threads",
  ],
];

/** An answer: network, backend, peer. */
const ANSWERS = [
  ["one answer, MLP at 8 %", "MLP 8 %", "native", "ONNX Runtime native"],
  ["one answer, ResNet-18 at 3.4 %", "ResNet-18 groups 3.4 %", "native", "ONNX Runtime native"],
  ["the same in WebAssembly", "ResNet-18 groups 3.4 %", "wasm", "ONNX Runtime web"],
];

function speedTable() {
  const digits = (ms) => (ms < 10 ? ms.toPrecision(2) : ms.toFixed(0));
  const line = (what, ours, peer, other) => [
    what,
    digits(ours),
    `${digits(other)} (${peer})`,
    (other / ours).toFixed(1),
  ];
  const steps = STEPS.map(([what, file, row]) => {
    const { torch = "1.13", rows } = resultOf(`bench/${file}`);
    const { ours, other } = rows.find((one) => one.what === row);
    return line(what, ours, `PyTorch ${torch.split(".").slice(0, 2).join(".")}`, other);
  });
  const inference = rowsOf("inference");
  const answers = ANSWERS.map(([what, network, backend, peer]) => {
    const { sides } = inference.find(
      (row) =>
        row.network === network && row.batch === 1 && row.sides[0].what === `ours, ${backend}, 1`,
    );
    const other = sides.find((side) => side.what === `${peer}, dense, 1`);
    return line(what, sides[0].ms, `${peer.replace(/ (web|native)/, "")} 1.30`, other.ms);
  });
  return markdown(["what", "ours, ms", "peer, dense, ms", "ratio"], [...steps, ...answers]);
}

export const readmeTables = () => ({
  "readme-results": resultsTable(),
  "readme-speed": speedTable(),
});
