/**
 * Augmentation in training: it changes the images of each step, and nothing where there is nothing
 * to change.
 */
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";

/** Images of 6 x 6 whose left half is a mirror of the right one. */
function symmetricImages() {
  const random = stream(4, "images");
  const labels = Uint8Array.from({ length: 60 }, (_, k) => k % 3);
  const inputs = new Uint8Array(60 * 36);
  for (let row = 0; row < 60 * 6; row++) {
    for (let column = 0; column < 3; column++) {
      inputs[row * 6 + column] = inputs[row * 6 + 5 - column] = random.integer(256);
    }
  }
  return fromArrays({ shape: [1, 6, 6], train: { inputs, labels }, test: { inputs, labels } });
}

const data = symmetricImages();
const model = sequential([1, 6, 6], [conv2d(3, { kernel: 3 }), flatten(), linear(3)]);
const optimizer = { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) };
const weights = async (augment?: NonNullable<FitOptions["augment"]>) => {
  const options = { optimizer, epochs: 2, batchSize: 8, threads: 1, ...(augment && { augment }) };
  return (await fit(model, data, options)).parameters.get("linear1.weight")!.data;
};

test("images are moved, mirrored and cut while the net learns, and as they are otherwise", async () => {
  const plain = await weights();
  expect(await weights({})).toEqual(plain);
  // These images are their own mirror images.
  expect(await weights({ flip: true })).toEqual(plain);
  const moved = await weights({ crop: 1 });
  expect(moved).not.toEqual(plain);
  expect(await weights({ crop: 1 })).toEqual(moved);
  expect(await weights({ crop: 1, padding: "reflect" })).not.toEqual(moved);
  const cut = await weights({ cutout: 2 });
  expect(cut).not.toEqual(plain);
  expect(await weights({ cutout: 2 })).toEqual(cut);
});
