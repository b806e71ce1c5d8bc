import { PassThrough } from "node:stream";
import { WriteStream } from "node:tty";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { barLine, createProgress } from "#bregman/cli/progress.js";
import { layerTable, summaryText } from "#bregman/cli/summary.js";
import type { TrainEvent } from "#bregman/measure/events.js";
import { sampleEpoch, sampleFinal } from "../report/sample-run.js";

const ESCAPE = "\u001b";
const plain = (_: unknown, text: string) => text;

const start: TrainEvent = {
  type: "start",
  recipe: { name: "sample", epochs: 2, batchSize: 16, seed: 3 },
  samples: { train: 1600, valid: 100, test: 200 },
  backend: "native",
  isa: "avx2",
  threads: 1,
  reason: "the addon is there",
  stepsPerEpoch: 100,
  initial: sampleEpoch(0),
};
const step = (epoch: number, at: number): TrainEvent => ({
  type: "step",
  epoch,
  step: at,
  loss: 0.5,
  accuracy: 0.75,
  density: 0.125,
  stepsPerSecond: 1234,
});
const events: TrainEvent[] = [
  start,
  step(1, 50),
  { type: "epoch", metrics: sampleEpoch(1) },
  step(2, 50),
  { type: "epoch", metrics: sampleEpoch(2) },
  { type: "end", final: sampleFinal, interrupted: false },
];

/** What a stream gets to see of events. */
function shown(list: readonly TrainEvent[], isTTY: boolean): string {
  const { getColorDepth } = WriteStream.prototype;
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 100,
    ...(isTTY && { getColorDepth }),
  });
  const progress = createProgress(stream);
  for (const event of list) progress.onEvent(event);
  progress.close();
  return String(stream.read() ?? "");
}

describe("progress of a resumed run", () => {
  const resumed = { steps: 150, epochs: [sampleEpoch(1)], lengths: [2], about: {} };

  it("says where it goes on, shows the last line there was, and notes", () => {
    const note: TrainEvent = { type: "note", text: "something to know" };
    const text = shown([{ ...start, resumed }, note, ...events.slice(3)], false);
    expect(text).toContain("\n  resumed  after 150 steps, in epoch 2 of 2\n");
    expect(text).toContain("\nsomething to know\n");
    const epochs = text.split("\n").flatMap((line) => /^ +(\d+) /.exec(line)?.[1] ?? []);
    expect(epochs).toEqual(["1", "2"]);
  });

  it("may stand after the last epoch", () => {
    const done = { steps: 200, epochs: [sampleEpoch(1), sampleEpoch(2)], lengths: [2], about: {} };
    expect(shown([{ ...start, resumed: done }], false)).toContain(
      "\n  resumed  after the last epoch\n",
    );
  });
});

describe("progress where there is no terminal", () => {
  it("shows a warning as one", () => {
    const warning: TrainEvent = { type: "warning", text: "no weight was born" };
    expect(shown([start, warning, ...events.slice(1)], false)).toContain(
      "\nwarning: no weight was born\n",
    );
  });

  it("is a head and one plain line an epoch", () => {
    const text = shown(events, false);
    expect(text).not.toContain(ESCAPE);
    expect(text).not.toContain("\r");
    expect(text).toContain("1,600 training, 100 validation, 200 test; batches of 16");
    expect(text).toContain("native (AVX2), 1 thread\n");
    const rows = text.split("\n").filter((line) => /^ +\d+ /.test(line));
    expect(rows).toEqual([
      "    0       –       –   10.00  20.00 %      –      –    0:00",
      "    1  1.0000   70.00   60.00  22.50 %      7      2    0:02",
      "    2  0.5000   85.00   80.00  25.00 %      7      2    0:03",
    ]);
    expect(rows.map(({ length }) => length)).toEqual([60, 60, 60]);
  });

  it("has no columns for figures that the run doesn't have", () => {
    const { validLoss: _, validAccuracy: __, ...initial } = sampleEpoch(0);
    const {
      validLoss: ___,
      validAccuracy: ____,
      trainAccuracy: _____,
      ...metrics
    } = sampleEpoch(1);
    const text = shown(
      [
        { ...start, initial },
        { type: "epoch", metrics },
      ],
      false,
    );
    expect(text).not.toMatch(/train %|valid( %| {2})/);
    expect(text).toContain("epoch    loss  density births deaths    time");
  });
});

describe("progress of a restoration", () => {
  it("has a column for the similarity of the validation images", () => {
    const line = (epoch: number, validSsim: number) => {
      const { trainAccuracy: _, validAccuracy: __, ...metrics } = sampleEpoch(epoch);
      return { ...metrics, validSsim };
    };
    const text = shown(
      [
        { ...start, initial: line(0, 0.01) },
        { type: "epoch", metrics: line(1, 0.93456) },
      ],
      false,
    );
    expect(text).toContain("epoch    loss   valid    SSIM  density");
    expect(text).toMatch(/ 1 +1\.0000 +0\.6000 +0\.935 +22\.50 %/);
  });
});

describe("progress on a terminal", () => {
  beforeEach(() => {
    vi.stubEnv("FORCE_COLOR", undefined);
    vi.stubEnv("TERM", "xterm-256color");
    // A terminal of a CI service that Node does not know has no colours.
    vi.stubEnv("CI", undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("shows a bar with the figures, and takes it away at the end", () => {
    vi.stubEnv("NO_COLOR", undefined);
    // Colours are there, or the next test would prove nothing.
    expect(shown(events, true)).toContain(`${ESCAPE}[36m━`);
    const running = shown(events.slice(0, 4), true);
    expect(running).toContain("epoch 1/2");
    expect(running).toContain("loss 0.5000  acc 75.0 %  density 12.50 %  1,234 steps/s");
    expect(running).toMatch(/\d:\d\d left/);
    const text = shown(events, true);
    // The cursor is shown again and lines wrap again.
    expect(text.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(text.lastIndexOf(`${ESCAPE}[?25l`));
    expect(text.lastIndexOf(`${ESCAPE}[?7h`)).toBeGreaterThan(text.lastIndexOf(`${ESCAPE}[?7l`));
  });

  it("with TERM=dumb is what it is elsewhere: lines, and no control character", () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("TERM", "dumb");
    const text = shown(events, true);
    expect(text).not.toContain(ESCAPE);
    expect(text).not.toContain("\r");
    expect(text).toBe(shown(events, false));
  });

  it("has no colour with NO_COLOR", () => {
    vi.stubEnv("NO_COLOR", "1");
    const text = shown(events, true);
    expect(text).toContain("━");
    // Codes that end in m are colours and weights; the others place the cursor.
    expect(text.split(ESCAPE).filter((part) => /^\[[0-9;]*m/.test(part))).toEqual([]);
  });
});

describe("barLine", () => {
  const line = (width: number, progress = 0.5) =>
    barLine({ epochs: 30, progress, left: 100, step: step(7, 3) as never, width, paint: plain });

  it("fits every terminal that has room for the epoch and the time left", () => {
    for (let width = 40; width < 200; width++) {
      expect(line(width).length).toBeLessThan(width);
      expect(line(width)).toContain("1:40 left");
    }
  });

  it("drops steps per second first, loss last", () => {
    expect(line(120)).toContain("steps/s");
    expect(line(84)).not.toContain("steps/s");
    expect(line(84)).toContain("density");
    expect(line(50)).not.toContain("density");
    expect(line(50)).toContain("loss 0.5000");
  });

  it("fills as far as training is", () => {
    const filled = (progress: number) =>
      [...line(160, progress)].filter((character) => character === "━").length;
    expect([filled(0), filled(0.5), filled(1), filled(1.1)]).toEqual([0, 20, 40, 40]);
  });
});

describe("summary", () => {
  const run = {
    last: sampleEpoch(4),
    final: sampleFinal,
    started: 0.2,
    epochs: 4,
    interrupted: false,
    folder: "runs/x",
    report: "runs/x/report.html",
  };

  it("is a table by layer with a total, in straight columns", () => {
    const lines = layerTable(run.last, plain).split("\n");
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["layer", "shape", "weights", "non-zeros", "density", "active units", "computed"],
      [expect.stringMatching(/^─+$/)],
      ["linear1", "10 × 16", "160", "40", "25.00 %", "8 of 10", "sparse"],
      ["linear2", "4 × 10", "40", "20", "50.00 %", "4 of 4", "dense"],
      [expect.stringMatching(/^─+$/)],
      ["total", "200", "60", "30.00 %", "12 of 14"],
    ]);
    const ends = [lines[2], lines[3], lines[5]].map((line) => line.indexOf(" %"));
    expect(new Set(ends).size).toBe(1);
  });

  it("tells accuracy, density, sizes, time and places", () => {
    const text = summaryText(run, plain);
    expect(text).toMatch(/Test accuracy +91\.27 % +validation 90\.00 %/);
    expect(text).toMatch(/Density +30\.00 % +60 of 200 weights; it started with 20\.00 %/);
    expect(text).toMatch(
      /Multiplications +30\.00 % +of the dense network's, per sample, 3\.3 times less\n/,
    );
    expect(text).toMatch(
      /Model size +512 B +1\.7 times less than the dense one's 856 B; compressed 300 B\n/,
    );
    expect(text).toMatch(/Time +6\.3 s/);
    expect(text).toMatch(
      /Report +runs\/x\/report\.html\n\n  Next\n(  bregman \w+ runs\/x  .*\n){4}$/,
    );
    expect(text).not.toContain("Interrupted");
  });

  it("without test samples tells what was reached on those held out", () => {
    const {
      testAccuracy: _,
      testLoss: __,
      validAccuracy,
      ...rest
    } = { ...sampleFinal, validLoss: 0.4 };
    const text = summaryText({ ...run, final: { ...rest, validAccuracy: validAccuracy! } }, plain);
    expect(text).toMatch(/Validation +90\.00 % +of the samples held out\n/);
    expect(text).not.toMatch(/Test|loss/);
    const { trainAccuracy: ___, ...regression } = rest;
    expect(summaryText({ ...run, final: regression }, plain)).toMatch(
      /Validation loss +0\.4000 +of the samples/,
    );
    const both = summaryText({ ...run, final: { ...regression, testLoss: 0.5 } }, plain);
    expect(both).toMatch(/Test loss +0\.5000 +validation 0\.4000\n/);
    const images = { ...regression, testLoss: 0.5, ssim: 0.8 };
    const last = { ...run.last, validSsim: 0.7 };
    expect(summaryText({ ...run, last, final: images }, plain)).toMatch(
      /SSIM +0\.800 +validation 0\.700\n/,
    );
  });

  it("names the classes that are found the least, and what they are taken for", () => {
    const byClass = {
      of: "test" as const,
      samples: 60,
      top5: 0.95,
      classes: Array.from({ length: 12 }, (_, k) => ({
        name: `c${k}`,
        count: 5,
        recall: k === 3 ? 0.4 : k === 5 ? 0.8 : 1,
      })),
      confusion: Array.from({ length: 12 }, (_, k) =>
        Array.from({ length: 12 }, (_one, c) => (k === 3 && c === 7 ? 3 : k === c ? 2 : 0)),
      ),
    };
    const text = summaryText({ ...run, final: { ...sampleFinal, byClass } }, plain);
    expect(text).toMatch(/Top 5 +95\.00 % +of the test samples/);
    expect(text).toMatch(/Least found +40\.00 % +of c3, most often taken for c7; 80\.00 % of c5\n/);
  });

  it("says nothing of less where a network is as large as the dense one", () => {
    const bytes = { dense: 856, sparse: 860, compressed: 800 };
    const text = summaryText({ ...run, final: { ...sampleFinal, flopDensity: 1, bytes } }, plain);
    expect(text).toMatch(/Multiplications +100\.00 % +of the dense network's, per sample\n/);
    expect(text).toMatch(/Model size +860 B +the dense one's 856 B; compressed 800 B\n/);
  });

  it("tells what sparsity saved", () => {
    const text = summaryText(run, plain);
    expect(text).toMatch(/Steps +1,000 +900 of them frozen; 28 births and 8 deaths of weights\n/);
    expect(text).toMatch(
      /Training cost +40\.00 % +of a dense training's multiplications: 1\.20 GFLOP, gradients included\n/,
    );
    const large = { ...sampleFinal.saved!, trainingFlops: 1.2e12 };
    const measured = (changes: object) =>
      summaryText({ ...run, final: { ...sampleFinal, saved: { ...large, ...changes } } }, plain);
    expect(measured({})).toMatch(
      /A step took +5\.00 ms +a dense one takes 12\.5 ms: 2\.5 times as fast\n/,
    );
    expect(measured({ stepSeconds: 0.025 })).toMatch(
      /A step took +25\.0 ms +.* 12\.5 ms: 0\.50 times as fast\n/,
    );
    // Of a small network, and of too little time, a ratio says nothing.
    expect(text).toMatch(/A step took +5\.00 ms\n/);
    expect(measured({ denseStepSeconds: 0.0099 })).not.toContain("as fast");
    expect(measured({ stepSeconds: 0.0009 })).not.toContain("as fast");
    const { denseStepSeconds: _, ...saved } = large;
    const unmeasured = summaryText(
      { ...run, final: { ...sampleFinal, saved: { ...saved, frozenSteps: 0 } } },
      plain,
    );
    expect(unmeasured).toMatch(/Steps +1,000 +28 births/);
    expect(unmeasured).toMatch(/A step took +5\.00 ms\n/);
    const { saved: __, ...older } = sampleFinal;
    expect(summaryText({ ...run, final: older }, plain)).not.toContain("Training cost");
  });

  it("counts the connections between layers and names unused ones", () => {
    const connections = (...densities: number[]) =>
      densities.map((density, k) => ({ from: `block${k}`, to: "last", density }));
    const text = (...densities: number[]) =>
      summaryText(
        { ...run, final: { ...sampleFinal, connections: connections(...densities) } },
        plain,
      );
    expect(text(0.5, 0, 1)).toMatch(/Connections +2 of 3 +used; unused: block1 → last\n/);
    expect(text(0.5, 1)).toMatch(/Connections +2 of 2 +used\n/);
    expect(text(0, 0, 1, 0, 0, 0)).toMatch(
      /1 of 6 +used; unused: block0 → last, .*, block4 → last, \.\.\.\n/,
    );
    expect(summaryText(run, plain)).not.toContain("Connections");
  });

  it("says so if the run was interrupted, and shows a loss where there is no accuracy", () => {
    const { testAccuracy: _, validAccuracy: __, ...final } = sampleFinal;
    const text = summaryText({ ...run, final, epochs: 9, interrupted: true }, plain);
    expect(text).toMatch(/Interrupted +in epoch 4 of 9/);
    expect(text).toMatch(/Test loss +0\.3100/);
    expect(text).not.toContain("accuracy");
  });
});
