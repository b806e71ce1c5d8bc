/**
 * Sparse starts of other codes, which scale what they draw by the density asked for, whatever share
 * their mask keeps.
 */

/** Turns a start of `sparseInit`, Var = He / share, into one of Var = He / density, in place. */
export function scaleToDensity(theta: Float32Array, density: number): void {
  const share = theta.filter((w) => w !== 0).length / theta.length;
  theta.forEach((w, i) => (theta[i] = w * Math.sqrt(share / density)));
}
