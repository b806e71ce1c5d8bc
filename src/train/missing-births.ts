/**
 * Training in which nothing is born: seen after the first epochs, with the lambda that would have
 * let something be born.
 *
 * A weight that was zero from the start is born when prox_{delta J}(delta v) is no longer zero
 * there. With J = lambda K that is a question of lambda alone: there is a share s of it below which
 * prox_{delta s J}(delta v) has such a weight. s is how far v has come. As long as nothing happens
 * v moves at much the same rate, so that the first birth is due after 1 / s times the epochs that
 * are over.
 */
import type { Optimizer } from "../optim/optimizer.js";
import { withLambdaTimes } from "../regularizers/scaled.js";
import { isWeightRole, layerOf } from "../runtime/parameter.js";
import { thins } from "./density-controller.js";
import type { EpochMetrics } from "../measure/events.js";
import type { Trainer } from "../engine/trainer.js";

/** Epochs that may bring no birth. */
const PATIENCE = 2;
/** Nothing is said where the first birth is due within this share of the run. */
const SOON = 0.1;
/** Below this share v stands still. */
const LEAST = 1e-6;

/** A layer that waits for its first birth. */
interface Waiting {
  readonly name: string;
  /** As the user has stated it. */
  readonly lambda: number;
  /** s: 0 where v stands still, near 1 where a weight is about to be born. */
  readonly share: number;
}

export interface BirthHistory {
  /** Lines of metrics, that of the epoch that is over being the last. */
  readonly history: readonly EpochMetrics[];
  /** Epochs of the run. */
  readonly epochs: number;
  /** Epoch after which none can be born; default: none. */
  readonly fixedAfter?: number | undefined;
  /** Theta before training, by parameter name. Called only where there is something to say. */
  initial(): ReadonlyMap<string, Float32Array>;
}

/**
 * What to say of births after an epoch: once a line if there was none so far, and one for each
 * layer that has lost all its weights. Only of optimizers that gather v (LinBreg, AdaBreg).
 */
export function missingBirths(
  trainer: Trainer,
  { history, epochs, fixedAfter = epochs, initial }: BirthHistory,
): string[] {
  const { epoch, layers } = history.at(-1)!;
  const isDue = epoch === Math.min(PATIENCE, epochs) && epoch <= fixedAfter;
  const none = isDue && history.every(({ births }) => births === 0);
  const before = history.at(-2)?.layers ?? [];
  const lost = layers.filter(
    ({ name, nonZeros }) =>
      nonZeros === 0 && before.some((layer) => layer.name === name && layer.nonZeros > 0),
  );
  return [
    ...(none ? noBirth(waitingLayers(trainer, initial()), epoch, epochs) : []),
    ...lost.map(
      ({ name }) =>
        `layer "${name}" has lost its last weight in epoch ${epoch}: ${lessLambda(trainer, name)}`,
    ),
  ];
}

function noBirth([first]: readonly Waiting[], epoch: number, epochs: number): string[] {
  if (!first) return [];
  const { name, lambda, share } = first;
  const head = `no weight was born in ${plural(epoch)}`;
  if (share === 0)
    return [
      `${head}: no gradient reaches the weights that are not there; init may begin with more`,
    ];
  const due = Math.ceil(epoch / share);
  if (due <= SOON * epochs) return [];
  const when =
    due > epochs
      ? `after ${due} epochs, and the run has ${epochs}`
      : `in epoch ${due} of ${epochs}`;
  return [
    `${head}: v of layer "${name}", the nearest to one, has come to ${percent(share)} ` +
      `of its threshold. A lambda of some ${roundedDown(share * lambda)} in place of ` +
      `${lambda} would have given one by now; at this rate the first comes ${when}`,
  ];
}

/** Layers that wait for their first birth, the nearest to it first. */
function waitingLayers(
  { updaters, theta }: Trainer,
  initial: ReadonlyMap<string, Float32Array>,
): Waiting[] {
  return updaters
    .filter(({ parameter: { role }, optimizer }) => isWeightRole(role) && waits(optimizer))
    .flatMap(({ parameter, optimizer, state, fullLambda }) => {
      const [now, start] = [theta(parameter.name), initial.get(parameter.name)!];
      const places = Int32Array.from(now.keys()).filter((k) => now[k] === 0 && start[k] === 0);
      if (places.length === 0) return [];
      const share = shareOf(optimizer, state.v, parameter.shape, places);
      return [{ name: layerOf(parameter), lambda: fullLambda, share }];
    })
    .sort((a, b) => b.share - a.share);
}

/** Whether zero weights gather v until they pass lambda. */
function waits(optimizer: Optimizer): boolean {
  return optimizer.follow === "mirror" && optimizer.regularizer.lambda > 0 && thins(optimizer);
}

/**
 * The largest share of lambda, to a thousandth of it, with which a weight at one of these places
 * would not be zero.
 */
function shareOf(
  { regularizer, delta }: Optimizer,
  v: Float32Array | Float64Array,
  shape: readonly number[],
  places: Int32Array,
): number {
  const scaled = v.map((value) => delta * value);
  const out = v.slice();
  const isBorn = (share: number) => {
    withLambdaTimes(regularizer, share).prox(scaled, delta, shape, out);
    return places.some((k) => out[k] !== 0);
  };
  if (!isBorn(LEAST)) return 0;
  let [low, high] = [LEAST, 1];
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (isBorn(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function lessLambda({ updaters }: Trainer, layer: string): string {
  const updater = updaters.find(
    ({ parameter }) => layerOf(parameter) === layer && isWeightRole(parameter.role),
  )!;
  const { fullLambda } = updater;
  const less = fullLambda > 0 ? `a lambda below ${fullLambda} there` : "a smaller tau";
  return `its units are constant until one is born; ${less}, or more weights at the start (init), may keep some`;
}

function plural(epochs: number): string {
  return epochs === 1 ? "1 epoch" : `${epochs} epochs`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}

/** Two digits, and never more than the number itself. */
function roundedDown(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.floor(value / unit) * unit).toPrecision(2));
}
