/** Random graphs of all kinds of layers. Seeded. */
import * as layers from "#bregman/nn/layers/index.js";
import type { Layer } from "#bregman/nn/layers/rules.js";
import { graph, type Model, type Value } from "#bregman/nn/model.js";
import { stream } from "#bregman/random.js";
import { activations } from "../reference/activation.js";

/** A graph of some eight to thirty layers on a small image; four outputs, or an image. */
export function randomModel(seed: number): Model {
  const random = stream(seed, "model");
  const draw = (most: number) => Math.floor(random.uniform() * most);
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)];
  const input = [1 + draw(3), 3 + draw(12), 3 + draw(12)];
  return graph(input, ({ input: start, apply }) => {
    const values: Value[] = [start];
    const unread = new Set<Value>();
    const grow = (layer: Layer, ...xs: Value[]): Value => {
      const value = apply(layer, ...xs);
      xs.forEach((x) => unread.delete(x));
      unread.add(value);
      values.push(value);
      return value;
    };
    const like = (x: Value) =>
      values.filter(({ shape }) => shape.slice(1).join() === x.shape.slice(1).join());
    const same = (x: Value) => values.filter(({ shape }) => shape.join() === x.shape.join());
    const steps = () => [1 + draw(3), 1 + draw(3)] as const;
    /** Half of the time none. */
    const sides = ([height, width]: readonly [number, number]) => {
      const isNone = draw(2) === 0;
      const axis = (side: number) =>
        isNone ? ([0, 0] as const) : ([draw(side), draw(side)] as const);
      return [axis(height), axis(width)] as const;
    };
    const isLarger = (
      window: readonly [number, number],
      padding: ReturnType<typeof sides>,
      ...image: [number, number]
    ) => window.some((side, k) => side > image[k] + padding[k][0] + padding[k][1]);
    /** Layers on an image, by kind; undefined where the image is too small. */
    const kinds: Record<string, (x: Value) => Value | undefined> = {
      conv2d(x) {
        const [, height, width] = x.shape;
        const kernel = [1 + draw(4), 1 + draw(4)] as const;
        const padding = sides(kernel);
        if (isLarger(kernel, padding, height, width)) return undefined;
        const options = { kernel, padding, stride: steps(), bias: draw(2) === 0 };
        return grow(layers.conv2d(1 + draw(6), options), x);
      },
      batchNorm2d: (x) => grow(layers.batchNorm2d({ eps: 1e-3 }), x),
      maxPool2d: (x) => pooled(layers.maxPool2d, x),
      avgPool2d: (x) =>
        draw(6) === 0 ? grow(layers.globalAvgPool2d(), x) : pooled(layers.avgPool2d, x),
      add: (x) => grow(layers.add(), x, pick(same(x)), ...(draw(2) ? [pick(same(x))] : [])),
      scaledSum: (x) => grow(layers.scaledSum(), x, pick(same(x)), pick(same(x))),
      concat: (x) => grow(layers.concat(), x, pick(like(x))),
      channels(x) {
        const from = draw(x.shape[0]);
        return grow(layers.channels(from, 1 + draw(x.shape[0] - from)), x);
      },
      /** x plus two convolutions of it, as in a ResNet. */
      residual(x) {
        const [count] = x.shape;
        const first = grow(layers.conv2d(count + 2, { kernel: 3, padding: 1 }), x);
        const wide = grow(pick(activations), first);
        const narrow = grow(layers.conv2d(count, { kernel: 1, bias: false }), wide);
        const sum = grow(layers.add(), grow(layers.batchNorm2d(), narrow), x);
        return grow(pick(activations), sum);
      },
      dropout: (x) => grow(layers.dropout(), x),
      ...Object.fromEntries(activations.map((layer) => [layer.kind, (x: Value) => grow(layer, x)])),
    };
    const pooled = (pool: typeof layers.maxPool2d | typeof layers.avgPool2d, x: Value) => {
      const [, height, width] = x.shape;
      const window = [1 + draw(3), 1 + draw(3)] as const;
      const padding = sides(window);
      if (isLarger(window, padding, height, width)) return undefined;
      return grow(pool(window, { stride: steps(), padding }), x);
    };
    // Some models in a row have all kinds.
    const names = Object.keys(kinds);
    kinds[names[seed % names.length]](start);
    for (let n = 6 + draw(9); n > 0; n--) {
      const recent = [...unread].at(-1);
      kinds[pick(names)](recent && draw(3) ? recent : pick(values));
    }
    if (unread.size === 0) grow(layers.relu(), start);
    if (unread.size === 1 && values.at(-1) === [...unread][0] && draw(2)) return values.at(-1)!;
    const ends = [...unread].map((x) =>
      grow(layers.linear(4, { bias: draw(2) === 0 }), grow(layers.flatten(), x)),
    );
    const sum = grow(layers.add(), ...ends);
    return draw(2) ? grow(pick(activations), sum) : sum;
  });
}

/** The kinds that some of these models have. */
export function kindsIn(models: readonly Model[]): ReadonlySet<string> {
  return new Set(models.flatMap(({ nodes }) => nodes.map(({ layer }) => layer.kind)));
}
