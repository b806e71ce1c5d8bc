/** kernels.wasm: all kernels, for training and all else. */
import type { OwnWasm } from "./wasm-source.js";

/** The file of this package. */
export const KERNELS_WASM: OwnWasm = {
  name: "kernels.wasm",
  exports: ["__stack_pointer", "run", "linger", "trains"],
  // Written in one expression, which is what bundlers look for.
  address: () => new URL("../../kernels/kernels.wasm", import.meta.url),
};
