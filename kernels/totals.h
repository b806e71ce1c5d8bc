/* Sums over lanes, of four vectors at once. */
#ifndef BREGMAN_TOTALS_H
#define BREGMAN_TOTALS_H

#include "kernels.h"

/* Within each run of 4 lanes: a0 b0 a1 b1, a2 b2 a3 b3, and a0 a1 b0 b1, a2 a3 b2 b3. */
#if VL == 16
#define LANES(a, b, i, j, k, l)                                                              \
  __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4, i + 8, j + 8, k + 8, \
                          l + 8, i + 12, j + 12, k + 12, l + 12)
#elif VL == 8
#define LANES(a, b, i, j, k, l) \
  __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4)
#else
#define LANES(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#endif

/* The sums over the lanes of four vectors, in lanes 0 to 3. All four are added in the same order.
 * */
INLINE vec totals(const vec s[4]) {
  const vec m = LANES(s[0], s[1], 0, VL, 1, VL + 1) + LANES(s[0], s[1], 2, VL + 2, 3, VL + 3);
  const vec n = LANES(s[2], s[3], 0, VL, 1, VL + 1) + LANES(s[2], s[3], 2, VL + 2, 3, VL + 3);
  vec x = LANES(m, n, 0, 1, VL, VL + 1) + LANES(m, n, 2, 3, VL + 2, VL + 3);
#if VL == 16
  x += __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
#elif VL == 8
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
#endif
  return x;
}

#endif
