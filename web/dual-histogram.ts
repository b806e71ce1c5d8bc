/**
 * The dual variable as a histogram of |v| / lambda: below 1 a weight is zero and waits, beyond 1 it
 * is there, and the further the larger.
 */
import { BINS, WIDTH } from "./dual-counts.js";
import { onSchemeChange } from "./scheme.js";

export interface DualFigure {
  /** Without counts it says why there are none. */
  draw(counts: Uint32Array | undefined): void;
}

/** Keeps what it shows when the canvas gets another width, and the page other colours. */
export function createDualFigure(canvas: HTMLCanvasElement): DualFigure {
  let drawn: { readonly counts: Uint32Array | undefined } | undefined;
  const again = () => drawn && drawDual(canvas, drawn.counts);
  new ResizeObserver(again).observe(canvas);
  onSchemeChange(again);
  return {
    draw(counts) {
      drawn = { counts };
      drawDual(canvas, counts);
    },
  };
}

/** Heights are logarithms, since there are many more that wait. */
function drawDual(canvas: HTMLCanvasElement, counts: Uint32Array | undefined): void {
  const style = getComputedStyle(canvas);
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.font = `12px ${style.fontFamily}`;
  context.fillStyle = style.getPropertyValue("--muted");
  if (!counts) {
    context.fillText("SGD has no lambda: every weight is there.", 0, 20);
    return;
  }
  const floor = height - 18;
  const most = Math.log1p(Math.max(...counts));
  const step = width / BINS;
  counts.forEach((count, k) => {
    context.fillStyle = style.getPropertyValue((k + 0.5) * WIDTH < 1 ? "--waiting" : "--first");
    const tall = (floor * Math.log1p(count)) / most;
    context.fillRect(k * step, floor - tall, Math.max(1, step - 1), tall);
  });
  const born = width / (BINS * WIDTH);
  context.fillStyle = style.getPropertyValue("--ink");
  context.fillRect(born - 0.5, 0, 1, floor + 4);
  context.fillStyle = style.getPropertyValue("--muted");
  context.fillText("0", 0, height - 4);
  context.textAlign = "center";
  context.fillText("|v| = lambda", born, height - 4);
  context.textAlign = "right";
  context.fillText(`${BINS * WIDTH} lambda and more`, width, height - 4);
}
