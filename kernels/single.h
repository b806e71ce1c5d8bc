/* One sample, its positions in the lanes: how an image is found, and vectors of a row. Layout:
 * src/runtime/contract/single.ts.
 */
#ifndef BREGMAN_SINGLE_H
#define BREGMAN_SINGLE_H

#include "kernels.h"
#include "lanes.h"

/* Strides in floats; `data` is NULL for an image that is absent. */
struct image {
  float *data;
  size_t plane, row;
};

INLINE struct image image_at(char *memory, struct image_args a) {
  return (struct image){at_or_null(memory, a.at), (uint32_t)a.plane, (uint32_t)a.row};
}

/* All bits set in the first n lanes. */
INLINE ivec first_lanes(int n) {
  ivec lane;
  UNROLL for (int j = 0; j < VL; j++) lane[j] = j;
  return lane < n;
}

/* VL floats, `step` apart, of which the first n are wanted: the others are anything. */
INLINE vec load_apart(const float *p, size_t step, int n) {
  if (step == 1) return load(p);
  if (step == 2) {
    const vec a = load(p), b = load(p + VL);
#if VL == 16
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#elif VL == 8
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
    return __builtin_shufflevector(a, b, 0, 2, 4, 6);
#endif
  }
  vec x = splat(0);
  UNROLL for (int j = 0; j < VL; j++)
    if (j < n) x[j] = p[j * step];
  return x;
}

/* The first n lanes, zeros behind them. Rows are written one after the other, so that zeros that
 * reach into the next one are overwritten. */
INLINE void store_row(float *p, vec x, int n) { store(p, n < VL ? where(first_lanes(n), x) : x); }

#endif
