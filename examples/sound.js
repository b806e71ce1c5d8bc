/**
 * Hears which digit is spoken, from the samples of the sound as they are, with a small network of
 * one-dimensional convolutions.
 *
 *     npm run bregman -- data spoken-digits     once: 16 MB
 *     node examples/sound.js [EPOCHS] [FOLDER]
 *
 * FOLDER: WAV files of one's own, a folder of them for each class.
 */
import { adaBreg, fit, l1, loadData, saveModel, sequential } from "bregman";
import { batchNorm2d, conv1d, flatten, linear, maxPool1d, relu } from "bregman/nn";

const [epochs = "20", folder] = process.argv.slice(2);
// Half a second at 4 kHz holds most digits; longer sounds are cut, shorter ones end in silence.
const [rate, length] = [4000, 2000];
const data = loadData(
  folder === undefined
    ? { kind: "named", name: "spoken-digits", rate, length }
    : { kind: "soundFolder", train: folder, rate, length, testShare: 0.2 },
);

const block = (out, options) => [conv1d(out, options), batchNorm2d(), relu(), maxPool1d(4)];
const model = sequential(
  [1, 1, length],
  [
    // The first filters are long: they become the network's own spectrum.
    ...block(32, { kernel: 40, stride: 4 }),
    ...block(64, { kernel: 3, padding: 1 }),
    ...block(64, { kernel: 3, padding: 1 }),
    flatten(),
    linear(data.classes),
  ],
);

const weights = adaBreg({ tau: 0.003, regularizer: l1(0.05) });
const plain = adaBreg({ tau: 0.003 });
const result = await fit(model, data, {
  optimizer: { weights, convs: weights, norms: plain, biases: plain },
  init: { weights: { density: 0.05 }, convs: { density: 0.2 } },
  batchSize: 32,
  epochs: Number(epochs),
});
console.log(`test accuracy ${result.final.testAccuracy} with ${result.final.density.toFixed(3)}`);
saveModel("sound.safetensors", { model, ...result }, {}, { sparse: true });
