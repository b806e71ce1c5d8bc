/** The page: settings go to the worker, and what it tells is shown. */
import { createCurves } from "./curves.js";
import { createDigitPad } from "./digit-pad.js";
import { drawDual } from "./dual-histogram.js";
import { showGuesses } from "./guesses.js";
import type { EpochMessage, FromWorker, Settings, ToWorker } from "./messages.js";
import { showPictures } from "./pictures.js";
import { drawWeights } from "./weight-picture.js";

const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;
const form = byId<HTMLFormElement>("settings");
const stop = byId<HTMLButtonElement>("stop");
const status = byId("status");

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const tell = (message: ToWorker): void => worker.postMessage(message);
worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => show(data));
worker.addEventListener("error", ({ message }) => show({ type: "fault", text: message }));

tell({ type: "begin", base: document.baseURI });
void showPictures();

const curves = createCurves(byId("curves"));
let drawing: Float32Array | undefined;
const pad = createDigitPad(byId<HTMLCanvasElement>("pad"), (pixels) => {
  drawing = pixels;
  tell({ type: "digit", pixels });
});
byId("clear").addEventListener("click", () => {
  pad.clear();
  drawing = undefined;
  showDigits(new Float32Array(10));
});
showDigits(new Float32Array(10));

form.addEventListener("input", showSettings);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  stop.disabled = false;
  byId("downloads").hidden = true;
  curves.clear();
  status.textContent = "Loading the digits …";
  tell({ type: "train", settings: settings() });
});
stop.addEventListener("click", () => tell({ type: "stop" }));
showSettings();

/** Sliders are decimal logarithms. */
function settings(): Settings {
  const data = new FormData(form);
  const number = (name: string) => Number(data.get(name));
  return {
    optimizer: data.get("optimizer") as Settings["optimizer"],
    lambda: 10 ** number("lambda"),
    density: 10 ** number("density"),
    epochs: number("epochs"),
    seed: number("seed"),
  };
}

function showSettings(): void {
  const { optimizer, lambda, density } = settings();
  const output = (name: string) => form.elements.namedItem(name) as HTMLOutputElement;
  output("lambdaText").value = optimizer === "sgd" ? "–" : lambda.toPrecision(2);
  output("densityText").value = `${(100 * density).toPrecision(2)} %`;
  (form.elements.namedItem("lambda") as HTMLInputElement).disabled = optimizer === "sgd";
}

function show(message: FromWorker): void {
  switch (message.type) {
    case "stopped":
      stop.disabled = true;
      status.textContent = "Stopped.";
      break;
    case "start":
      // The end of one that it took the place of may have come since.
      stop.disabled = false;
      status.textContent = `Training on ${message.threads} ${message.threads === 1 ? "thread" : "threads"} …`;
      break;
    case "step": {
      const { epoch, share, stepsPerSecond } = message;
      status.textContent = `Epoch ${epoch}, ${Math.round(100 * share)} % · ${Math.round(stepsPerSecond)} steps a second`;
      break;
    }
    case "epoch":
      showEpoch(message);
      break;
    case "end":
      stop.disabled = true;
      status.textContent = `${message.stopped ? "Stopped" : "Done"}: ${percent(message.testAccuracy)} of the 10,000 test images are read right.`;
      offer("sparse", message.files.sparse);
      offer("onnx", message.files.onnx);
      byId("downloads").hidden = false;
      break;
    case "digit":
      showDigits(message.probabilities);
      break;
    case "fault":
      stop.disabled = true;
      status.textContent = `That went wrong: ${message.text}`;
  }
}

function showEpoch({
  epoch,
  density,
  accuracy,
  births,
  deaths,
  weights,
  dual,
}: EpochMessage): void {
  byId("epoch").textContent = String(epoch);
  byId("density").textContent = percent(density);
  byId("accuracy").textContent = percent(accuracy);
  byId("births").textContent = `${births.toLocaleString("en")} / ${deaths.toLocaleString("en")}`;
  curves.add(epoch, density, accuracy);
  drawWeights(byId<HTMLCanvasElement>("weights"), weights);
  drawDual(byId<HTMLCanvasElement>("dual"), dual);
  if (drawing) tell({ type: "digit", pixels: drawing });
}

function showDigits(probabilities: Float32Array): void {
  const guesses = Array.from(probabilities, (probability, digit) => ({
    label: String(digit),
    probability,
  }));
  showGuesses(byId("guesses"), guesses);
}

function offer(id: "sparse" | "onnx", bytes: Uint8Array<ArrayBuffer>): void {
  const link = byId<HTMLAnchorElement>(id);
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.textContent = `${link.download}, ${Math.round(bytes.length / 1000).toLocaleString("en")} kB`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
