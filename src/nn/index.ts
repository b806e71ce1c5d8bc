/**
 * Entry point `bregman/nn`: what a network is made of. Layers, models built of them or ready, the
 * sparse start of their weights, and the random numbers that it draws.
 */
export * from "./layers/index.js";
export type { BufferSpec, ParameterSpec } from "./layers/layer.js";
export type { Layer } from "./layers/rules.js";
export type { NodeEntry } from "./rebuild.js";
export type { ParameterRole } from "../runtime/parameter.js";
export {
  graph,
  sequential,
  type GraphBuilder,
  type Model,
  type ModelNode,
  type Value,
} from "./model.js";
export { modelFromJson, modelToJson, type ModelJson } from "./model-json.js";
export type { Network, TargetFacts, Values } from "./network.js";
export type { Normalization } from "../normalization.js";
export { mlp, type MlpOptions } from "../models/mlp.js";
export { convNet, type ConvNetOptions } from "../models/convnet.js";
export { resNet18, type ResNet18Options } from "../models/resnet18.js";
export { denseNet, type DenseNetOptions } from "../models/densenet.js";
export { skipAutoencoder, type SkipAutoencoderOptions } from "../models/skip-autoencoder.js";
export { sparseInit, type SparseInitOptions } from "../init/sparse-init.js";
export { biasInit, type BiasInitOptions } from "../init/bias-init.js";
export { layerDensities, type Spread } from "../layer-densities.js";
export { stream, restore, type Random, type RandomState } from "../random.js";
