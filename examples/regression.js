/**
 * Tells numbers, not classes: how a disease goes on, from nine measurements of a person. The table
 * is that of Efron, Hastie, Johnstone and Tibshirani (Annals of Statistics 32, 2004).
 *
 *     node examples/regression.js [TABLE.csv] [TARGET]
 */
import { adaBreg, fit, l1, loadData, mlp, predict } from "bregman";

const [train = "test/fixtures/data/tables/diabetes.csv", target = "progression"] =
  process.argv.slice(2);
// The table has no test part of its own: a fifth of the rows, the same ones each time.
const data = loadData({ kind: "csv", train, targets: [target], testShare: 0.2 });
const columns = data.shape.reduce((all, size) => all * size);
const model = mlp([columns, 24, 1]);

const network = await fit(model, data, {
  // AdaBreg steps by Adam's rule: columns of all sizes learn at one tau.
  optimizer: {
    weights: adaBreg({ tau: 0.01, regularizer: l1(0.05) }),
    biases: adaBreg({ tau: 0.01 }),
  },
  init: { weights: { density: 0.1 } },
  targetDensity: 0.3,
  batchSize: 32,
  epochs: 25,
});

// Errors are in the target's own units; R² is the share of its variance that is told.
const { testMae, testR2, density } = network.final;
console.log(`${target}: off by ${testMae.toFixed(1)} in the mean, R² ${testR2.toFixed(2)}`);
console.log(`with ${(100 * density).toFixed(0)} % of the weights`);
const [first] = await predict({ model, ...network }, data.test.inputs.slice(0, columns));
console.log(`the first person: ${first.toFixed(0)}, it was ${data.test.targets[0].toFixed(0)}`);
