/**
 * What a person reads when a run ends: the net layer by layer, then what it reached, what it costs
 * and where it is.
 */
import Table from "cli-table3";
import { largest } from "../extremes.js";
import {
  bytes,
  count,
  duration,
  figure,
  flops,
  loss,
  percent,
  shape,
  similarity,
  speed,
  stepTime,
  timesLess,
} from "../report/format.js";
import { nextSteps } from "../report/next-steps.js";
import { speedUp } from "../report/speed-up.js";
import type { Connection, EpochMetrics, FinalMetrics, Savings } from "../measure/events.js";
import type { Paint } from "./paint.js";
import { UNRULED } from "./table-style.js";

/** Unused connections that are named; the report shows all. */
const MOST_NAMED = 4;

export interface Summary {
  /** The last epoch's line. */
  readonly last: EpochMetrics;
  /** That of the network that was kept. Default: the last. */
  readonly shown?: EpochMetrics;
  readonly final: FinalMetrics;
  /** Density before training. */
  readonly started: number;
  /** Epochs the recipe asked for. */
  readonly epochs: number;
  readonly interrupted: boolean;
  readonly folder: string;
  readonly report: string;
}

/** The summary as text, with a line end. */
export function summaryText(
  { last, shown = last, final, started, epochs, interrupted, folder, report }: Summary,
  paint: Paint,
): string {
  const field = (name: string, value: string, more = "") =>
    `  ${name.padEnd(17)}${paint("bold", more ? value.padEnd(8) : value)}${more && `  ${paint("dim", more)}`}`;
  const sum = (key: "weights" | "nonZeros") =>
    shown.layers.reduce((total, layer) => total + layer[key], 0);
  const lines = [
    layerTable(shown, paint),
    "",
    interrupted &&
      field("Interrupted", `in epoch ${last.epoch} of ${epochs}`, "the run is kept as it was then"),
    !interrupted &&
      last.epoch < epochs &&
      field(
        "Stopped",
        `after epoch ${last.epoch} of ${epochs}`,
        "no better validation was in sight",
      ),
    final.kept !== undefined &&
      field("Kept", `epoch ${final.kept}`, "the best validation: all figures are of its network"),
    ...reachedFields(shown, final, field),
    final.best !== undefined &&
      final.kept === undefined &&
      field(
        "Best validation",
        percent(final.best.validAccuracy),
        `in epoch ${final.best.epoch}: test ${percent(final.best.testAccuracy)}, ` +
          `density ${percent(final.best.density)}`,
      ),
    field(
      "Density",
      percent(shown.density),
      `${count(sum("nonZeros"))} of ${count(sum("weights"))} weights; it started with ${percent(started)}`,
    ),
    final.connections !== undefined && connectionsField(final.connections, field),
    field(
      "Multiplications",
      percent(final.flopDensity),
      joined(", ", "of the dense network's, per sample", timesLess(final.flopDensity)),
    ),
    ...(final.saved ? savingsFields(final.saved, field) : []),
    sizeField(final.bytes, field),
    field("Time", duration(final.seconds)),
    "",
    field("Run folder", folder),
    field("Report", report),
    "",
    ...nextLines(folder, interrupted, paint),
    "",
  ];
  return lines.filter((line) => line !== false).join("\n");
}

/** What one may do with the run. */
function nextLines(folder: string, interrupted: boolean, paint: Paint): string[] {
  const steps = nextSteps(folder, interrupted ? "interrupted" : "done");
  const width = largest(steps.map(({ command }) => command.length));
  return [
    paint("dim", "  Next"),
    ...steps.map(({ command, what }) => `  ${command.padEnd(width)}  ${paint("dim", what)}`),
  ];
}

type Field = (name: string, value: string, more?: string) => string;

/** Texts with a separator between them, the empty ones left out. */
function joined(separator: string, ...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(separator);
}

/**
 * What it reached on the test samples, and beside them or in their place on those held out for
 * validation.
 */
function reachedFields({ validSsim }: EpochMetrics, final: FinalMetrics, field: Field): string[] {
  const { testAccuracy, testLoss, validAccuracy, validLoss, ssim } = final;
  const classifies = testAccuracy !== undefined || validAccuracy !== undefined;
  const pairs = [
    classifies && (["Test accuracy", "Validation", testAccuracy, validAccuracy, percent] as const),
    ["SSIM", "Validation SSIM", ssim, validSsim, similarity] as const,
    ["Test MAE", "Validation MAE", final.testMae, final.validMae, figure] as const,
    ["Test R²", "Validation R²", final.testR2, final.validR2, similarity] as const,
    !classifies && (["Test loss", "Validation loss", testLoss, validLoss, loss] as const),
  ];
  const targets = (final.targets ?? []).map(({ name, mae, r2 }, k) =>
    field(k === 0 ? "By target" : "", figure(mae), `MAE of ${name}, R² ${similarity(r2)}`),
  );
  const lines = pairs.flatMap((pair) => {
    if (!pair) return [];
    const [name, validName, test, valid, text] = pair;
    if (test === undefined && valid === undefined) return [];
    if (test === undefined) return [field(validName, text(valid), "of the samples held out")];
    return [field(name, text(test), valid === undefined ? "" : `validation ${text(valid)}`)];
  });
  return [...lines, ...targets, ...classFields(final.byClass, field)];
}

/** Classes of which so many are shown. */
const MOST_WEAK = 3;
const FEW_CLASSES = 10;

/** The five likeliest, and the classes that are found the least. */
function classFields(figures: FinalMetrics["byClass"], field: Field): string[] {
  if (!figures) return [];
  const { of, top5, classes = [], confusion } = figures;
  const weak = classes
    .map((one, k) => ({ ...one, taken: confusion && takenFor(confusion[k], k, classes) }))
    .filter(({ recall }) => recall !== undefined && recall < 1)
    .sort((a, b) => a.recall! - b.recall!)
    .slice(0, MOST_WEAK);
  const texts = weak.map(({ name, recall, taken }, k) =>
    joined(", ", `${k === 0 ? "" : `${percent(recall)} `}of ${name}`, taken ?? ""),
  );
  return [
    ...(top5 !== undefined && classes.length > FEW_CLASSES
      ? [field("Top 5", percent(top5), `of the ${of} samples`)]
      : []),
    ...(weak.length > 0 ? [field("Least found", percent(weak[0].recall), texts.join("; "))] : []),
  ];
}

/** What a class is mostly taken for in its place. */
function takenFor(
  row: readonly number[] | undefined,
  label: number,
  classes: readonly { readonly name: string }[],
): string {
  const others = (row ?? []).map((samples, k) => (k === label ? 0 : samples));
  const most = largest(others, 0);
  return most > 0 ? `most often taken for ${classes[others.indexOf(most)].name}` : "";
}

/** What the network takes to store: its non-zeros and their places. */
function sizeField({ dense, sparse, compressed }: FinalMetrics["bytes"], field: Field): string {
  const less = timesLess(sparse, dense);
  const beside = `${less === "" ? "" : `${less} than `}the dense one's ${bytes(dense)}`;
  return field(
    "Model size",
    bytes(sparse),
    joined("; ", beside, compressed === undefined ? "" : `compressed ${bytes(compressed)}`),
  );
}

/** How many connections are used, and which are not: "unused: conv1 → block3, conv1 → block4". */
function connectionsField(connections: readonly Connection[], field: Field): string {
  const unused = connections
    .filter(({ density }) => density === 0)
    .map(({ from, to }) => `${from} → ${to}`);
  const used = `${connections.length - unused.length} of ${connections.length}`;
  const named =
    unused.slice(0, MOST_NAMED).join(", ") + (unused.length > MOST_NAMED ? ", ..." : "");
  return field("Connections", used, unused.length ? `used; unused: ${named}` : "used");
}

/** What the training cost against a dense one: births and deaths, operations, time. */
function savingsFields(saved: Savings, field: Field): string[] {
  const { births, deaths, steps, frozenSteps, trainingFlops, trainingFlopDensity, stepSeconds } =
    saved;
  const frozen = frozenSteps ? `${count(frozenSteps)} of them frozen; ` : "";
  const cost = `of a dense training's multiplications: ${flops(trainingFlops)}, gradients included`;
  const ratio = speedUp(saved);
  const dense = ratio && `a dense one takes ${stepTime(ratio * stepSeconds)}: ${speed(ratio)}`;
  return [
    field(
      "Steps",
      count(steps),
      `${frozen}${count(births)} births and ${count(deaths)} deaths of weights`,
    ),
    field("Training cost", percent(trainingFlopDensity), cost),
    field("A step took", stepTime(stepSeconds), dense || ""),
  ];
}

/** The layers as a table with a total, ruled only where it helps. */
export function layerTable({ layers, density }: EpochMetrics, paint: Paint): string {
  const heads = ["layer", "shape", "weights", "non-zeros", "density", "active units", "computed"];
  const table = new Table({
    head: heads.map((text) => paint("dim", text)),
    colAligns: ["left", "right", "right", "right", "right", "right", "left"],
    ...UNRULED,
  });
  for (const layer of layers) {
    table.push([
      layer.name,
      shape(layer.shape),
      count(layer.weights),
      count(layer.nonZeros),
      percent(layer.density),
      `${count(layer.activeUnits)} of ${count(layer.units)}`,
      layer.kernel,
    ]);
  }
  const sum = (key: "weights" | "nonZeros" | "units" | "activeUnits") =>
    layers.reduce((total, layer) => total + layer[key], 0);
  const totals = [
    "total",
    "",
    count(sum("weights")),
    count(sum("nonZeros")),
    percent(density),
    `${count(sum("activeUnits"))} of ${count(sum("units"))}`,
    "",
  ];
  table.push(totals.map((text) => paint("bold", text)));
  const lines = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  // Rules under the head and above the total.
  const rule = paint("dim", `  ${"─".repeat(largest(lines.map(visibleLength)) - 2)}`);
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines[lines.length - 1]].join("\n");
}

function visibleLength(line: string): number {
  // eslint-disable-next-line no-control-regex
  return line.replace(/\x1b\[[0-9;]*m/g, "").length;
}
