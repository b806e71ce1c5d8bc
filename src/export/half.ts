/**
 * Numbers of 16 bits: IEEE 754 binary16, a sign, five bits of exponent and ten of fraction; and
 * bfloat16, a sign, eight bits of exponent and seven of fraction, which is read only.
 *
 * Rounded to the nearest, ties to even, subnormals included. Numbers from 2^-14 to 65504 keep 11
 * bits: an error of at most 1 part in 2048.
 */

const bits = new DataView(new ArrayBuffer(4));

/** The sixteen bits of a number; beyond 65504 infinity. */
export function toHalf(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // 65520 is halfway between the largest number and what would come next.
  if (size >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 a step is 2^-24, and the fraction is what is counted.
  if (size < 0x38800000) return sign | roundEven(Math.abs(value) * 2 ** 24);
  // Adding half a step, less where the last bit that stays is even; a carry moves the exponent.
  return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

/** The number of sixteen bits. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The number of the sixteen bits of a bfloat16: the upper half of a float32. */
export function fromBfloat(half: number): number {
  bits.setUint32(0, half << 16);
  return bits.getFloat32(0);
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
