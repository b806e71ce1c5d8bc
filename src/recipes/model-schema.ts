/**
 * Models in recipes. A new kind of model is a member of the union here, and a case in `build.ts`;
 * layers say themselves what they may be (entry.ts).
 */
import * as z from "../bundled/zod.js";
import { layerEntries } from "../nn/layers/part-of.js";
import { schemaOf } from "./entry-schema.js";

const count = z.int().positive();

const image = z
  .tuple([count, count, count])
  .describe("Shape of a sample: [channels, height, width]");
const finalRelu = z
  .boolean()
  .default(false)
  .describe("true: ReLU on the outputs too, as in the paper's code");

/** One layer of a chain. */
export const layer = schemaOf(layerEntries);

/** A network, by name or layer by layer. */
export const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("mlp"),
    features: z.array(count).min(2).describe("Width of each layer, from the inputs to the classes"),
    finalRelu,
  }),
  z.strictObject({
    kind: z.literal("convNet"),
    input: image.default([1, 28, 28]),
    classes: count.default(10).describe("Outputs"),
  }),
  z.strictObject({
    kind: z.literal("resNet18"),
    input: image.default([3, 32, 32]),
    classes: count.default(10).describe("Outputs"),
    widths: z.array(count).min(1).default([64, 128, 256, 512]).describe("Channels of the stages"),
  }),
  z.strictObject({
    kind: z.literal("denseNet"),
    input: image.default([1, 28, 28]),
    classes: count.default(10).describe("Outputs"),
    growth: count.default(12).describe("Channels that each block adds"),
    blocks: count.default(5).describe("Blocks; each reads what all before it have made"),
    finalRelu,
  }),
  z.strictObject({
    kind: z.literal("skipAutoencoder"),
    features: count.default(784).describe("Numbers of a sample, and units of each layer"),
    layers: count.default(6).describe("Weight matrices, one behind the other"),
    skips: z
      .boolean()
      .default(true)
      .describe("Skip connections from every earlier state, with learnable scalars"),
  }),
  z.strictObject({
    kind: z.literal("layers"),
    input: z
      .array(count)
      .describe("Shape of a sample: [features], [channels, length] or [channels, height, width]"),
    layers: z.array(layer).min(1).describe("A chain of layers"),
  }),
  z.strictObject({
    kind: z.literal("onnx"),
    file: z
      .string()
      .min(1)
      .describe("ONNX file: the model is its graph; the run starts from its numbers"),
  }),
  z.strictObject({
    kind: z.literal("graph"),
    input: z
      .array(count)
      .describe("Shape of a sample: [features], [channels, length] or [channels, height, width]"),
    nodes: z
      .array(
        z.strictObject({
          name: z.string().describe("Of the node; its parameters have it too"),
          inputs: z.array(z.int().min(-1)).describe("Nodes before it that it reads; -1: the input"),
          layer: z
            .looseObject({
              kind: z.string().describe("A kind of layer; beside it the keys that its file has"),
            })
            .describe("What it computes"),
        }),
      )
      .min(1)
      .describe("Any graph, as the file of a network has it"),
  }),
]);
