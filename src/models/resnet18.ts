/**
 * ResNet-18 for small images (He et al., 2015, in the CIFAR form of the paper's section 4.5): a 3 x
 * 3 convolution, four stages of two residual blocks, global average pooling, a linear layer.
 * 11,164,352 weights for 3 x 32 x 32 images and 10 classes.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { batchNorm2d } from "../nn/layers/batch-norm2d.js";
import { conv2d } from "../nn/layers/conv2d.js";
import { add, flatten } from "../nn/layers/join.js";
import { linear } from "../nn/layers/linear.js";
import { globalAvgPool2d } from "../nn/layers/pool2d.js";
import { relu } from "../nn/layers/activation.js";
import { graph, type GraphBuilder, type Model, type Value } from "../nn/model.js";

export interface ResNet18Options {
  /** Shape of a sample, [channels, height, width]. Default [3, 32, 32]. */
  readonly input?: readonly [number, number, number] | undefined;
  /** Default 10. */
  readonly classes?: number | undefined;
  /** Channels of the four stages. Default [64, 128, 256, 512]. */
  readonly widths?: readonly number[] | undefined;
}

const OPTIONS: OptionKeys<ResNet18Options> = { input: 1, classes: 1, widths: 1 };

/**
 * ResNet-18 for CIFAR-sized images.
 *
 * @example
 * const model = resNet18({ classes: 100 });
 */
export function resNet18(options: ResNet18Options = {}): Model {
  const {
    input = [3, 32, 32],
    classes = 10,
    widths = [64, 128, 256, 512],
  } = knownOptions("resNet18", options, OPTIONS);
  return graph(input, (builder) => {
    const { apply } = builder;
    let x = apply(
      relu({ name: "stem.relu" }),
      normalised(builder, builder.input, "stem", widths[0], 3, 1),
    );
    widths.forEach((width, s) => {
      for (let b = 0; b < 2; b++) {
        x = block(builder, x, `stage${s + 1}.block${b + 1}`, width, b === 0 && s > 0 ? 2 : 1);
      }
    });
    const pooled = apply(flatten({ name: "flatten" }), apply(globalAvgPool2d({ name: "pool" }), x));
    return apply(linear(classes, { name: "head" }), pooled);
  });
}

/** Two 3 x 3 convolutions and a shortcut, which is a 1 x 1 convolution where the shape changes. */
function block(
  builder: GraphBuilder,
  x: Value,
  name: string,
  width: number,
  stride: number,
): Value {
  const { apply } = builder;
  // The shortcut comes first, so that the sum can be part of the last batch norm's pass (fuse.ts).
  const same = stride === 1 && x.shape[0] === width;
  const shortcut = same ? x : normalised(builder, x, `${name}.shortcut`, width, 1, stride);
  const first = normalised(builder, x, `${name}.1`, width, 3, stride);
  const second = normalised(
    builder,
    apply(relu({ name: `${name}.relu1` }), first),
    `${name}.2`,
    width,
    3,
    1,
  );
  return apply(
    relu({ name: `${name}.relu2` }),
    apply(add({ name: `${name}.add` }), second, shortcut),
  );
}

/** A convolution without bias and its batch norm. */
function normalised(
  { apply }: GraphBuilder,
  x: Value,
  name: string,
  width: number,
  kernel: number,
  stride: number,
): Value {
  const padding = (kernel - 1) / 2;
  const y = apply(conv2d(width, { kernel, stride, padding, bias: false, name: `${name}.conv` }), x);
  return apply(batchNorm2d({ name: `${name}.norm` }), y);
}
