/** The page: settings go to the worker, and what it tells is shown. */
import { createCurves } from "./curves.js";
import { COUNT, TEST } from "./digits-format.js";
import { createDigitPad } from "./digit-pad.js";
import { createDualFigure } from "./dual-histogram.js";
import { showGuesses } from "./guesses.js";
import type { Costs, EpochMessage, FromWorker, Looks, Settings, ToWorker } from "./messages.js";
import { showPictures } from "./pictures.js";
import { createSchemeSwitch } from "./scheme.js";
import { drawWeights } from "./weight-picture.js";

/** What the picture of the weights shows. */
const NOTES: Readonly<Record<Settings["network"], readonly [title: string, note: string]>> = {
  mlp: ["The first layer", "64 of its 200 units. Each pixel is a weight"],
  convNet: [
    "Both convolutions",
    "Above the 8 filters of the first, below the second, a filter a column, a kernel for each of " +
      "the first ones. Each pixel is a weight",
  ],
};

const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;
const write = (id: string, text: string): void => void (byId(id).textContent = text);
const form = byId<HTMLFormElement>("settings");
const [train, stop] = [byId<HTMLButtonElement>("train"), byId<HTMLButtonElement>("stop")];
const progress = byId<HTMLProgressElement>("progress");

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const tell = (message: ToWorker): void => worker.postMessage(message);
worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => show(data));
worker.addEventListener("error", ({ message }) => show({ type: "fault", text: message }));

createSchemeSwitch(byId<HTMLButtonElement>("scheme"));
tell({ type: "begin", base: document.baseURI });
void showPictures();

const curves = createCurves(byId("curves"), byId("legend"));
const dual = createDualFigure(byId<HTMLCanvasElement>("dual"));
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

/** Of the training that is seen, if there was one. */
let trained: Settings | undefined;
/** Its user wants it to end: what it does until then is not told. */
let isStopping = false;

form.addEventListener("input", showSettings);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  trained = settings();
  isStopping = false;
  setRunning(true);
  byId("downloads").hidden = true;
  byId("warning").hidden = true;
  curves.begin(trained.epochs);
  showNotes(trained);
  progress.value = 0;
  say("Fetching the digits …");
  tell({ type: "train", settings: trained });
});
stop.addEventListener("click", () => {
  isStopping = true;
  stop.disabled = true;
  say("Stopping …");
  tell({ type: "stop" });
});
say(`Ready. Training first fetches ${COUNT.toLocaleString("en")} digits, ${megabytes(1)}.`);
curves.begin(settings().epochs);
showSettings();

/** Sliders are decimal logarithms. */
function settings(): Settings {
  const data = new FormData(form);
  const number = (name: string) => Number(data.get(name));
  return {
    network: data.get("network") as Settings["network"],
    optimizer: data.get("optimizer") as Settings["optimizer"],
    lambda: 10 ** number("lambda"),
    density: 10 ** number("density"),
    epochs: number("epochs"),
    seed: number("seed"),
  };
}

function showSettings(): void {
  const chosen = settings();
  const { optimizer, lambda, density } = chosen;
  const output = (name: string) => form.elements.namedItem(name) as HTMLOutputElement;
  output("lambdaText").value = optimizer === "sgd" ? "–" : lambda.toPrecision(2);
  output("densityText").value = `${(100 * density).toPrecision(2)} %`;
  (form.elements.namedItem("lambda") as HTMLInputElement).disabled = optimizer === "sgd";
  if (trained || !form.checkValidity()) return;
  showNotes(chosen);
  tell({ type: "preview", settings: chosen });
}

function showNotes({ network }: Settings): void {
  const [title, note] = NOTES[network];
  write("weights-title", title);
  write("weights-note", `${note}: red above zero, blue below, blank where there is none.`);
}

function setRunning(isRunning: boolean): void {
  train.disabled = isRunning;
  stop.disabled = !isRunning;
  progress.hidden = !isRunning;
}

/** What it does, and how far it is. */
function say(status: string, step = ""): void {
  // The same words again would be read out again.
  if (byId("status").textContent !== status) write("status", status);
  write("step", step);
}

function show(message: FromWorker): void {
  switch (message.type) {
    case "looks":
      if (!trained) showLooks(message.looks);
      break;
    case "loading":
      progress.value = message.share;
      if (!isStopping)
        say("Fetching the digits …", `${megabytes(message.share)} of ${megabytes(1)}`);
      break;
    case "start":
      if (!isStopping)
        say(`Training on ${message.threads} ${message.threads === 1 ? "thread" : "threads"} …`);
      break;
    case "step":
      showStep(message);
      break;
    case "epoch":
      showEpoch(message);
      break;
    case "costs":
      showCosts(message.costs);
      break;
    case "warning":
      write("warning", `Note: ${message.text}`);
      byId("warning").hidden = false;
      break;
    case "digit":
      showDigits(message.probabilities);
      break;
    case "stopped":
      setRunning(false);
      say("Stopped before it began.");
      break;
    case "end":
      setRunning(false);
      say(
        `${message.stopped ? "Stopped" : "Done"}: it reads ${percent(message.testAccuracy)} of ` +
          `${TEST.toLocaleString("en")} test digits right.`,
      );
      offer("sparse", message.files.sparse);
      offer("onnx", message.files.onnx);
      byId("downloads").hidden = false;
      break;
    case "fault":
      setRunning(false);
      say(`That went wrong: ${message.text}`);
  }
}

function showStep({ epoch, share, stepsPerSecond }: FromWorker & { type: "step" }): void {
  progress.value = (epoch - 1 + share) / trained!.epochs;
  if (isStopping) return;
  const speed = Math.round(stepsPerSecond).toLocaleString("en");
  write("step", `epoch ${epoch}, ${Math.round(100 * share)} % · ${speed} steps a second`);
}

function showEpoch(message: EpochMessage): void {
  const { epoch, weights, nonZeros, accuracy, births, deaths, looks } = message;
  const number = (n: number) => n.toLocaleString("en");
  write("epoch", String(epoch));
  write("epoch-of", `of ${trained!.epochs}`);
  write("density", percent(nonZeros / weights));
  write("density-of", `${number(nonZeros)} of ${number(weights)}`);
  write("accuracy", percent(accuracy));
  write("births", `${number(births)} / ${number(deaths)}`);
  curves.add(epoch, nonZeros / weights, accuracy);
  showLooks(looks);
  if (drawing) tell({ type: "digit", pixels: drawing });
}

function showLooks({ weights, dual: counts }: Looks): void {
  drawWeights(byId<HTMLCanvasElement>("weights"), weights);
  dual.draw(counts);
}

function showCosts({ bytes, denseBytes, milliseconds }: Costs): void {
  write("size", kilobytes(bytes));
  write("size-of", `gzip; dense ${kilobytes(denseBytes)}`);
  const micro = 1000 * milliseconds;
  write("answer", micro < 999.5 ? `${short(micro)} µs` : `${short(milliseconds)} ms`);
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
  link.textContent = `${link.download}, ${kilobytes(bytes.length)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Of the file of the digits. */
function megabytes(share: number): string {
  return `${((share * DIGITS_BYTES) / 1e6).toFixed(1)} MB`;
}

function kilobytes(bytes: number): string {
  return `${short(bytes / 1000)} kB`;
}

/** Two digits at least. */
function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}
