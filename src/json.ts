/**
 * JSON of files, which may be anybody's: what can't be read is one line, and nothing is nested
 * deeper than code can walk.
 */
import { UnusableFileError } from "./errors.js";

/** Levels of arrays and objects within each other. What we write has some ten. */
const DEEPEST = 100;

/**
 * The value of JSON text.
 *
 * @throws UnusableFileError of one line that begins with `where`, if it is no JSON or nested too
 *   deeply
 */
export function parseJson(text: string, where: string): unknown {
  const deep = tooDeepAt(text);
  if (deep !== undefined) throw new UnusableFileError(`${where}: ${TOO_DEEP}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The engine's words quote the text, with its line ends and control characters.
    // eslint-disable-next-line no-control-regex
    const fault = (cause as Error).message.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ");
    throw new UnusableFileError(`${where}: not valid JSON: ${fault}`, { cause });
  }
}

/** What is wrong with text that {@link tooDeepAt} finds a place in. */
export const TOO_DEEP = `nested more than ${DEEPEST} levels deep`;

/** The offset of the bracket that opens one level too many; undefined if there is none. */
export function tooDeepAt(text: string): number | undefined {
  let depth = 0;
  for (let k = 0; k < text.length; k++) {
    switch (text[k]) {
      case '"':
        // To the end of the string: an escaped quote does not end it.
        for (k++; k < text.length && text[k] !== '"'; k++) if (text[k] === "\\") k++;
        break;
      case "[":
      case "{":
        if (++depth > DEEPEST) return k;
        break;
      case "]":
      case "}":
        depth--;
        break;
    }
  }
  return undefined;
}
