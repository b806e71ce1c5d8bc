/** What a stream can show. */

/**
 * Whether lines on it can be written over: a bar needs that. `TERM=dumb`, as in an editor's shell,
 * says that they can't.
 */
export function canRedraw(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env.TERM !== "dumb";
}
