/** The kinds of layers: a new one is a file beside this one, and its line here. */
export { linear, type LinearLayer, type LinearOptions } from "./linear.js";
export { conv2d, type Conv2dLayer, type Conv2dOptions } from "./conv2d.js";
export {
  avgPool1d,
  conv1d,
  maxPool1d,
  type Conv1dOptions,
  type EndsOption,
  type Pool1dOptions,
} from "./one-dimension.js";
export type { Pair, PairOption, Sides, SidesOption } from "./sides.js";
export { batchNorm2d, type BatchNorm2dLayer, type BatchNorm2dOptions } from "./batch-norm2d.js";
export {
  leakyRelu,
  relu,
  tanh,
  type ActivationOptions,
  type LeakyReluLayer,
  type ReluLayer,
  type TanhLayer,
} from "./activation.js";
export { elu, type EluLayer } from "./elu.js";
export { sigmoid, type SigmoidLayer } from "./sigmoid.js";
export { silu, type SiluLayer } from "./silu.js";
export {
  avgPool2d,
  globalAvgPool2d,
  maxPool2d,
  type AvgPool2dLayer,
  type MaxPool2dLayer,
  type Pool2dOptions,
} from "./pool2d.js";
export {
  add,
  channels,
  concat,
  flatten,
  type AddLayer,
  type ChannelsLayer,
  type ConcatLayer,
  type FlattenLayer,
  type JoinOptions,
} from "./join.js";
export { scaledSum, type ScaledSumLayer } from "./scaled-sum.js";
export { dropout, type DropoutLayer } from "./dropout.js";
