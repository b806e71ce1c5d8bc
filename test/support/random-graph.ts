/** Graphs of every kind of layer, drawn from a seed. */
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, type GraphBuilder, type Model, type Value } from "#bregman/nn/model.js";
import { activations } from "../reference/activation.js";
import { seeded } from "./random.js";

type Apply = GraphBuilder["apply"];

/**
 * Some ten layers over an image, each of what is there; all that nobody reads is joined at the
 * end, flat or as an image.
 */
export function randomGraph(seed: number): Model {
  const random = seeded(seed);
  const upTo = (most: number, least = 1) => least + Math.floor(random.next() * (most - least + 1));
  const side = () => upTo(14, 3);
  return graph([upTo(3), side(), side()], ({ input, apply }) => {
    const values: Value[] = [input];
    const unread = new Set<Value>();
    const anyOf = <V>(all: readonly V[]) => all[upTo(all.length, 1) - 1];
    const use = (value: Value) => {
      unread.delete(value);
      return value;
    };
    const give = (value: Value) => {
      values.push(value);
      unread.add(value);
      return value;
    };
    for (let k = upTo(12, 4); k > 0; k--) {
      const x = random.next() < 0.6 ? values.at(-1)! : anyOf(values);
      give(oneMore(apply, use(x), values, { random, upTo, anyOf, use }));
    }
    const ends = [...unread].map((value) => apply(flatten(), value));
    if (ends.length === 1 && random.next() < 0.3) return ends[0];
    const sums = ends.map((end) => apply(linear(5), end));
    const sum = sums.length > 1 ? apply(add(), sums) : sums[0];
    return random.next() < 0.5 ? sum : apply(anyOf(activations), sum);
  });
}

interface Draws {
  readonly random: { next(): number };
  upTo(most: number, least?: number): number;
  anyOf<V>(all: readonly V[]): V;
  use(value: Value): Value;
}

/** A layer of any kind on x, and on others of its shape, or of its height and width. */
function oneMore(apply: Apply, x: Value, values: readonly Value[], draws: Draws): Value {
  const { upTo, anyOf, use } = draws;
  const [count, height, width] = x.shape;
  const least = Math.min(height, width);
  const isSmall = least < 3;
  const alike = () => use(anyOf(values.filter(({ shape }) => shape.join() === x.shape.join())));
  switch (upTo(isSmall ? 9 : 14)) {
    case 1:
      return apply(batchNorm2d(), x);
    case 2:
      return apply(anyOf(activations), x);
    case 3:
      return apply(add(), x, alike());
    case 4:
      return apply(scaledSum(), x, alike(), alike());
    case 5:
      return apply(dropout(), x);
    case 6: {
      const others = values.filter(({ shape: [, h, w] }) => h === height && w === width);
      return apply(concat(), x, use(anyOf(others)));
    }
    case 7: {
      const from = upTo(count) - 1;
      return apply(channels(from, upTo(count - from)), x);
    }
    case 8:
      return residual(apply, x, anyOf(activations));
    case 9:
      return upTo(4) === 1 ? apply(globalAvgPool2d(), x) : apply(conv2d(upTo(9), { kernel: 1 }), x);
    case 10:
      return apply(maxPool2d(upTo(3), { stride: upTo(3) }), x);
    case 11:
      return apply(avgPool2d(upTo(3), { stride: upTo(3) }), x);
    default: {
      const kernel = [upTo(3), upTo(3)] as const;
      const padding = upTo(Math.min(...kernel), 1) - 1;
      const layer = conv2d(upTo(9), {
        kernel,
        padding,
        stride: upTo(3),
        bias: upTo(2) === 1,
      });
      return apply(layer, x);
    }
  }
}

/** x plus two convolutions of it, through a function. */
function residual(apply: Apply, x: Value, activation: (typeof activations)[number]): Value {
  const [count] = x.shape;
  const one = apply(activation, apply(conv2d(count + 2, { kernel: 3, padding: 1 }), x));
  const two = apply(batchNorm2d(), apply(conv2d(count, { kernel: 1, bias: false }), one));
  return apply(activation, apply(add(), two, x));
}
