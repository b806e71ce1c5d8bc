/**
 * The file of the digits, digits.gz: every fifth image of MNIST, to the bit, packed by gzip.
 * Unpacked it is
 *
 *     the labels   [TRAIN + TEST], a byte each
 *     the images   [TRAIN + TEST, 28 x 28], a byte a pixel
 *
 * and in both the training samples come first. vite-digits.ts writes it, mnist.ts reads it.
 */
export const DIGITS_FILE = "digits.gz";

/** One in so many, not the first ones: digits of a writer stand together, and all are there. */
export const ONE_IN = 5;
export const TRAIN = 60_000 / ONE_IN;
export const TEST = 10_000 / ONE_IN;
export const COUNT = TRAIN + TEST;
/** Of one image. */
export const PIXELS = 28 * 28;
/** Bytes of the file, unpacked. */
export const UNPACKED_BYTES = COUNT * (1 + PIXELS);
