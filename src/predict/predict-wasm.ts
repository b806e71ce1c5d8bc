/** predict.wasm: the kernels that compute single samples. Those of kernels.wasm will do as well. */
import type { OwnWasm } from "../runtime/wasm-source.js";

/** The file of this package. */
export const PREDICT_WASM: OwnWasm = {
  name: "predict.wasm",
  exports: ["__stack_pointer", "run", "linger", "predicts"],
  // Written in one expression, which is what bundlers look for.
  address: () => new URL("../../kernels/predict.wasm", import.meta.url),
};
