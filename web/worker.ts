/** Trains apart from the page, and tells it how it goes. */
import {
  adaBreg,
  encodeModel,
  encodeOnnx,
  fit,
  l1,
  linBreg,
  mlp,
  predict,
  sgd,
  topClasses,
  type EpochMetrics,
  type Network,
  type Optimizer,
  type Trainer,
} from "bregman/browser";
import { dualHistogram } from "./dual-histogram.js";
import type { EpochMessage, FromWorker, Settings, ToWorker } from "./messages.js";
import { loadDigits, NORMALIZATION } from "./mnist.js";
import { SIDE, UNITS } from "./weight-picture.js";

const model = mlp([SIDE * SIDE, 200, 80, 10]);
const FIRST = "linear1.weight";

const say = (message: FromWorker): void => postMessage(message);
const sayFault = (error: unknown): void => say({ type: "fault", text: (error as Error).message });

let base: string;
/** Fetched when a training first asks for them: they are 53 MB. */
let digits: ReturnType<typeof loadDigits> | undefined;
let network: Network | undefined;
let stopper = new AbortController();
/** One training at a time: the next begins when the last has stopped. */
let running: Promise<void> = Promise.resolve();

addEventListener("message", ({ data: message }: MessageEvent<ToWorker>) => {
  if (message.type === "begin") base = message.base;
  if (message.type === "digit") void recognise(message.pixels).catch(sayFault);
  if (message.type === "stop") stopper.abort();
  if (message.type !== "train") return;
  stopper.abort();
  stopper = new AbortController();
  const { signal } = stopper;
  running = running.then(() => train(message.settings, signal)).catch(sayFault);
});

async function train(settings: Settings, signal: AbortSignal): Promise<void> {
  const { density, epochs, seed } = settings;
  digits ??= loadDigits(base);
  // Those that did not come are asked for anew by the next training.
  const data = await digits.catch((error: unknown) => {
    digits = undefined;
    throw error;
  });
  if (signal.aborted) return say({ type: "stopped" });
  let stepsPerEpoch = 1;
  let initial: EpochMetrics;
  let trainer: Trainer;
  const { final, ...result } = await fit(model, data, {
    optimizer: optimizersOf(settings),
    init: { weights: { density } },
    validation: 3000,
    epochs,
    seed,
    signal,
    observe(epoch, current) {
      trainer = current;
      network = networkOf(current);
      if (epoch === 0) say(epochMessage(initial, current));
    },
    onEvent(event) {
      if (event.type === "start") {
        ({ initial, stepsPerEpoch } = event);
        say({ type: "start", threads: event.threads });
      }
      if (event.type === "step") {
        const { epoch, step, stepsPerSecond } = event;
        say({ type: "step", epoch, share: step / stepsPerEpoch, stepsPerSecond });
      }
      if (event.type === "epoch") say(epochMessage(event.metrics, trainer));
    },
  });
  network = { model, ...result };
  const files = { sparse: encodeModel(network, {}, { sparse: true }), onnx: encodeOnnx(network) };
  say({ type: "end", stopped: signal.aborted, testAccuracy: final.testAccuracy!, files });
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

function epochMessage(metrics: EpochMetrics, { theta, updaters }: Trainer): EpochMessage {
  const { epoch, density, validAccuracy: accuracy = 0, births = 0, deaths = 0, seconds } = metrics;
  const weights = theta(FIRST).slice(0, UNITS * SIDE * SIDE);
  const { state, optimizer } = updaters.find(({ parameter }) => parameter.name === FIRST)!;
  const { lambda } = optimizer.regularizer;
  const dual = lambda > 0 ? { dual: dualHistogram(state.v as Float32Array, lambda) } : {};
  return { type: "epoch", epoch, density, accuracy, births, deaths, seconds, weights, ...dual };
}

/** The network as it is now, to read digits with while it trains. */
function networkOf({ theta, updaters, buffers }: Trainer): Network {
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
