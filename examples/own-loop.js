/**
 * The optimizer alone, in a loop of one's own, without a network of ours: a linear model finds the
 * few columns that count (Cai, Osher and Shen call it linearized Bregman iteration).
 *
 *     node examples/own-loop.js [STEPS]
 */
import { linBreg } from "bregman/optim";
import { l1 } from "bregman/regularizers";

const [steps = "400"] = process.argv.slice(2);
const [rows, columns] = [60, 100];
// A generator of one's own, so that each run is the same.
let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
const A = Float32Array.from({ length: rows * columns }, random); // [rows, columns]
const truth = new Float32Array(columns);
truth[7] = 2;
truth[42] = -3;
const times = (x) =>
  Float32Array.from({ length: rows }, (_, r) =>
    x.reduce((sum, value, c) => sum + A[r * columns + c] * value, 0),
  );
const b = times(truth);

const optimizer = linBreg({ tau: 0.1, regularizer: l1(2) });
const theta = new Float32Array(columns);
const state = optimizer.init(theta, [columns]);
for (let step = 1; step <= Number(steps); step++) {
  // The gradient of |A theta - b|^2 / 2. Any other source of gradients will do.
  const error = times(theta).map((value, r) => value - b[r]);
  const gradient = theta.map((_, c) =>
    error.reduce((sum, value, r) => sum + A[r * columns + c] * value, 0),
  );
  const before = theta.slice();
  optimizer.step(state, theta, gradient, [columns]);
  // Columns come one after the other, the most telling ones first.
  theta.forEach((value, c) => {
    if (value !== 0 && before[c] === 0) console.log(`step ${step}: column ${c} is born`);
  });
}
const found = [...theta.keys()].filter((c) => Math.abs(theta[c]) > 0.05);
console.log(found.map((c) => `${c}: ${theta[c].toFixed(2)}`).join(", "));
