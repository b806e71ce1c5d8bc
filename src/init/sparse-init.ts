/**
 * Sparse initialisation: a dense draw times a random mask, with the variance raised by what the
 * mask takes away.
 *
 *     W = Wt * M,   Var[Wt] = varianceFactor * alpha / r,   so that the mean of Var[W] is varianceFactor * alpha
 *     alpha = 2 / fanIn (or fanOut) for ReLU (He), 2 / (fanIn + fanOut) for odd activations such as tanh (Glorot)
 *
 * r is the share of the weights that the mask M keeps. It is counted, since it is not always the
 * density asked for: a count is rounded up to whole rows or kernels, draws with replacement hit
 * some twice, and `atLeast` adds some. The mask sets zeros once and is then forgotten: from there
 * the optimizer decides. Source: Bungert et al., JMLR 23:192 (2022), section 4.1, where r is the
 * density and M ~ Bernoulli(r).
 *
 * At 1 % many rows of a layer with few inputs have no weight at all: 3 of 4 filters over 3 channels
 * of 3 x 3. Under batch norm and ReLU such a filter is constant, its gradient is zero for ever and
 * no weight of it can be born; and a narrow net may be left without a way from its inputs to its
 * outputs. So rows that the mask leaves without a weight are given one: a row of n has at least the
 * density 1 / n. `atLeast` asks for more, or for none.
 *
 * 1. The paper prints Glorot's variance with a product in place of the sum, taken for a misprint.
 * 2. The authors' code draws He-normal weights and multiplies by a factor f instead of 1 / sqrt(r):
 *    that is varianceFactor = r f^2 here, to the deviation of r from the density. Their MLP has r =
 *    0.01, f = 7, so varianceFactor 0.49.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Random } from "../random.js";
import { size } from "../shape-size.js";
import type { Floats, Shape } from "../regularizers/regularizer.js";

export interface SparseInitOptions {
  /** Source of random numbers, e.g. `stream(seed, "init")`. */
  readonly random: Random;
  /** Share of the weights that start non-zero, in (0, 1]; default 0.01. 1 is a dense start. */
  readonly density?: number | undefined;
  /**
   * What the mask keeps or drops: single entries, whole rows (units), or kernels of a convolution;
   * default "entry".
   */
  readonly mask?: "entry" | "row" | "kernel" | undefined;
  /**
   * How many are kept: every one for itself with probability density, or exactly ceil(density n) of
   * the n, or so many draws of which some may hit the same one (the authors' convolutions). What
   * `atLeast` adds comes on top. Default "bernoulli".
   */
  readonly count?: "bernoulli" | "exact" | "withReplacement" | undefined;
  /**
   * So many entries (or kernels, as the mask says) are kept in every row at least: rows with fewer
   * are given more of their own, each as likely as the other. A row that has fewer at all is kept
   * whole. 0 leaves the mask as it was drawn, as in the paper. Default 1; where the mask keeps
   * whole rows 0, but one row is kept in any case.
   */
  readonly atLeast?: number | undefined;
  /** alpha: "he" for ReLU, "glorot" for odd activations; default "he". */
  readonly rule?: "he" | "glorot" | undefined;
  /** The fan of He's rule; default "in". */
  readonly fan?: "in" | "out" | undefined;
  /** Law of a weight; default "normal". */
  readonly distribution?: "normal" | "uniform" | undefined;
  /** Multiplies the variance, > 0; default 1. The density here undoes the correction by 1 / r. */
  readonly varianceFactor?: number | undefined;
}

const OPTIONS: OptionKeys<SparseInitOptions> = {
  random: 1,
  density: 1,
  mask: 1,
  count: 1,
  atLeast: 1,
  rule: 1,
  fan: 1,
  distribution: 1,
  varianceFactor: 1,
};

/**
 * Fills theta with a sparse start. Zeros are exact.
 *
 * @param theta - weights, row-major
 * @param shape - [out, in, ...]; the fans are in * rest and out * rest
 * @throws InputError if density is outside (0, 1], varianceFactor is not above 0, atLeast is not an
 *   integer of at least 0 (and 0 where the mask keeps whole rows), or a choice is not one of those
 *   named
 * @throws InputError if the shape has fewer than two dimensions or does not fit theta
 * @example
 * const theta = new Float32Array(200 * 784);
 * sparseInit(theta, [200, 784], { density: 0.01, random: stream(1, "init") });
 * // about 1568 weights are not zero
 */
export function sparseInit(theta: Floats, shape: Shape, options: SparseInitOptions): void {
  const {
    random,
    density = 0.01,
    mask = "entry",
    count = "bernoulli",
    atLeast: wanted,
    rule = "he",
    fan = "in",
    distribution = "normal",
    varianceFactor = 1,
  } = knownOptions("sparseInit", options, OPTIONS);
  if (!(density > 0 && density <= 1))
    throw new InputError(`sparseInit: density must be in (0, 1], found ${density}`);
  if (!(varianceFactor > 0 && varianceFactor < Infinity)) {
    throw new InputError(
      `sparseInit: varianceFactor must be a finite number above 0, found ${varianceFactor}`,
    );
  }
  checkChoice("mask", mask, ["entry", "row", "kernel"]);
  checkChoice("count", count, ["bernoulli", "exact", "withReplacement"]);
  const atLeast = wanted ?? (mask === "row" ? 0 : 1);
  if (!(Number.isSafeInteger(atLeast) && atLeast >= 0)) {
    throw new InputError(`sparseInit: atLeast must be an integer of at least 0, found ${atLeast}`);
  }
  if (atLeast > 0 && mask === "row") {
    throw new InputError(
      `sparseInit: atLeast must be 0 where the mask keeps whole rows, found ${atLeast}`,
    );
  }
  checkChoice("rule", rule, ["he", "glorot"]);
  checkChoice("fan", fan, ["in", "out"]);
  checkChoice("distribution", distribution, ["normal", "uniform"]);
  if (shape.length < 2 || size(shape) !== theta.length) {
    throw new InputError(
      `sparseInit: a weight needs a shape [out, in, ...] of its ${theta.length} elements, found [${shape.join(", ")}]`,
    );
  }
  const [rows] = shape;
  const fanIn = size(shape.slice(1));
  const fanOut = rows * size(shape.slice(2));
  const alpha = rule === "glorot" ? 2 / (fanIn + fanOut) : 2 / (fan === "in" ? fanIn : fanOut);
  const block = { entry: 1, row: fanIn, kernel: size(shape.slice(2)) }[mask];
  const kept = keep(theta.length / block, density, count, random);
  if (atLeast > 0) topUp(kept, rows, atLeast, random);
  if (mask === "row" && wanted === undefined && !kept.includes(1)) kept[random.integer(rows)] = 1;
  const share = kept.reduce((sum, one) => sum + one, 0) / kept.length;
  const deviation = Math.sqrt((varianceFactor * alpha) / share);
  // U(-a, a) has variance a^2 / 3.
  const draw =
    distribution === "normal"
      ? (): number => deviation * random.normal()
      : (): number => deviation * Math.sqrt(3) * (2 * random.uniform() - 1);

  theta.fill(0);
  for (let j = 0; j < kept.length; j++) {
    if (kept[j]) for (let i = j * block; i < (j + 1) * block; i++) theta[i] = draw();
  }
}

/** 1 for each of n things that is kept. */
function keep(
  n: number,
  density: number,
  count: "bernoulli" | "exact" | "withReplacement",
  random: Random,
): Uint8Array {
  if (count === "bernoulli")
    return Uint8Array.from({ length: n }, () => Number(random.bernoulli(density)));
  // The product is rounded before the ceiling: 0.07 * 100 is 7.000000000000001.
  const draws = Math.ceil(Number((density * n).toPrecision(12)));
  const kept = new Uint8Array(n);
  if (count === "withReplacement") {
    for (let k = 0; k < draws; k++) kept[random.integer(n)] = 1;
    return kept;
  }
  const order = Uint32Array.from({ length: n }, (_, j) => j);
  random.shuffle(order);
  for (const j of order.subarray(0, draws)) kept[j] = 1;
  return kept;
}

/** Keeps more in the rows that have fewer than n. */
function topUp(kept: Uint8Array, rows: number, n: number, random: Random): void {
  const width = kept.length / rows;
  for (let r = 0; r < rows; r++) {
    const row = kept.subarray(r * width, (r + 1) * width);
    const missing = n - row.reduce((sum, one) => sum + one, 0);
    if (missing <= 0) continue;
    const free = Array.from(row.keys()).filter((j) => !row[j]);
    random.shuffle(free);
    for (const j of free.slice(0, missing)) row[j] = 1;
  }
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new InputError(
      `sparseInit: ${name} must be one of ${choices.join(", ")}, found ${String(value)}`,
    );
  }
}
