/** How numbers of weights are kept in C: as they are, or as int8_t with a scale a row. */
export const VALUE_KINDS = ["float32", "int8"] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];
