/** What a predictor can be made of: a network, the bytes of its file, or where that file is. */
import { InputError } from "../errors.js";
import { decodeModel } from "../export/model-format.js";
import { isArrayBuffer, isTypedArray, kindOf } from "../kinds.js";
import { checkNetwork, type Network } from "../nn/network.js";
import { readAddress } from "../runtime/read-address.js";

/** A network, the bytes of its file, or a path (in Node) or address of it. */
export type NetworkSource = Network | Uint8Array | ArrayBuffer | string | URL;

/**
 * The network of a source.
 *
 * @throws InputError if it is none of these, or not complete; for bytes and files what
 *   {@link decodeModel} throws, and {@link readAddress}
 */
export async function networkOf(source: NetworkSource): Promise<Network> {
  if (isTypedArray(source, "Uint8Array") || isArrayBuffer(source))
    return decodeModel(new Uint8Array(source));
  if (typeof source === "string" || typeof (source as Partial<URL>)?.href === "string") {
    const address = String(source);
    return decodeModel(await readAddress(address), { where: address });
  }
  if (typeof source !== "object" || source === null || !("model" in source)) {
    throw new InputError(
      "createPredictor: expected a network, the bytes of its file, or where that is, " +
        `found ${kindOf(source)}`,
    );
  }
  checkNetwork(source);
  return source;
}
