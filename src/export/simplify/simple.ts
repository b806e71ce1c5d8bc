/**
 * Networks in which `simplify` finds nothing more. They need not be looked through once more, which
 * takes a third of the time from a file to the first answer; whoever copies one and changes it has
 * another.
 */
import type { Network } from "../../nn/network.js";

const simple = new WeakSet<Network>();

export function isSimple(network: Network): boolean {
  return simple.has(network);
}

/** Remembers a network as one of them. */
export function asSimple(network: Network): Network {
  simple.add(network);
  return network;
}
