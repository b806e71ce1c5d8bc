/** Typed arrays one after the other. */
type Joinable = Uint8Array | Uint16Array | Float32Array | Float64Array;

/** Typed arrays one after the other, in one. */
export function joined<A extends Joinable>(
  parts: readonly Joinable[],
  Kind: new (length: number) => A,
): A {
  const all = new Kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
