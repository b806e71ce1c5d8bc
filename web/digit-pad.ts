/** A pad to draw a digit on, and the drawing as an image of the kind that MNIST has. */

/** Pixels of an image's side. */
const SIDE = 28;
/** MNIST's digits fill a box of so many pixels, and their centre of mass is the image's. */
const BOX = 20;

export interface DigitPad {
  clear(): void;
}

/** @param onChange - called with the drawing, [28, 28] from 0 to 1, after each stroke of a pen */
export function createDigitPad(
  canvas: HTMLCanvasElement,
  onChange: (pixels: Float32Array) => void,
): DigitPad {
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.lineWidth = canvas.width / 12;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = "#fff";
  const place = ({ offsetX, offsetY }: PointerEvent): [number, number] => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
  ];
  let drawing = false;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    context.beginPath();
    context.moveTo(...place(event));
    context.lineTo(...place(event));
    context.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    context.lineTo(...place(event));
    context.stroke();
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(end, () => {
      if (!drawing) return;
      drawing = false;
      const pixels = digitOf(canvas);
      if (pixels) onChange(pixels);
    });
  }
  return {
    clear() {
      context.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
}

/**
 * The drawing cut out, made 20 pixels large and centred by its mass; undefined if there is none.
 */
function digitOf(canvas: HTMLCanvasElement): Float32Array | undefined {
  const { width, height } = canvas;
  const alpha = opacity(canvas.getContext("2d")!.getImageData(0, 0, width, height));
  const drawn = [...alpha.keys()].filter((k) => alpha[k] > 0);
  if (drawn.length === 0) return undefined;
  const [xs, ys] = [drawn.map((k) => k % width), drawn.map((k) => Math.floor(k / width))];
  const range = (list: number[]) =>
    list.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [1e9, -1]);
  const [[left, right], [top, bottom]] = [range(xs), range(ys)];
  const scale = BOX / Math.max(right - left + 1, bottom - top + 1);
  const mean = (list: number[]) => list.reduce((sum, x, i) => sum + x * alpha[drawn[i]], 0) / mass;
  const mass = drawn.reduce((sum, k) => sum + alpha[k], 0);

  const small = new OffscreenCanvas(SIDE, SIDE).getContext("2d")!;
  small.imageSmoothingQuality = "high";
  small.translate(SIDE / 2 - scale * (mean(xs) + 0.5), SIDE / 2 - scale * (mean(ys) + 0.5));
  small.scale(scale, scale);
  small.drawImage(canvas, 0, 0);
  return opacity(small.getImageData(0, 0, SIDE, SIDE));
}

function opacity({ data }: ImageData): Float32Array {
  return Float32Array.from({ length: data.length / 4 }, (_, k) => data[4 * k + 3] / 255);
}
