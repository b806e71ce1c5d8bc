/**
 * A convolution in C: weight after weight, each multiplies its part of a plane and adds it to the
 * plane of its output channel.
 *
 *     y[o][r][s] += w * x[c][r down + p - top][s across + q - left]
 *
 * for all r and s for which that is inside; c, p and q follow from the weight's place in its row.
 */
import type { Conv2dLayer } from "./conv2d.js";
import { strideIn } from "./sides.js";
import { loop, type LayerCode, type LayerWriter } from "./c.js";

export function conv2dC(
  { kernel: [kh, kw], stride, padding, bias }: Conv2dLayer,
  { inputs: [[, height, width]], output, weight, values, floats }: LayerWriter,
): LayerCode {
  const [out, rows, columns] = output;
  const [down, across] = strideIn({ stride, padding }, { height, width });
  const [[top], [left]] = padding;
  const { before, row, scale } = weight("weight");
  const positions = rows * columns;
  const start = bias ? `${floats("bias", values("bias").data)}[o]` : "0.0f";
  const [vertical, horizontal] = [
    { from: "top", to: "bottom", tap: "p", size: height, count: rows, by: down },
    { from: "left", to: "right", tap: "q", size: width, count: columns, by: across },
  ].map((axis, k) => ({ ...axis, ...insideOf(axis, padding[k]) }));
  const times = (variable: string, by: number, tap: string, front: number) =>
    `${by === 1 ? variable : `${variable} * ${by}`} + ${tap}${front ? ` - ${front}` : ""}`;
  const each = (value: string, place: string) => [
    `const float w = ${scale ? `${scale} * ` : ""}${value};`,
    `const int32_t c = ${place} / ${kh * kw};`,
    `const int32_t p = ${place} / ${kw} % ${kh};`,
    `const int32_t q = ${place} % ${kw};`,
    ...vertical.lines,
    ...horizontal.lines,
    `for (int32_t r = ${vertical.first}; r < ${vertical.end}; r++) {`,
    `  const float *from = x + (c * ${height} + ${times("r", down, "p", top)}) * ${width};`,
    `  for (int32_t s = ${horizontal.first}; s < ${horizontal.end}; s++) {`,
    `    plane[r * ${columns} + s] += w * from[${times("s", across, "q", left)}];`,
    "  }",
    "}",
  ];
  const lines = loop("o", out, [
    `float *plane = y + o * ${positions};`,
    ...loop("i", positions, [`plane[i] = ${start};`]),
    ...row(each),
  ]);
  return { lines: [...before, ...lines] };
}

interface Axis {
  readonly from: string;
  readonly to: string;
  readonly tap: string;
  readonly size: number;
  readonly count: number;
  readonly by: number;
}

/** The positions from which a tap reads the image, not the border around it. */
function insideOf(
  { from, to, tap, size, count, by }: Axis,
  [front, rear]: readonly [number, number],
) {
  if (front === 0 && rear === 0) return { lines: [], first: "0", end: String(count) };
  const lines = [
    `const int32_t ${from} = ${tap} < ${front} ? (${front + by - 1} - ${tap}) / ${by} : 0;`,
    `int32_t ${to} = (${size - 1 + front + by} - ${tap}) / ${by};`,
    `if (${to} > ${count}) ${to} = ${count};`,
  ];
  return { lines, first: from, end: to };
}
