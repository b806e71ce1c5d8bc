/** The networks to choose from, and which of their weights are shown. */
import {
  conv2d,
  flatten,
  linear,
  maxPool2d,
  mlp,
  relu,
  sequential,
  type Model,
} from "bregman/browser";
import type { Settings } from "./messages.js";
import type { Tiles } from "./weight-picture.js";

export interface NetworkChoice {
  readonly model: Model;
  /** @param theta - gives the weights of a name */
  picture(theta: (name: string) => Float32Array): Tiles[];
}

/** Units of the first layer that are shown, and the pixels that each looks at. */
const [UNITS, DIGIT] = [64, 28];
/** Filters of both convolutions, and the side of their kernels. */
const [FIRST, SECOND, KERNEL] = [8, 16, 5];

export const NETWORKS: Readonly<Record<Settings["network"], NetworkChoice>> = {
  mlp: {
    model: mlp([DIGIT * DIGIT, 200, 80, 10]),
    picture(theta) {
      const values = theta("linear1.weight").slice(0, UNITS * DIGIT * DIGIT);
      return [{ side: DIGIT, columns: 8, zoom: 1, values }];
    },
  },
  // The paper's ConvNet with fewer filters, so that a processor is done in some seconds.
  convNet: {
    model: sequential(
      [1, DIGIT, DIGIT],
      [
        conv2d(FIRST, { kernel: KERNEL }),
        maxPool2d(2),
        relu(),
        conv2d(SECOND, { kernel: KERNEL }),
        maxPool2d(2),
        relu(),
        flatten(),
        linear(64),
        relu(),
        linear(10),
      ],
    ),
    picture: (theta) => [
      { side: KERNEL, columns: FIRST, zoom: 2, values: theta("conv2d1.weight").slice() },
      { side: KERNEL, columns: SECOND, zoom: 1, values: byInput(theta("conv2d2.weight")) },
    ],
  },
};

/** Kernels [SECOND, FIRST] as [FIRST, SECOND]: a filter is then a column. */
function byInput(kernels: Float32Array): Float32Array {
  const taps = KERNEL * KERNEL;
  return Float32Array.from(kernels, (_, k) => {
    const [tile, tap] = [Math.floor(k / taps), k % taps];
    const [input, filter] = [Math.floor(tile / SECOND), tile % SECOND];
    return kernels[(filter * FIRST + input) * taps + tap];
  });
}
