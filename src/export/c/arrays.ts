/** The constant arrays of a file, while it is written. */
import { InputError } from "../../errors.js";
import { arrayText, BYTES, type ElementType } from "./text.js";

/** Adds an array to the file; its name. */
export type AddArray = (name: string, type: ElementType, data: ArrayLike<number>) => string;

export interface Arrays {
  /** Adds arrays whose names begin so. */
  adder(prefix: string): AddArray;
  /** The text of what was added since the last time. */
  take(): string;
  /** Of all that were added. */
  bytes(): number;
}

/** An engine's texts have at most some 5e8 characters. */
const MOST_CHARACTERS = 4e8;

/** No arrays yet. */
export function createArrays(): Arrays {
  let [bytes, characters] = [0, 0];
  let texts: string[] = [];
  return {
    adder: (prefix) => (name, type, data) => {
      const full = `${prefix}_${name}`;
      const text = arrayText(type, full, data);
      bytes += data.length * BYTES[type];
      characters += text.length;
      if (characters > MOST_CHARACTERS) {
        throw new InputError(
          `could not write the network as C: its text would have more than ${MOST_CHARACTERS} characters`,
        );
      }
      texts.push(text);
      return full;
    },
    take() {
      const all = texts.join("");
      texts = [];
      return all;
    },
    bytes: () => bytes,
  };
}
