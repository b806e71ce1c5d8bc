/**
 * Makes a dense network sparse: it is trained densely first, then Bregman iterations go on from its
 * weights until a twentieth of them is left. Any network in a file can take the first one's place:
 * loadModel("net.safetensors").
 *
 *     node examples/sparsify.js [EPOCHS]
 */
import { adaBreg, fit, l1, loadMnist, mlp, saveModel, simplify } from "bregman";
import { adam } from "bregman/optim";

const [epochs = "5"] = process.argv.slice(2);
const data = loadMnist();
const model = mlp([784, 100, 10]);
const shared = { limit: 20_000, epochs: Number(epochs) };

const dense = await fit(model, data, {
  ...shared,
  optimizer: { weights: adam({ tau: 0.001 }), biases: adam({ tau: 0.001 }) },
  init: { weights: { density: 1 } },
});
console.log(`dense: ${dense.final.testAccuracy}`);

const sparse = await fit(model, data, {
  ...shared,
  // The start is a network, not chance; lambda then grows until the density is what was asked.
  start: { model, ...dense },
  optimizer: {
    weights: adaBreg({ tau: 0.003, regularizer: l1(0.1) }),
    biases: adaBreg({ tau: 0.003 }),
  },
  targetDensity: 0.05,
});
console.log(`sparse: ${sparse.final.testAccuracy} at ${sparse.final.density.toFixed(3)}`);

// Units that nothing reads or feeds go, too: the output stays the same.
const small = simplify({ model, ...sparse });
saveModel("small.safetensors", small, {}, { sparse: true });
const shapes = [...small.parameters.values()].filter(({ shape }) => shape.length === 2);
console.log(`layers: ${shapes.map(({ shape }) => shape.join(" x ")).join(", ")}`);
