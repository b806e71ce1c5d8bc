/** The part of `bregman/export` that needs no files: a browser has it, too. */
export {
  decodeSafetensors,
  encodeSafetensors,
  type Half,
  type Tensor,
  type TensorData,
  type TensorFile,
} from "./safetensors-format.js";
export {
  decodeModel,
  encodeModel,
  type DecodeModelOptions,
  type EncodeModelOptions,
  type LoadModelOptions,
} from "./model-format.js";
export {
  decodeStateDict,
  type DecodeStateDictOptions,
  type Placed,
  type StateDict,
  type StateDictOptions,
} from "./state-dict/state-dict.js";
export { decodeOnnx, type DecodeOnnxOptions } from "./onnx/decode-onnx.js";
export { encodeOnnx, type OnnxOptions } from "./onnx/onnx.js";
export { encodeC, type COptions } from "./c/encode-c.js";
export { latentPod, type LatentPodOptions } from "./latent-pod.js";
export { prune, type PruneOptions } from "./prune.js";
export { networkSize, type NetworkSize } from "./size.js";
export { simplify } from "./simplify/simplify.js";
