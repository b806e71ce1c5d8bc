/** Trains apart from the page, and tells it how it goes. */
import {
  adaBreg,
  encodeModel,
  encodeOnnx,
  fit,
  l1,
  linBreg,
  predict,
  sgd,
  stream,
  topClasses,
  type Dataset,
  type EpochMetrics,
  type Model,
  type Network,
  type NetworkInTraining,
  type Optimizer,
  type Regularizer,
} from "bregman/browser";
import { initialParameters } from "../dist/engine/initial.js";
import { isWeightRole } from "../dist/runtime/parameter.js";
import { costsOf } from "./costs.js";
import { PIXELS } from "./digits-format.js";
import { countDual, emptyHistogram } from "./dual-counts.js";
import type { EpochMessage, FromWorker, Looks, Settings, ToWorker } from "./messages.js";
import { loadDigits, NORMALIZATION } from "./mnist.js";
import { NETWORKS } from "./networks.js";

/** Held out of the training digits. */
const VALIDATION = 1000;
/** While it trains, costs are measured this rarely: it takes a tenth of a second. */
const COSTS_EVERY_MS = 2000;

const say = (message: FromWorker): void => postMessage(message);
const textOf = (error: unknown): string => (error as Error).message;
/** Of what goes wrong beside a training, which goes on. */
const note = (error: unknown): void => say({ type: "warning", text: textOf(error) });

let base: string;
/** Fetched when a training first asks for them. */
let digits: Dataset | undefined;
let network: Network | undefined;
let stopper = new AbortController();

addEventListener("message", ({ data: message }: MessageEvent<ToWorker>) => {
  switch (message.type) {
    case "begin":
      base = message.base;
      break;
    case "preview":
      preview(message.settings);
      break;
    case "train":
      stopper = new AbortController();
      train(message.settings, stopper.signal).catch((error: unknown) => {
        // Stopped while the digits came.
        if ((error as Error).name === "AbortError") say({ type: "stopped" });
        else say({ type: "fault", text: textOf(error) });
      });
      break;
    case "stop":
      stopper.abort();
      break;
    case "digit":
      void recognise(message.pixels).catch(note);
  }
});

/** Shows what a training would start from. */
function preview(settings: Settings): void {
  const { model, picture } = NETWORKS[settings.network];
  const drawn = initialParameters(model, stream(settings.seed, "init"), initOf(settings));
  const { regularizer } = optimizersOf(settings).weights;
  const weights = picture((name) => drawn.get(name)!);
  const dual = regularizer.lambda > 0 ? dualAtStart(model, drawn, regularizer) : undefined;
  say({ type: "looks", looks: { weights, ...(dual && { dual }) } });
}

/** Of v = theta + p, p in dJ(theta), which LinBreg and AdaBreg start from. */
function dualAtStart(
  { nodes }: Model,
  drawn: ReadonlyMap<string, Float32Array>,
  regularizer: Regularizer,
): Uint32Array {
  const counts = emptyHistogram();
  for (const { name: layer, parameters } of nodes) {
    for (const { name, role, shape } of parameters) {
      if (!isWeightRole(role)) continue;
      const theta = drawn.get(`${layer}.${name}`)!;
      const v = new Float32Array(theta.length);
      regularizer.subgradient(theta, shape, v);
      theta.forEach((value, k) => (v[k] += value));
      countDual(counts, v, regularizer.lambda);
    }
  }
  return counts;
}

async function train(settings: Settings, signal: AbortSignal): Promise<void> {
  const onProgress = (share: number) => say({ type: "loading", share });
  digits ??= await loadDigits({ base, signal, onProgress });
  const data = digits;
  const { model } = NETWORKS[settings.network];
  let stepsPerEpoch = 1;
  let initial: EpochMetrics;
  let looks: Looks;
  let measured = -Infinity;
  const sayCosts = async (of: Network): Promise<void> => {
    measured = performance.now();
    const sample = data.test!.inputs.subarray(0, PIXELS) as Uint8Array;
    say({ type: "costs", costs: await costsOf(of, sample) });
  };
  const { final, ...result } = await fit(model, data, {
    optimizer: optimizersOf(settings),
    init: initOf(settings),
    validation: VALIDATION,
    epochs: settings.epochs,
    seed: settings.seed,
    signal,
    observe(epoch, current) {
      looks = looksOf(settings, current);
      network = networkOf(current);
      if (epoch === 0) say(epochMessage(initial, looks));
      if (performance.now() - measured > COSTS_EVERY_MS) void sayCosts(network).catch(note);
    },
    onWarning: (text) => say({ type: "warning", text }),
    onEvent(event) {
      if (event.type === "start") {
        ({ initial, stepsPerEpoch } = event);
        say({ type: "start", threads: event.threads });
      }
      if (event.type === "step") {
        const { epoch, step, stepsPerSecond } = event;
        say({ type: "step", epoch, share: step / stepsPerEpoch, stepsPerSecond });
      }
      if (event.type === "epoch") say(epochMessage(event.metrics, looks));
    },
  });
  network = { model, ...result };
  await sayCosts(network);
  const files = { sparse: encodeModel(network, {}, { sparse: true }), onnx: encodeOnnx(network) };
  say({ type: "end", stopped: signal.aborted, testAccuracy: final.testAccuracy!, files });
}

function initOf({ density }: Settings) {
  return { weights: { density } };
}

function optimizersOf({ optimizer, lambda }: Settings): { weights: Optimizer; biases: Optimizer } {
  switch (optimizer) {
    case "linBreg":
      return {
        weights: linBreg({ tau: 0.1, regularizer: l1(lambda) }),
        biases: linBreg({ tau: 0.1 }),
      };
    case "momentum": {
      const moving = { tau: 0.1, momentum: 0.9 };
      return { weights: linBreg({ ...moving, regularizer: l1(lambda) }), biases: linBreg(moving) };
    }
    case "adaBreg":
      return {
        weights: adaBreg({ tau: 0.001, regularizer: l1(lambda) }),
        biases: adaBreg({ tau: 0.001 }),
      };
    case "sgd":
      return { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) };
  }
}

function epochMessage(metrics: EpochMetrics, looks: Looks): EpochMessage {
  const { epoch, layers, validAccuracy: accuracy = 0, births, deaths } = metrics;
  const sum = (of: "weights" | "nonZeros") => layers.reduce((all, layer) => all + layer[of], 0);
  const [weights, nonZeros] = [sum("weights"), sum("nonZeros")];
  return { type: "epoch", epoch, weights, nonZeros, accuracy, births, deaths, looks };
}

function looksOf({ network: choice }: Settings, { theta, updaters }: NetworkInTraining): Looks {
  const dual = emptyHistogram();
  let isSparse = false;
  for (const { parameter, state, optimizer } of updaters) {
    const { lambda } = optimizer.regularizer;
    if (!isWeightRole(parameter.role) || !(lambda > 0)) continue;
    countDual(dual, state.v as Float32Array, lambda);
    isSparse = true;
  }
  return { weights: NETWORKS[choice].picture(theta), ...(isSparse && { dual }) };
}

/** The network as it is now, to read digits with while it trains. */
function networkOf({ model, theta, updaters, buffers }: NetworkInTraining): Network {
  const parameters = new Map(
    updaters.map(({ parameter: { name, shape } }) => [name, { shape, data: theta(name) }] as const),
  );
  return { model, parameters, buffers: buffers(), normalization: NORMALIZATION };
}

async function recognise(pixels: Float32Array): Promise<void> {
  if (!network) return;
  const logits = await predict(network, pixels, { threads: 1 });
  const probabilities = new Float32Array(logits.length);
  for (const one of topClasses(logits)) probabilities[one.class] = one.probability;
  say({ type: "digit", probabilities });
}
