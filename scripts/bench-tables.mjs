// The tables of benchmarks and comparisons, each from one file under results/.
import { markdown, percent } from "./markdown.mjs";
import { resultOf } from "./runs.mjs";

/**
 * Rows of the MLP's benchmark, of some densities and opponents; nothing as long as there are none.
 */
function benchTable({ rows }, densities, opponents, threads = "[12] threads?") {
  const wanted = new RegExp(`, density (${densities}) %, .*, ${threads}, against (${opponents})`);
  const lines = rows
    .filter(({ what }) => wanted.test(what))
    .map(({ what, ours, other, ratio }) => {
      const [, label, against] = /^[^,]*, (.*), against (.*)$/.exec(what);
      return [label, against, ours.toFixed(2), other.toFixed(2), ratio.toFixed(1)];
    });
  return lines.length > 0
    ? markdown(["ours", "against", "ours, ms", "other, ms", "ratio"], lines)
    : "";
}

/** Milliseconds with three digits or so. */
const milliseconds = (x) => x.toFixed(x < 100 ? 1 : 0);

/**
 * The step of a network: ours against each opponent of the same rounds, on two threads; or only
 * those rows that match.
 */
function stepTable({ rows }, wanted = /2 threads/) {
  const lines = rows
    .filter(({ what }) => wanted.test(what) && !/1 thread/.test(what))
    .map(({ what, ours, other, ratio, share }) => {
      const [, label, against] = /^[^,]*, (.*?),? against (.*)$/.exec(what);
      return [
        label,
        against,
        milliseconds(ours),
        milliseconds(other),
        ratio.toFixed(2),
        share ?? "",
      ];
    });
  return markdown(["ours", "against", "ours, ms", "other, ms", "ratio", "realised share"], lines);
}

/**
 * What was to be reached on two threads: PyTorch's time over ours, both in float32; and its fastest
 * mode's over ours in bf16.
 */
const STEP_GOALS = {
  "resnet18-step": [
    ["kernel groups 3.4 %, frozen step", 10, 6],
    ["kernel groups 3.4 %, mean of 1 fine and 9 frozen steps", 8, 5],
    ["kernel groups 3.4 %, step with sampleDual 4", 4, 2.5],
    ["kernel groups 3.4 %, step with the gradient of every weight", 4, 2.5],
    ["unstructured 3.4 %, mean of 1 fine and 9 frozen steps", 6, 4],
    ["dense step", 1, 1],
  ],
  "convnet-step": [
    ["kernel groups 4 %, mean of 1 fine and 9 frozen steps", 7, 5],
    ["dense step", 1, 1],
  ],
};
const SHARE_GOAL = 0.45;
const THREADS_GOAL = 1.8;

function stepGoalsTable({ name, rows }) {
  const found = (end) => rows.find(({ what }) => what.endsWith(end));
  const cell = (row, goal) => (row && goal ? `${row.toFixed(2)} (${goal})` : "");
  const lines = STEP_GOALS[name].map(([label, same, fastest]) => {
    const [float, half] = ["native", "native in bf16"].map(
      (backend) => `, ${label}, ${backend}, 2 threads, against`,
    );
    return [
      label,
      cell(found(`${float} PyTorch's dense step, 2 threads`)?.ratio, same),
      cell(found(`${half} PyTorch's dense step, 2 threads`)?.ratio, same),
      cell(found(`${half} PyTorch's fastest dense step, 2 threads`)?.ratio, fastest),
      cell(found(`${float} our own dense step`)?.share, SHARE_GOAL),
      cell(found(`${float.replace("dense step", "dense, step")} 1 thread`)?.ratio, THREADS_GOAL),
    ];
  });
  const heads = [
    "float32, against PyTorch's",
    "bf16, against its float32",
    "bf16, against its fastest",
    "realised share",
    "2 threads",
  ];
  return markdown(["step", ...heads], lines);
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
    const { ours, ratio } = rows.find(
      (row) => row.density === density && `${row.kind}, ${row.step}` === label,
    );
    return `${milliseconds(ours)} (${ratio.toFixed(2)})`;
  };
  return markdown(
    ["density %", ...kinds],
    densities.map((density) => [
      percent(density, 0),
      ...kinds.map((label) => cell(density, label)),
    ]),
  );
}

/**
 * GFLOP/s of useful work of ResNet-18's inner layers on two threads: by kernel groups and by an
 * unstructured weight, and dense.
 */
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
    [...lines.values()].map((line) => [
      ...line.place,
      line["kernel groups"],
      line.unstructured,
      line.dense,
    ]),
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
  return markdown(
    ["recipe", "seeds", "epochs", "test accuracy %", "validation %", "density %"],
    lines,
  );
}

/** Answers on one thread: ours, and ONNX Runtime's with the dense and the simplified network. */
function answersTable({ rows }) {
  const digits = (ms) => (ms < 1 ? ms.toFixed(3) : milliseconds(ms));
  const lines = rows
    .filter(({ sides }) => sides?.[0].what.endsWith(", 1"))
    .map(({ network, batch, sides: [ours, dense, simplified] }) => [
      network,
      batch,
      /native|wasm/.exec(ours.what)[0],
      digits(ours.ms),
      ...[dense, simplified].map(({ ms }) => `${digits(ms)} (${(ms / ours.ms).toFixed(1)})`),
    ]);
  return markdown(
    ["network", "batch", "backend", "ours, ms", "dense, ms (ratio)", "simplified, ms (ratio)"],
    lines,
  );
}

/** What was to be reached: ONNX Runtime's time with the dense network over ours, by batch. */
const ANSWER_GOALS = [
  ["MLP 8 %", "native", { 1: 2, 32: 5 }],
  ["ConvNet groups 4 %", "native", { 1: 2, 32: 15 }],
  ["ConvNet single 4 %", "native", { 1: 1.5, 32: 10 }],
  ["ResNet-18 groups 3.4 %", "native", { 1: 5, 32: 10 }],
  ["ResNet-18 single 3.4 %", "native", { 1: 4, 32: 8 }],
  ["MLP 8 %", "wasm", { 1: 3, 32: 10 }],
  ["ConvNet groups 4 %", "wasm", { 1: 6, 32: 18 }],
  ["ResNet-18 groups 3.4 %", "wasm", { 1: 8, 32: 20 }],
];

function answerGoalsTable({ rows }) {
  const lines = ANSWER_GOALS.map(([network, backend, goals]) => {
    const reached = (batch) => {
      const { sides } = rows.find(
        (row) =>
          row.network === network &&
          row.batch === batch &&
          row.sides[0].what === `ours, ${backend}, 1`,
      );
      return `${(sides[1].ms / sides[0].ms).toFixed(1)} (${goals[batch]})`;
    };
    return [network, backend, reached(1), reached(32)];
  });
  return markdown(["network", "backend", "batch 1 (goal)", "batch 32 (goal)"], lines);
}

/** From the bytes of a file to the first answer, in a process that has loaded the library. */
function coldTable({ rows }) {
  const lines = rows
    .filter(({ cold }) => cold)
    .map(({ network, cold }) => [network, ...cold.map(({ ms }) => milliseconds(ms))]);
  const heads = rows.find(({ cold }) => cold).cold.map(({ what }) => what.replace(/, 1$/, ", ms"));
  return markdown(["network", ...heads], lines);
}

/** Two processes of one thread against one of two threads. */
function ranksTable({ rows }) {
  const lines = rows.map(({ what, ours, other, bytesSent, talkMs }) => {
    const [, label] = /^[^,]*, (.*), 2 processes/.exec(what);
    const more = percent(ours / other - 1, 0);
    const mb = (bytesSent / 1e6).toFixed(2);
    return [label, milliseconds(ours), milliseconds(other), more, mb, milliseconds(talkMs)];
  });
  const heads = ["2 processes, ms", "1 process, ms", "overhead %", "MB sent", "talk, ms"];
  return markdown(["step", ...heads], lines);
}

/** The same two processes with a network between them, and what the plan says of it. */
function ranksNetworkTable({ rows }) {
  const lines = rows.map(({ what, ours, other, bytesSent, talkMs, share, planned }) => {
    const [, label, gbit] = /^[^,]*, (.*), 2 machines at (.*) Gbit/.exec(what);
    const waits = `${milliseconds(talkMs)} (${milliseconds(planned.waitingMs)})`;
    const wire = milliseconds((8 * bytesSent) / (gbit * 1e6));
    const times = [milliseconds(ours), milliseconds(other), wire, waits];
    return [label, gbit, ...times, `${percent(share, 0)} (${percent(planned.share, 0)})`];
  });
  const heads = ["ms", "no limit, ms", "on the wire, ms", "talk, ms (plan)", "share % (plan)"];
  return markdown(["step", "Gbit/s", ...heads], lines);
}

/** The machine's roofs. */
function peakTable({ rows }) {
  return markdown(
    ["code", "threads", "GFLOP/s from registers", "GB/s through memory"],
    rows.map(({ what, threads, gflops, gbytesPerSecond }) => [
      what,
      threads,
      gflops,
      gbytesPerSecond,
    ]),
  );
}

const STEP_ROWS =
  /native, 2 threads, against (PyTorch|our own dense step)|9 frozen steps, wasm.*PyTorch/;

/** Blocks by name: how each is made, from which file under results/. */
const FILES = {
  "mlp-step": [
    // At the densities where every way to the gradient is measured, the other table has them, and
    // both numbers of threads.
    (file) => benchTable(file, "1|8|100", "the better of the two|PyTorch", "1 thread"),
    "bench/mlp-step",
  ],
  "mlp-step-ways": [
    (file) => benchTable(file, "2|5", "PyTorch|our own dense step"),
    "bench/mlp-step",
  ],
  "resnet18-step": [(file) => stepTable(file, STEP_ROWS), "bench/resnet18-step"],
  "resnet18-goals": [stepGoalsTable, "bench/resnet18-step"],
  "resnet18-goals-amx": [stepGoalsTable, "bench/resnet18-step-amx"],
  "convnet-step": [(file) => stepTable(file, STEP_ROWS), "bench/convnet-step"],
  "convnet-goals": [stepGoalsTable, "bench/convnet-step"],
  "convnet-goals-amx": [stepGoalsTable, "bench/convnet-step-amx"],
  "convnet-threads": [threadsTable, "bench/convnet-step"],
  "density-sweep": [sweepTable, "bench/density-sweep"],
  "conv-layers": [layersTable, "bench/conv-layers"],
  answers: [answersTable, "bench/inference"],
  "answer-goals": [answerGoalsTable, "bench/inference"],
  "first-answers": [coldTable, "bench/inference"],
  peak: [peakTable, "bench/peak"],
  ranks: [ranksTable, "bench/ranks-resnet18"],
  "ranks-network": [ranksNetworkTable, "bench/ranks-network-resnet18"],
  "compare-mnist-mlp": [comparisonTable, "compare/mnist-mlp"],
  "compare-mnist-sampled": [comparisonTable, "compare/mnist-mlp-sampled"],
  "compare-fashion-sampled": [comparisonTable, "compare/fashion-mlp-sampled"],
  "compare-convnet-sampled": [comparisonTable, "compare/fashion-convnet-sampled"],
  "compare-convnet-groups-sampled": [comparisonTable, "compare/fashion-convnet-groups-sampled"],
  "compare-convnet-precision": [comparisonTable, "compare/convnet-precision"],
  "compare-convnet-groups-precision": [comparisonTable, "compare/convnet-groups-precision"],
  "compare-resnet18-precision": [comparisonTable, "compare/resnet18-precision"],
};

/** The tables by the name of their block; empty where the file is not there. */
export const benchTables = () =>
  Object.fromEntries(
    Object.entries(FILES).map(([name, [make, file]]) => {
      const content = resultOf(file);
      return [name, content ? make(content) : ""];
    }),
  );
