/**
 * One density for a whole net, spread over its layers.
 *
 *     uniform            d_l = d
 *     erdosRenyi         d_l = eps (in + out) / (in out)
 *     erdosRenyiKernel   d_l = eps (in + out + kh + kw) / (in out kh kw);  the same where there are no kernels
 *
 * eps is such that the net has the density d; a layer that would get more than 1 is dense, and eps
 * is found anew for the others. Small layers keep more of their weights that way. Source: Mocanu et
 * al., Nature Communications 9:2383 (2018); Evci et al., Rigging the Lottery, ICML 2020, section 3.
 */
import { InputError } from "./errors.js";
import { largest } from "./extremes.js";

/** How a density is spread over layers. */
export type Spread = "uniform" | "erdosRenyi" | "erdosRenyiKernel";
export const SPREADS = [
  "uniform",
  "erdosRenyi",
  "erdosRenyiKernel",
] as const satisfies readonly Spread[];

/**
 * Densities of layers whose weights together have a given one.
 *
 * @param shapes - of the weights, [out, in] or [out, in, kh, kw]
 * @param density - of all of them together, in (0, 1]
 * @throws InputError if the density is outside (0, 1] or there is no such spread
 * @example
 * layerDensities([[200, 784], [80, 200], [10, 80]], 0.08, "erdosRenyi"); // [0.065, 0.181, 1]
 */
export function layerDensities(
  shapes: readonly (readonly number[])[],
  density: number,
  spread: Spread = "uniform",
): number[] {
  if (!(density > 0 && density <= 1))
    throw new InputError(`layerDensities: density must be in (0, 1], found ${density}`);
  if (!SPREADS.includes(spread)) {
    throw new InputError(
      `layerDensities: spread must be one of ${SPREADS.join(", ")}, found ${String(spread)}`,
    );
  }
  if (spread === "uniform") return shapes.map(() => density);
  const layers = shapes.map((shape) => {
    const counted = spread === "erdosRenyi" ? shape.slice(0, 2) : shape;
    const size = product(shape);
    return { size, raw: sum(counted) / product(counted), dense: false };
  });
  const wanted = density * sum(layers.map(({ size }) => size));
  // Each round makes a layer dense or is the last one.
  for (;;) {
    const others = layers.filter(({ dense }) => !dense);
    const left = wanted - sum(layers.map(({ size, dense }) => (dense ? size : 0)));
    const eps = left / sum(others.map(({ size, raw }) => size * raw));
    const most = largest(
      others.map(({ raw }) => raw),
      0,
    );
    // Rounding may put the last one a little above 1.
    if (others.length === 0 || eps * most <= 1 + 1e-9) {
      return layers.map(({ raw, dense }) => (dense ? 1 : Math.min(1, eps * raw)));
    }
    for (const layer of others) if (layer.raw === most) layer.dense = true;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function product(values: readonly number[]): number {
  return values.reduce((total, value) => total * value, 1);
}
