/** The digits, from beside the page. */
import { fromArrays, UnusableFileError, type Dataset } from "bregman/browser";
import { COUNT, DIGITS_FILE, PIXELS, TRAIN, UNPACKED_BYTES } from "./digits-format.js";
import { unpacked } from "./unpacked.js";

/** Mean and deviation of the training pixels, white being 1. */
export const NORMALIZATION = { mean: [0.1307], std: [0.3081] };

export interface LoadDigitsOptions {
  /** Address beside which the file is. */
  readonly base: string;
  readonly signal: AbortSignal;
  /** Called with the share of the file that has come. */
  readonly onProgress: (share: number) => void;
}

/** @throws UnusableFileError that names the file, if it is not there or not whole */
export async function loadDigits(options: LoadDigitsOptions): Promise<Dataset> {
  const { base, signal, onProgress } = options;
  const response = await fetch(new URL(DIGITS_FILE, base), { signal });
  const { ok, status, statusText, headers, body } = response;
  if (!ok || !body)
    throw new UnusableFileError(`${DIGITS_FILE} is not there: ${status} ${statusText}`);
  const total = headers.has("Content-Encoding") ? UNPACKED_BYTES : DIGITS_BYTES;
  let come = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      come += chunk.length;
      onProgress(Math.min(1, come / total));
      controller.enqueue(chunk);
    },
  });
  const bytes = await unpacked(new Response(body.pipeThrough(counted)));
  if (bytes.length !== UNPACKED_BYTES)
    throw new UnusableFileError(
      `${DIGITS_FILE}: expected ${UNPACKED_BYTES} bytes, found ${bytes.length}`,
    );
  const [labels, images] = [bytes.subarray(0, COUNT), bytes.subarray(COUNT)];
  const part = (from: number, to: number) => ({
    labels: labels.subarray(from, to),
    inputs: images.subarray(PIXELS * from, PIXELS * to),
  });
  const [train, test] = [part(0, TRAIN), part(TRAIN, COUNT)];
  return fromArrays({ shape: [1, 28, 28], ...NORMALIZATION, train, test });
}
