/** A side's pool, and how it says that this machine has none. */
import { createPool } from "../../dist/runtime/pool.js";

/**
 * Opens the pool; without a native build the process ends with code 3, which makes the bench leave
 * this side out.
 */
export async function openPool(
  /** @type {{ backend: "native" | "wasm", threads: number }} */ { backend, threads },
) {
  try {
    return await createPool({ backend, threads });
  } catch (error) {
    console.error(error.message);
    process.exit(backend === "native" ? 3 : 1);
  }
}
