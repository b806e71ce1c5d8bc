/** Files of arrays say in their header how long they are. */
import { UnusableFileError } from "../errors.js";

/** What a header says. */
export interface SaidSize {
  /** Bytes that the whole file has. */
  readonly size: number;
  /** What needs so many bytes, for error messages. */
  readonly what: string;
}

/** The error of a file that is not as long as its header says. */
export function wrongSize(
  found: number | "more",
  { size, what }: SaidSize,
  where: string,
): UnusableFileError {
  const fault = found !== "more" && found < size ? "truncated" : "extra bytes";
  return new UnusableFileError(
    `${where}: ${fault}: expected ${size} bytes for ${what}, found ${found}`,
  );
}
