/**
 * Training as one watches it, on stderr: a table with one line an epoch and, on a terminal, a
 * progress bar below it with loss, accuracy, density, steps per second and the time left. Elsewhere
 * the same lines, without a bar or any control character.
 */
import { MultiBar, type SingleBar } from "cli-progress";
import { largest } from "../extremes.js";
import {
  backendName,
  briefCount,
  clock,
  count,
  loss,
  percent,
  similarity,
} from "../report/format.js";
import type { EpochMetrics, TrainEvent } from "../measure/events.js";
import { painter } from "./paint.js";
import { canRedraw } from "./terminal.js";

type Start = Extract<TrainEvent, { type: "start" }>;
type Step = Extract<TrainEvent, { type: "step" }>;

export interface EpochProgress {
  onEvent(event: TrainEvent): void;
  /** A line of text among the others. */
  note(text: string): void;
  /** Takes the bar away and gives the terminal back. */
  close(): void;
}

export type ProgressStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Shows a run's events on a stream. */
export function createProgress(stream: ProgressStream): EpochProgress {
  const paint = painter(stream);
  let start: Start | undefined;
  let latest: Step | undefined;
  let table: Column[] | undefined;
  let bars: { group: MultiBar; bar: SingleBar } | undefined;

  const line = (text: string) => {
    if (!bars) stream.write(`${text}\n`);
    else bars.group.log(`${text}\n`);
  };
  /** The first event after the start tells whether there are accuracies to show. */
  const openTable = (classifies: boolean) => {
    if (table || !start) return;
    table = columns(start.initial, classifies);
    line(paint("dim", row(table.map(({ title, width }) => title.padStart(width)))));
    line(metricsRow(table, start.resumed?.epochs.at(-1) ?? start.initial));
  };

  return {
    onEvent(event) {
      if (event.type === "start") {
        start = event;
        for (const text of headLines(event, paint)) line(text);
        if (canRedraw(stream)) bars = openBar(stream, event, () => latest);
      }
      if (event.type === "note") line(event.text);
      if (event.type === "warning") line(paint("yellow", `warning: ${event.text}`));
      if (event.type === "step") {
        openTable(event.accuracy !== undefined);
        latest = event;
        bars?.bar.update((event.epoch - 1) * start!.stepsPerEpoch + event.step);
      }
      if (event.type === "epoch") {
        openTable(event.metrics.trainAccuracy !== undefined);
        line(metricsRow(table!, event.metrics));
        bars?.bar.update(event.metrics.epoch * start!.stepsPerEpoch);
      }
      // Training holds the event loop for long; the bar must not wait for its own timer.
      bars?.group.update();
      if (event.type === "end") this.close();
    },
    note(text) {
      line(text);
      bars?.group.update();
    },
    close() {
      bars?.group.update();
      bars?.group.stop();
      bars = undefined;
    },
  };
}

function headLines(
  { recipe, samples, backend, isa, threads, reason, resumed, stepsPerEpoch }: Start,
  paint: ReturnType<typeof painter>,
): string[] {
  const parts = [`${count(samples.train)} training`];
  if (samples.valid) parts.push(`${count(samples.valid)} validation`);
  parts.push(`${count(samples.test)} test`);
  const field = (name: string, text: string) => `  ${paint("dim", name.padEnd(9))}${text}`;
  return [
    `${paint("bold", recipe.name)}  seed ${recipe.seed}`,
    field("samples", `${parts.join(", ")}; batches of ${recipe.batchSize}`),
    field(
      "backend",
      `${backendName(backend, isa)}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    ),
    field("", paint("dim", reason)),
    ...(resumed ? [field("resumed", place(resumed.steps, stepsPerEpoch, recipe.epochs))] : []),
    "",
  ];
}

/** Where a resumed run stands. */
function place(steps: number, stepsPerEpoch: number, epochs: number): string {
  const done = Math.floor(steps / stepsPerEpoch);
  return done < epochs
    ? `after ${count(steps)} steps, in epoch ${done + 1} of ${epochs}`
    : "after the last epoch";
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly text: (metrics: EpochMetrics) => string;
}

/** At most 60 characters a row. */
function columns(initial: EpochMetrics, classifies: boolean): Column[] {
  const valid = initial.validLoss !== undefined;
  const all: (Column | false)[] = [
    { title: "epoch", width: 5, text: ({ epoch }) => String(epoch) },
    { title: "loss", width: 7, text: ({ trainLoss }) => loss(trainLoss) },
    !classifies && valid && { title: "valid", width: 7, text: ({ validLoss }) => loss(validLoss) },
    classifies && { title: "train %", width: 7, text: (m) => withoutSign(m.trainAccuracy) },
    classifies &&
      valid && { title: "valid %", width: 7, text: (m) => withoutSign(m.validAccuracy) },
    initial.validSsim !== undefined && {
      title: "SSIM",
      width: 7,
      text: ({ validSsim }) => similarity(validSsim),
    },
    initial.validR2 !== undefined && {
      title: "R²",
      width: 7,
      text: ({ validR2 }) => similarity(validR2),
    },
    { title: "density", width: 8, text: ({ density }) => percent(density) },
    { title: "births", width: 6, text: ({ births, epoch }) => (epoch ? briefCount(births!) : "–") },
    { title: "deaths", width: 6, text: ({ deaths, epoch }) => (epoch ? briefCount(deaths!) : "–") },
    { title: "time", width: 7, text: ({ seconds }) => clock(seconds) },
  ];
  return all.filter((column) => column !== false);
}

/** A percentage under a head that has its sign. */
function withoutSign(fraction: number | undefined): string {
  return percent(fraction).replace(/ %$/, "");
}

function metricsRow(table: readonly Column[], metrics: EpochMetrics): string {
  return row(table.map(({ width, text }) => text(metrics).padStart(width)));
}

function row(cells: readonly string[]): string {
  return cells.join(" ");
}

function openBar(stream: ProgressStream, start: Start, latest: () => Step | undefined) {
  const paint = painter(stream);
  const total = start.recipe.epochs * start.stepsPerEpoch;
  const before = start.resumed?.steps ?? 0;
  const began = Date.now();
  const group = new MultiBar({
    stream: stream as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true,
    fps: 5,
    format: (_options, { progress, value }) => {
      const elapsed = (Date.now() - began) / 1000;
      const left = value > before ? (elapsed / (value - before)) * (total - value) : undefined;
      return barLine({
        epochs: start.recipe.epochs,
        progress,
        left,
        step: latest(),
        width: stream.columns ?? 80,
        paint,
      });
    },
  });
  return { group, bar: group.create(total, before) };
}

export interface BarLine {
  readonly epochs: number;
  /** Share of all steps done. */
  readonly progress: number;
  /** Seconds. */
  readonly left: number | undefined;
  readonly step: Step | undefined;
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: ReturnType<typeof painter>;
}

/**
 * The bar with its figures, as wide as the terminal; in a narrow one the less important figures
 * make room.
 */
export function barLine({ epochs, progress, left, step, width, paint }: BarLine): string {
  const head = `  epoch ${String(step?.epoch ?? 1).padStart(String(epochs).length)}/${epochs} `;
  const figures = step
    ? [
        { text: `loss ${loss(step.loss)}`, rank: 1 },
        ...(step.accuracy === undefined
          ? []
          : [{ text: `acc ${percent(step.accuracy, 1)}`, rank: 2 }]),
        { text: `density ${percent(step.density)}`, rank: 3 },
        { text: `${count(step.stepsPerSecond)} steps/s`, rank: 5 },
        { text: left === undefined ? "" : `${clock(left)} left`, rank: 0 },
      ].filter(({ text }) => text !== "")
    : [{ text: "starting", rank: 0 }];
  const least = 8;
  const size = (shown: typeof figures) =>
    head.length + shown.reduce((sum, { text }) => sum + text.length + 2, 0) + 1;
  let shown = figures;
  while (shown.length > 1 && size(shown) + least > width) {
    const last = largest(shown.map(({ rank }) => rank));
    shown = shown.filter(({ rank }) => rank !== last);
  }
  const room = Math.max(least, Math.min(40, width - size(shown)));
  const done = Math.round(room * Math.min(1, progress));
  const bar = paint("cyan", "━".repeat(done)) + paint("dim", "─".repeat(room - done));
  return head + bar + shown.map(({ text }) => `  ${text}`).join("");
}
