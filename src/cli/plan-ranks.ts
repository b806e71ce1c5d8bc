/** `bregman plan --ranks`: what steps of a recipe would take on several ranks, as an estimate. */
import type { Model } from "../nn/model.js";
import { ruleOf } from "../nn/layers/rules.js";
import { estimateStep, LATENCY, type PlannedLayer } from "../ranks/estimate.js";
import type { Recipe } from "../recipes/schema.js";
import { bytes, count, percent } from "../report/format.js";
import { inParts } from "../runs/parts-of-ranks.js";
import { size } from "../shape-size.js";
import type { PreparedStep } from "../train/prepare.js";

export interface RanksFlags {
  readonly ranks?: number;
  readonly gbit?: number;
  readonly stepMs?: number;
}

/** What a rank computes a second, unless the time of a step is told. */
const GFLOPS = 100;

/** Lines for the plan of a recipe. */
export function ranksText(
  recipe: Recipe,
  model: Model,
  steps: readonly PreparedStep[],
  { ranks = 1, gbit = 1, stepMs }: RanksFlags,
): string[] {
  const { microBatches: parts = 1, freeze } = inParts(recipe, { count: ranks }, false);
  const { coarse = 0, fixedAfter } = typeof freeze === "object" ? freeze : { coarse: freeze };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const parameters = model.nodes.flatMap((node) => node.parameters.filter(({ still }) => !still));
  const all = sum(parameters.map(({ shape }) => size(shape)));
  const weighted = steps.filter(({ weights }) => weights > 0);
  // Biases and batch norm come with the last gradients, those of the first layer.
  const rest = all - sum(weighted.map(({ weights }) => weights));
  const layersOf = (frozen: boolean): PlannedLayer[] =>
    weighted.map(({ weights, nonZeros, flops: full, flopsNow: now }, k) => {
      const more = k === 0 ? rest : 0;
      const work = frozen ? 3 * now : full + 2 * now;
      return { all: weights + more, numbers: (frozen ? nonZeros : weights) + more, work };
    });
  const channels = sum(
    model.nodes
      .filter(({ layer }) => layer.train !== false && ruleOf(layer).batchStatistics)
      .map(({ parameters: [gamma] }) => size(gamma.shape)),
  );
  const kinds = [
    { name: coarse > 0 ? "fine step" : "step", times: 1, frozen: false },
    { name: "frozen step", times: coarse, frozen: true },
  ]
    .filter(({ times }) => times > 0)
    .map((kind) => {
      const layers = layersOf(kind.frozen);
      const work = recipe.batchSize * sum(layers.map((layer) => layer.work));
      return { ...kind, layers, work, numbers: sum(layers.map(({ numbers }) => numbers)) };
    });
  const mean = (of: readonly number[]) =>
    sum(of.map((value, k) => value * kinds[k].times)) / (coarse + 1);
  const work = mean(kinds.map((kind) => kind.work));
  const alone = stepMs === undefined ? work / (GFLOPS * 1e9) : stepMs / 1000;
  const planned = { ranks, parts, bitsPerSecond: gbit * 1e9, channels };
  const estimates = kinds.map((kind) =>
    estimateStep(planned, { layers: kind.layers, seconds: (alone * kind.work) / work }),
  );
  const together = mean(estimates.map(({ seconds }) => seconds));
  const ms = (seconds: number) => `${Number((1000 * seconds).toPrecision(3))} ms`;
  const speed = alone / together;
  return [
    `ranks          ${ranks} ranks, a batch in ${parts} parts, ${gbit} Gbit/s`,
    ...kinds.map(({ name, numbers }, k) => {
      const { sent, sending, waiting, seconds } = estimates[k];
      const sends = `${count(numbers)} numbers, ${bytes(sent)} sent by a rank in ${ms(sending)}`;
      return `${name.padEnd(14)} ${sends}, of which it waits ${ms(waiting)}; ${ms(seconds)} in all`;
    }),
    `mean           ${ms(together)} a step for ${ms(alone)} alone: ` +
      `${Number(speed.toPrecision(3))} times as fast, efficiency ${percent(speed / ranks, 0)}`,
    `assumed        alone a step takes ${ms(alone)}` +
      (stepMs === undefined
        ? `, which is ${GFLOPS} GFLOP/s (--step-ms tells it)`
        : " (--step-ms)") +
      "; all parts take the same time;",
    "               sending and receiving at the full rate at once, the gradient of a layer from its",
    "               end in the backward pass (two thirds of a step) on; a rank waits for a third of",
    "               it at least;",
    `               ${ms(LATENCY)} for each message; the densities of the start` +
      (fixedAfter === undefined ? "" : `, and the steps of its ${fixedAfter} first epochs`),
  ];
}
