/* What all convolution kernels share: taps, units of work, and the column of a sparse weight.
 * Contract: src/runtime/contract/.
 */
#ifndef BREGMAN_CONV_H
#define BREGMAN_CONV_H

#include "kernels.h"

/* Output channels of one unit: unit = tile * ceil(rows / UNIT_ROWS) + block of output channels. */
#define UNIT_ROWS 8

/* One tap of a kernel: index of its weight within the kernel, and how many elements its x lies
 * after that of tap 0. */
struct conv_tap {
  int32_t index, offset;
};

INLINE int blocks_of(int rows) { return (rows + UNIT_ROWS - 1) / UNIT_ROWS; }

/* Where the weight of an entry is in its row: the offset, in positions of the padded plane, taken
 * apart. */
INLINE int column_of(uint32_t offset, struct kernel_shape k) {
  const int q = offset / (T * 4), c = q / k.plane_size, rest = q % k.plane_size;
  return (c * k.height + rest / k.row_size) * k.width + rest % k.row_size;
}

/* The same of an entry of a linear layer too, whose kernel has width 0. */
INLINE int entry_column(uint32_t offset, struct kernel_shape k) {
  return k.width == 0 ? (int)(offset / (T * 4)) : column_of(offset, k);
}

/* V8 allocates the registers of one function at a time, and badly if it is large: in wasm an inner
 * loop is one. */
#ifdef __wasm__
#define BLOCK_FUNCTION static __attribute__((noinline)) void
#else
#define BLOCK_FUNCTION INLINE void
#endif

/* Bytes of x that are worked on at a time: they stay in the second-level cache while all output
 * channels use them. */
#define CONV_CACHE (256 * 1024)

#endif
