/**
 * What a packed file holds. Some servers say that it is packed, and the browser unpacks it; others
 * send it as it is.
 */
export async function unpacked(content: Response): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await content.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
