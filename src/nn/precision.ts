/** What the planes between convolutions may be kept in. */
export const PRECISIONS = ["float32", "bf16"] as const;
export type Precision = (typeof PRECISIONS)[number];
