/**
 * The report's curves: loss, accuracy, density (total and by layer), active units, births and
 * deaths, each with legend and caption.
 */
import { largest, smallest } from "../extremes.js";
import type { EpochMetrics } from "../measure/events.js";
import { changeChart, lineChart, type Point, type Series } from "./charts.js";
import { count, loss, parameter, percent, similarity } from "./format.js";
import { html, type Markup, safe } from "./markup.js";
import { thin } from "../thin.js";
import { unitChart } from "./unit-chart.js";

/** More layers than this get no legend entry of their own. */
const MOST_COLOURS = 8;

/** Points of a line: more would lie on top of one another. */
const MOST_POINTS = 1000;

/** The figures a run has data for, in reading order. */
export function curves(all: readonly EpochMetrics[]): Markup[] {
  const epochs = thin(all, MOST_POINTS);
  const figures = [
    lossFigure(epochs),
    accuracyFigure(epochs),
    similarityFigure(epochs),
    regressionFigure(epochs),
    densityFigure(epochs),
    unitFigure(epochs),
    changeFigure(all),
  ];
  return figures.filter((figure) => figure !== undefined);
}

function lossFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const series = trainAndValid(epochs, "trainLoss", "validLoss");
  if (!series.length) return undefined;
  const falls = epochs.flatMap(({ epoch, tau }, k) =>
    k > 0 && Number.isFinite(tau) && epochs[k - 1].tau !== tau
      ? [{ epoch, text: `τ ${parameter(tau)}` }]
      : [],
  );
  // A schedule that moves tau every epoch is no event; a handful of drops is.
  const marks = falls.length <= 5 ? falls : [];
  const svg = lineChart(series, {
    label: "Loss over epochs",
    format: axisLoss,
    logFrom: 20,
    marks,
  });
  const caption = marks.length
    ? "Mean over samples. Dashed: the learning rate τ falls."
    : "Mean over samples.";
  return figure("Loss", legend(series, loss), svg, caption);
}

function accuracyFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const series = trainAndValid(epochs, "trainAccuracy", "validAccuracy");
  if (!series.length) return undefined;
  // Before training a net guesses; an axis from there would flatten all that follows.
  const trained = series
    .flatMap(({ points }) => points.filter(({ epoch }) => epoch > 0))
    .map(({ value }) => value!);
  const before = series
    .flatMap(({ points }) => points.filter(({ epoch }) => epoch === 0))
    .at(-1)?.value;
  const floor = trained.length ? Math.max(0, Math.floor(20 * smallest(trained) - 0.2) / 20) : 0;
  const cut = typeof before === "number" && before < floor;
  const shown = cut
    ? series.map((one) => ({ ...one, points: one.points.filter(({ epoch }) => epoch > 0) }))
    : series;
  const svg = lineChart(shown, {
    label: "Accuracy over epochs",
    format: axisPercent,
    domain: [floor, 1],
    epochs: epochs.map(({ epoch }) => epoch),
  });
  const caption = cut
    ? `Share of samples classified right. Before training: ${percent(before, 1)}, below the axis.`
    : "Share of samples classified right.";
  return figure("Accuracy", legend(series, percent), svg, caption);
}

function similarityFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const points = pointsOf(epochs, "validSsim");
  if (!points.length) return undefined;
  const series = [{ name: "validation", colour: "var(--valid)", points }];
  const svg = lineChart(series, { label: "Similarity over epochs", format: axisLoss });
  return figure(
    "Similarity",
    legend(series, similarity),
    svg,
    "SSIM of outputs and clean images, mean over the validation samples; 1 is perfect.",
  );
}

function regressionFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  // Before training outputs may be anywhere; an axis from there would flatten all that follows.
  const points = pointsOf(epochs, "validR2").filter(({ epoch }) => epoch > 0);
  if (!points.length) return undefined;
  const series = [{ name: "validation", colour: "var(--valid)", points }];
  const svg = lineChart(series, { label: "R² over epochs", format: axisLoss });
  const caption =
    "Share of the targets' variance that the outputs explain, of the validation samples; 1 is perfect.";
  return figure("R²", legend(series, similarity), svg, caption);
}

function densityFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const names = (epochs.at(-1)?.layers ?? []).map(({ name }) => name);
  const few = names.length <= MOST_COLOURS;
  const layers: Series[] = names.map((name, k) => ({
    name,
    colour: few ? `var(--c${k})` : `hsl(${Math.round(215 + (120 * k) / names.length)} 55% 58%)`,
    points: epochs.map((line) => ({
      epoch: line.epoch,
      value: line.layers.find((layer) => layer.name === name)?.density,
    })),
    width: few ? 1.6 : 1,
  }));
  const total: Series = {
    name: "all weights",
    colour: "var(--total)",
    points: epochs.map(({ epoch, density }) => ({ epoch, value: density })),
    width: 2.6,
  };
  const series = names.length > 1 ? [...layers, total] : [total];
  const svg = lineChart(series, { label: "Density over epochs", format: axisPercent, logFrom: 8 });
  const entries = few && names.length > 1 ? [total, ...layers] : [total];
  const caption = few
    ? "Non-zero weights / weights."
    : "Non-zero weights / weights. One thin line a layer, from the first (blue) to the last (red).";
  return figure("Density", legend(entries, percent), svg, caption);
}

/** Only where units come or go: rows of single weights are seldom empty. */
function unitFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const [first, last] = [epochs[0], epochs.at(-1)!];
  const resting = [first, last].some(({ layers }) =>
    layers.some(({ units, activeUnits }) => activeUnits < units),
  );
  if (last.layers.length < 2 || !resting) return undefined;
  const profiles = [
    { line: last, colour: "var(--train)" },
    ...(last === first ? [] : [{ line: first, colour: "var(--muted)", dash: "3,3" }]),
  ].map(({ line: { epoch, layers }, ...look }) => ({
    name: epoch === 0 ? "before training" : `epoch ${epoch}`,
    counts: layers.map(({ activeUnits }) => activeUnits),
    ...look,
  }));
  const most = largest(last.layers.map(({ units }) => units));
  const names = last.layers.map(({ name }) => name);
  const entries = profiles.map(({ name, colour, counts }) => {
    return { name, colour, value: count(counts.reduce((total, active) => total + active, 0)) };
  });
  return figure(
    "Active units",
    legendOf(entries),
    unitChart(names, profiles, most),
    "Units with a non-zero weight, by layer.",
  );
}

function changeFigure(epochs: readonly EpochMetrics[]): Markup | undefined {
  const changes = epochs.filter(({ epoch }) => epoch > 0);
  const sum = (key: "births" | "deaths") => changes.reduce((total, line) => total + line[key], 0);
  const [births, deaths] = [sum("births"), sum("deaths")];
  if (births + deaths === 0) return undefined;
  const svg = changeChart(
    thin(changes, MOST_POINTS),
    "Births and deaths of weights in each epoch",
    count,
  );
  const entries = legendOf([
    { name: "births", colour: "var(--birth)", value: count(births) },
    { name: "deaths", colour: "var(--death)", value: count(deaths) },
  ]);
  return figure(
    "Births and deaths",
    entries,
    svg,
    "Weights that became non-zero, and weights that became zero, in each epoch.",
  );
}

function trainAndValid(
  epochs: readonly EpochMetrics[],
  train: "trainLoss" | "trainAccuracy",
  valid: "validLoss" | "validAccuracy",
): Series[] {
  return [
    { name: "training", colour: "var(--train)", points: pointsOf(epochs, train) },
    { name: "validation", colour: "var(--valid)", points: pointsOf(epochs, valid) },
  ].filter((series) => series.points.length > 0);
}

/** The epochs that have a figure for this key. */
function pointsOf(epochs: readonly EpochMetrics[], key: keyof EpochMetrics): Point[] {
  return epochs
    .map((line) => ({ epoch: line.epoch, value: line[key] as number | null | undefined }))
    .filter(({ value }) => typeof value === "number");
}

/** Lines with their last values. */
function legend(series: readonly Series[], format: (value: number) => string): Markup {
  return legendOf(
    series.map(({ name, colour, points }) => {
      const last = points.at(-1)?.value;
      return { name, colour, value: typeof last === "number" ? format(last) : "–" };
    }),
  );
}

function legendOf(entries: readonly { name: string; colour: string; value: string }[]): Markup {
  return html`<ul class="legend">
    ${entries.map(
      ({ name, colour, value }) =>
        html`<li><i style="border-color: ${colour}"></i>${name} <b>${value}</b></li>`,
    )}
  </ul>`;
}

function figure(title: string, entries: Markup, svg: string, caption: string): Markup {
  return html`<figure class="chart">
    <h3>${title}</h3>
    ${entries}${safe(svg)}
    <figcaption>${caption}</figcaption>
  </figure>`;
}

function axisPercent(fraction: number): string {
  return `${parameter(100 * fraction)} %`;
}

function axisLoss(value: number): string {
  return parameter(value);
}
