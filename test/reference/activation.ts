/**
 * The truth for elementwise functions, in float64, and the table of them that tests run over: a
 * newcomer adds a row.
 */
import * as layers from "#bregman/nn/layers/index.js";
import type { Layer } from "#bregman/nn/layers/rules.js";

/** Slope of the leaky ReLU in tests: no default, and exact in float32. */
export const SLOPE = 0.125;

interface Row {
  /** A layer, with options that are no defaults. */
  readonly layer: Layer;
  f(x: number, slope: number): number;
  /** f'(x), from y = f(x). */
  derivative(y: number, slope: number): number;
}

const ROWS = {
  relu: { layer: layers.relu(), f: (x) => Math.max(x, 0), derivative: (y) => (y > 0 ? 1 : 0) },
  leakyRelu: {
    layer: layers.leakyRelu({ slope: SLOPE }),
    f: (x, slope) => (x <= 0 ? slope * x : x),
    derivative: (y, slope) => (y > 0 ? 1 : slope),
  },
  elu: {
    layer: layers.elu(),
    f: (x) => (x > 0 ? x : Math.expm1(x)),
    derivative: (y) => (y > 0 ? 1 : y + 1),
  },
  sigmoid: {
    layer: layers.sigmoid(),
    f: (x) => 1 / (1 + Math.exp(-x)),
    derivative: (y) => y * (1 - y),
  },
  tanh: { layer: layers.tanh(), f: Math.tanh, derivative: (y) => 1 - y * y },
} satisfies Readonly<Record<string, Row>>;

/** Those whose derivative is not told from y = f(x): it follows from x. */
const OF_INPUT: Readonly<
  Record<string, { layer: Layer; f(x: number): number; derivative(x: number): number }>
> = {
  silu: {
    layer: layers.silu(),
    f: (x) => x / (1 + Math.exp(-x)),
    derivative(x) {
      const s = 1 / (1 + Math.exp(-x));
      return s * (1 + x * (1 - s));
    },
  },
};

export type ActivationKind = keyof typeof ROWS;

export const ACTIVATIONS: Readonly<Record<ActivationKind, Row>> = ROWS;

export const activationKinds = Object.keys(ROWS) as ActivationKind[];

/** One layer of each. */
export const activations: readonly Layer[] = [
  ...Object.values(ACTIVATIONS),
  ...Object.values(OF_INPUT),
].map(({ layer }) => layer);

/** Value of the kernels' `kind`. */
export const codeOf = (kind: ActivationKind): number => layers[kind].rule.code;

/** What a layer that is one of them does to a number x, and its derivative there, or undefined. */
export function activationOf(
  layer: Layer,
): { f(x: number): number; derivative(x: number, y: number): number } | undefined {
  if (layer.kind in OF_INPUT) return OF_INPUT[layer.kind];
  const row: Row | undefined = (ACTIVATIONS as Readonly<Record<string, Row>>)[layer.kind];
  const slope = "slope" in layer ? layer.slope : 0;
  return row && { f: (x) => row.f(x, slope), derivative: (_x, y) => row.derivative(y, slope) };
}
