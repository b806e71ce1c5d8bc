/**
 * Written by scripts/layer-parts.mjs, which `npm run build` runs. All that there is of each kind
 * of layer, by name: of `relu` its function, and
 *
 *     reluEntry    what recipes may say of it, where a chain can have it
 *     reluTiled    how a batch is computed, forward and backward (tiled/rule.ts)
 *     reluOnnx     how it is written as operators of ONNX (onnx.ts)
 *     reluC        how it is written in C (c.ts)
 *     reluFromOnnx, of some kinds: operators that are one of them
 *
 * They are not members of the function, as its rule is, so that bundlers leave them out of pages
 * that only predict. A part that is missing does not compile.
 */
export * from "./activation.js";
export * from "./batch-norm2d.js";
export * from "./conv2d-c.js";
export * from "./conv2d.js";
export * from "./dropout.js";
export * from "./elu.js";
export * from "./join.js";
export * from "./linear.js";
export * from "./one-dimension.js";
export * from "./pool2d.js";
export * from "./scaled-sum.js";
export * from "./sigmoid.js";
export * from "./silu.js";
export * from "../tiled/activation.js";
export * from "../tiled/batch-norm2d.js";
export * from "../tiled/conv2d.js";
export * from "../tiled/dropout.js";
export * from "../tiled/join.js";
export * from "../tiled/linear.js";
export * from "../tiled/pool2d.js";
export * from "../tiled/scaled-sum.js";
