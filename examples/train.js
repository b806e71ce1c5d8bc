/**
 * Trains a network on MNIST to a density, saves it, and asks it about one image.
 *
 *     node examples/train.js [EPOCHS]
 */
import { createPredictor, fit, l1, linBreg, loadMnist, mlp, saveModel } from "bregman";
import { topClasses } from "bregman/predict";

const [epochs = "10"] = process.argv.slice(2);
const data = loadMnist();
const model = mlp([784, 200, 80, 10]);

const result = await fit(model, data, {
  // Weights are born when v passes lambda, 0.1 here; biases are all there, so they need no J.
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.01 } },
  // Without it lambda decides the density; with it lambda moves until the density is this.
  targetDensity: 0.05,
  epochs: Number(epochs),
  onEvent(event) {
    if (event.type !== "epoch") return;
    const { epoch, trainLoss, density } = event.metrics;
    console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(3)}, density ${density.toFixed(3)}`);
  },
});
console.log(`test accuracy ${result.final.testAccuracy}`);
saveModel("digits.safetensors", { model, ...result }, {}, { sparse: true });

// The file knows how pixels become inputs: bytes go in as they are.
const net = await createPredictor("digits.safetensors");
const [first] = topClasses(await net.predict(data.test.inputs.subarray(0, 784)), 1);
console.log(`the first test image is a ${first.class} (it is a ${data.test.labels[0]})`);
await net.close();
