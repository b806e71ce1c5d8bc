/* What all convolution kernels share: taps, units of work, and the column of a sparse weight. Contract:
 * src/runtime/image-kernels.ts.
 */
#ifndef BREGMAN_CONV_H
#define BREGMAN_CONV_H

#include "kernels.h"

/* Output channels of one unit: unit = tile * ceil(rows / UNIT_ROWS) + block of output channels. */
#define UNIT_ROWS 8

/* One tap of a kernel: index of its weight within the kernel, and how many floats its x lies after that of tap 0. */
struct conv_tap {
  int32_t index, offset;
};

INLINE int blocks_of(int rows) { return (rows + UNIT_ROWS - 1) / UNIT_ROWS; }

/* Where the weight of an entry is in its row: the entry's offset, in positions of the padded plane, taken apart. */
struct kernel_shape {
  int32_t plane_size, row_size, height, width;
};

INLINE int column_of(int32_t offset, struct kernel_shape k) {
  const int q = (uint32_t)offset / (T * 4), c = q / k.plane_size, rest = q % k.plane_size;
  return (c * k.height + rest / k.row_size) * k.width + rest % k.row_size;
}

/* The same of an entry of a linear layer too, whose kernel has width 0. */
INLINE int entry_column(int32_t offset, struct kernel_shape k) {
  return k.width == 0 ? offset / (T * 4) : column_of(offset, k);
}

/* V8 allocates the registers of one function at a time, and badly if it is large: in wasm an inner loop is one. */
#ifdef __wasm__
#define BLOCK_FUNCTION static __attribute__((noinline)) void
#else
#define BLOCK_FUNCTION INLINE void
#endif

/* The sums of a dense weight gradient are vectors along the lanes, and become numbers once every GRAD_POSITIONS positions or so
 * (half of them if they are of several tiles), so that what is summed stays in cache while all weights use it. */
#define GRAD_POSITIONS 128

/* The positions of one pass: whole tiles, or some rows of one tile. */
struct grad_cut {
  int tiles, rows;
};

INLINE struct grad_cut grad_cut_of(int height, int width) {
  const int positions = height * width;
  if (positions < GRAD_POSITIONS / 2) return (struct grad_cut){GRAD_POSITIONS / 2 / positions, height};
  return (struct grad_cut){1, (GRAD_POSITIONS + width - 1) / width};
}

/* How they are walked. A row is `parts` times n vectors a step apart; strides in floats. */
struct grad_span {
  int tiles, rows, parts, n;
  size_t dy_tile, dy_row, dy_step, x_tile, x_row, x_step;
};

/* Vectors of neighbouring positions are neighbours, unless the convolution has a stride. */
INLINE struct grad_span grad_span_of(int width, int dy_tile, int dy_row, int x_tile, int x_row, int x_col) {
  if (x_col == T) return (struct grad_span){0, 0, 1, width * TV, dy_tile, dy_row, VL, x_tile, x_row, VL};
  return (struct grad_span){0, 0, TV, width, dy_tile, dy_row, T, x_tile, x_row, x_col};
}

#endif
