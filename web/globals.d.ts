/** Bytes of digits.gz, see vite-digits.ts. */
declare const DIGITS_BYTES: number;
