/** Classifies pictures apart from the page, with `bregman/predict` alone. */
import { createPredictor, type Predictor, topClasses } from "bregman/predict";
import type { Answer, Picture } from "./pictures-messages.js";
import { unpacked } from "./unpacked.js";

const TOP = 5;

let loading: Promise<Predictor> | undefined;

addEventListener("message", ({ data }: MessageEvent<Picture>) => {
  void classify(data).then(postMessage, (error: Error) => postMessage({ fault: error.message }));
});

async function classify({ pixels }: Picture): Promise<Answer> {
  loading ??= load();
  // A network that did not come is asked for anew by the next picture.
  const net = await loading.catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  const began = performance.now();
  const logits = net.predictSync(pixels);
  const milliseconds = performance.now() - began;
  return { milliseconds, guesses: topClasses(logits, TOP, net.labelNames) };
}

async function load(): Promise<Predictor> {
  const response = await fetch(new URL("./pictures/network.gz", import.meta.url));
  // What is wrong with the address, it says itself.
  if (!response.ok) return createPredictor(response.url);
  return createPredictor(await unpacked(response));
}
