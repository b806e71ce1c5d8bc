/** Models in recipes. A new kind of model or layer is a member of one of the unions here, and a case in `build.ts`. */
import { z } from "zod";
import { found } from "./union-fault.js";

const positive = z.number().positive();
const count = z.int().positive();

const image = z.tuple([count, count, count]).describe("Shape of a sample: [channels, height, width]");
const finalRelu = z.boolean().default(false).describe("true: ReLU on the outputs too, as in the paper's code");

/** One layer of a chain. */
export const layer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear"), out: count, bias: z.boolean().default(true) }),
  z.strictObject({
    kind: z.literal("conv2d"),
    out: count.describe("Output channels"),
    kernel: z
      .union([count, z.tuple([count, count])], found("a side, or [height, width]"))
      .describe("Side of the kernel, or [height, width]"),
    stride: count.default(1),
    padding: z.int().nonnegative().default(0),
    bias: z.boolean().default(true),
  }),
  z.strictObject({
    kind: z.literal("batchNorm2d"),
    momentum: positive.max(1).default(0.1),
    eps: positive.default(1e-5),
  }),
  z.strictObject({ kind: z.literal("relu") }),
  z.strictObject({ kind: z.literal("leakyRelu"), slope: positive.default(0.01) }),
  z.strictObject({ kind: z.literal("tanh") }),
  z.strictObject({ kind: z.literal("maxPool2d"), size: count, stride: count.optional() }),
  z.strictObject({ kind: z.literal("avgPool2d"), size: count, stride: count.optional() }),
  z.strictObject({ kind: z.literal("globalAvgPool2d") }),
  z.strictObject({ kind: z.literal("flatten") }),
  z.strictObject({ kind: z.literal("dropout"), p: z.number().min(0).lt(1).default(0.5) }),
]);

/** A network, by name or layer by layer. */
export const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("mlp"),
    features: z.array(count).min(2).describe("Width of each layer, from the inputs to the classes"),
    finalRelu,
  }),
  z.strictObject({ kind: z.literal("convNet"), input: image.default([1, 28, 28]), classes: count.default(10) }),
  z.strictObject({
    kind: z.literal("resNet18"),
    input: image.default([3, 32, 32]),
    classes: count.default(10),
    widths: z.array(count).min(1).default([64, 128, 256, 512]).describe("Channels of the stages"),
  }),
  z.strictObject({
    kind: z.literal("denseNet"),
    input: image.default([1, 28, 28]),
    classes: count.default(10),
    growth: count.default(12),
    blocks: count.default(5),
    finalRelu,
  }),
  z.strictObject({
    kind: z.literal("skipAutoencoder"),
    features: count.default(784),
    layers: count.default(6),
    skips: z.boolean().default(true).describe("Skip connections from every earlier state, with learnable scalars"),
  }),
  z.strictObject({
    kind: z.literal("layers"),
    input: z.array(count).describe("Shape of a sample: [features] or [channels, height, width]"),
    layers: z.array(layer).min(1).describe("A chain of layers"),
  }),
]);
