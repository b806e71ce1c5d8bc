/** What stands before the functions: what the file is, what it takes, its sizes. */
import { size } from "../../shape-size.js";
import type { Network } from "../../nn/network.js";
import { networkSize } from "../size.js";
import { BYTES, plainText } from "./text.js";
import type { ValueKind } from "./value-kind.js";

export interface Contents {
  readonly name: string;
  readonly network: Network;
  readonly kind: ValueKind;
  readonly metadata: Readonly<Record<string, string>>;
  readonly constantBytes: number;
  /** Numbers in static memory. */
  readonly floats: number;
  readonly needsMath: boolean;
}

const PRECISION = {
  float32: "float",
  int8: "int8_t with a scale a row, computed with as float",
} as const;

export function headText(contents: Contents): string {
  const { name, network, kind, metadata, constantBytes, floats, needsMath } = contents;
  const { input, output } = network.model;
  const { weights, nonZeros } = networkSize(network);
  const bytes = floats * BYTES.float;
  const upper = name.toUpperCase();
  const units = network.normalization
    ? "not normalised (a byte counts as value / 255)"
    : "as they are";
  const said = Object.entries(metadata).map(([key, text]) => ` * ${plainText(`${key}: ${text}`)}`);
  return `/*
 * A neural network in C99, written by bregman.
${said.map((line) => `${line}\n`).join("")} *
 *   void ${name}(const float *in, float *out);
 *
 *   in          ${size(input)} floats, [${input.join(", ")}] row-major, ${units}
 *   out         ${size(output)} floats, [${output.join(", ")}] row-major
 *   weights     ${weights}, of which ${nonZeros} are not zero; ${PRECISION[kind]}
 *   constants   ${constantBytes} bytes
 *   memory      ${bytes} bytes, static; nothing on the heap
 *
 * Not thread safe: it computes in static memory. in and out must not overlap.
 */
#include <stdint.h>
${needsMath ? "#include <math.h>\n" : ""}
#define ${upper}_IN ${size(input)}
#define ${upper}_OUT ${size(output)}
#define ${upper}_CONSTANT_BYTES ${constantBytes}
#define ${upper}_MEMORY_BYTES ${bytes}

#ifdef __cplusplus
#define ${upper}_RESTRICT
extern "C"
#else
#define ${upper}_RESTRICT restrict
#endif
void ${name}(const float *in, float *out);
${floats > 0 ? `static float ${name}_memory[${floats}];\n` : ""}`;
}
