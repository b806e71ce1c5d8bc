/**
 * Errors with the place where they happened in front of their message; their kind and stack stay.
 */
import { isError } from "./kinds.js";

/** The same error, "<place>: " in front. What is no Error comes back as it is. */
export function placed(error: unknown, place: string): unknown {
  if (isError(error)) error.message = `${place}: ${error.message}`;
  return error;
}

/** What `work` returns; what it throws has the place in front. */
export function at<Result>(place: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw placed(error, place);
  }
}
