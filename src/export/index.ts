/**
 * Entry point `bregman/export`: networks as files, and networks made smaller: simplified, pruned,
 * of low rank.
 */
export * from "./in-memory.js";
export { readSafetensors, writeSafetensors } from "./safetensors.js";
export { loadModel, saveModel } from "./model-file.js";
export { loadStateDict } from "./state-dict/state-dict-file.js";
export { loadOnnx, saveOnnx } from "./onnx/onnx-file.js";
export { saveC } from "./c/c-file.js";
