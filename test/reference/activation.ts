/**
 * The truth for elementwise functions, in float64.
 */
export const KINDS = { relu: 0, leakyRelu: 1, tanh: 2 } as const;
export type ActivationKind = keyof typeof KINDS;

export function activation(kind: ActivationKind, x: number, slope: number): number {
  if (kind === "relu") return Math.max(x, 0);
  if (kind === "leakyRelu") return x <= 0 ? slope * x : x;
  return Math.tanh(x);
}

/** f'(x) dy, from y = f(x). */
export function activationGrad(kind: ActivationKind, y: number, dy: number, slope: number): number {
  if (kind === "relu") return y > 0 ? dy : 0;
  if (kind === "leakyRelu") return y > 0 ? dy : slope * dy;
  return (1 - y * y) * dy;
}
