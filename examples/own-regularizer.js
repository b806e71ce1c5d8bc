/**
 * A regularizer of one's own: the l1 norm with two strengths, so that weights that inhibit (below
 * zero) cost more than those that excite. It is a plain object; docs/adding-a-regularizer.md has
 * what else one may say, and how to test a prox.
 *
 *     node examples/own-regularizer.js [EPOCHS]
 */
import { fit, linBreg, loadMnist, mlp } from "bregman";

const [epochs = "3"] = process.argv.slice(2);

/** J(x) = up * sum max(x_i, 0) + down * sum max(-x_i, 0) */
function twoSidedL1({ up, down }) {
  return {
    kind: "twoSidedL1",
    lambda: Math.max(up, down),
    value: (x) => x.reduce((sum, w) => sum + (w > 0 ? up * w : -down * w), 0),
    // The z that makes |z - x|^2 / 2 + step * J(z) least: towards zero, by two thresholds.
    prox(x, step, shape, out) {
      for (let i = 0; i < x.length; i++) {
        const w = x[i];
        if (w > step * up) out[i] = w - step * up;
        else if (w < -step * down) out[i] = w + step * down;
        else out[i] = Number.isNaN(w) ? w : 0;
      }
    },
    // Training starts with v = theta / delta + a subgradient at theta.
    subgradient(x, shape, out) {
      for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? up : x[i] < 0 ? -down : 0;
    },
  };
}

const { final, parameters } = await fit(mlp([784, 40, 10]), loadMnist(), {
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: twoSidedL1({ up: 0.02, down: 0.1 }) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.02 } },
  limit: 6000,
  epochs: Number(epochs),
});
const weights = parameters.get("linear1.weight").data;
const [up, down] = [weights.filter((w) => w > 0).length, weights.filter((w) => w < 0).length];
console.log(`test accuracy ${final.testAccuracy}: ${up} weights excite, ${down} inhibit`);
