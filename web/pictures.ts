/** The pictures: samples of the test set or the visitor's own, and what the network says. */
import { showGuesses } from "./guesses.js";
import facts from "./pictures/network.json";
import samplesAddress from "./pictures/samples.png";
import type { FromPicturesWorker, Picture } from "./pictures-messages.js";

const SIDE = 32;
const SAMPLES = { columns: 10, rows: 3 };

const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;

/** Fills the part of the page that is about pictures, and makes it answer. */
export async function showPictures(): Promise<void> {
  const worker = new Worker(new URL("./pictures-worker.ts", import.meta.url), { type: "module" });
  const said = byId("picture-said");
  const seen = byId<HTMLCanvasElement>("picture-seen").getContext("2d", {
    willReadFrequently: true,
  })!;
  worker.addEventListener("message", ({ data }: MessageEvent<FromPicturesWorker>) => {
    if ("fault" in data) {
      said.textContent = `That went wrong: ${data.fault}`;
      return;
    }
    showGuesses(
      byId("picture-guesses"),
      data.guesses.map(({ label, probability }) => ({ label: label!, probability })),
    );
    byId("picture-guesses").parentElement!.hidden = false;
    said.textContent = `Answered in ${data.milliseconds.toFixed(1)} ms, by ${kilobytes(facts.bytes)}.`;
  });
  worker.addEventListener("error", ({ message }) => (said.textContent = message));
  byId("picture-network").textContent = description();

  /** Draws what the network sees, a square of 32 pixels, and asks for its classes. */
  const ask = (image: CanvasImageSource, x: number, y: number, side: number): void => {
    seen.imageSmoothingQuality = "high";
    seen.drawImage(image, x, y, side, side, 0, 0, SIDE, SIDE);
    worker.postMessage({ pixels: planes(seen.getImageData(0, 0, SIDE, SIDE)) } satisfies Picture);
  };

  const samples = new Image();
  samples.src = samplesAddress;
  await samples.decode();
  const choices = Array.from({ length: SAMPLES.rows * SAMPLES.columns }, (_, k) => {
    const [row, column] = [Math.floor(k / SAMPLES.columns), k % SAMPLES.columns];
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Sample picture ${k + 1}`);
    const [x, y] = [column / (SAMPLES.columns - 1), row / (SAMPLES.rows - 1)];
    button.style.backgroundImage = `url("${samplesAddress}")`;
    button.style.backgroundPosition = `${100 * x}% ${100 * y}%`;
    button.addEventListener("click", () => ask(samples, SIDE * column, SIDE * row, SIDE));
    return button;
  });
  byId("samples").replaceChildren(...choices);

  byId<HTMLInputElement>("picture").addEventListener("change", async ({ target }) => {
    const [file] = (target as HTMLInputElement).files!;
    if (!file) return;
    try {
      const image = await createImageBitmap(file);
      const side = Math.min(image.width, image.height);
      ask(image, (image.width - side) / 2, (image.height - side) / 2, side);
    } catch {
      said.textContent = `${file.name} is no picture that this browser can read.`;
    }
  });
}

function description(): string {
  const share = (part: number, digits: number) => `${(100 * part).toFixed(digits)} %`;
  return (
    `A ResNet-18 that was trained before, with ${share(facts.nonZeros / facts.weights, 1)} of its ` +
    `weights. It reads ${share(facts.testAccuracy, 1)} of CIFAR-10's 10,000 test images right, and ` +
    `has ${kilobytes(facts.bytes)} where the dense one has ` +
    `${(facts.denseBytes / 1e6).toFixed(1)} MB.`
  );
}

/** [3, SIDE, SIDE] of an image's pixels. */
function planes({ data }: ImageData): Uint8Array {
  const size = SIDE * SIDE;
  return Uint8Array.from(
    { length: 3 * size },
    (_, k) => data[4 * (k % size) + Math.floor(k / size)],
  );
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
