/**
 * Colour and weight of terminal text. Plain where the stream is no terminal, or NO_COLOR is set.
 */
import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Puts text into a format, as far as the stream shows any. */
export type Paint = (format: Format, text: string) => string;

/** A painter for text that goes to `stream`. */
export function painter(stream: NodeJS.WritableStream): Paint {
  return (format, text) => styleText(format, text, { stream });
}
