/* Transposes a square of VL vectors in registers, in log2(VL) rounds: each interleaves the lanes of
 * vectors i and i + VL/2 into vectors 2i and 2i + 1 (a perfect shuffle: one round moves one bit of
 * the row number into the lane number).
 */
#ifndef BREGMAN_TRANSPOSE_H
#define BREGMAN_TRANSPOSE_H

#include "kernels.h"

/* a0 b0 a1 b1 ... of the lower and of the upper halves of a and b. */
#if VL == 16
#define LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VL == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/* square[i][j] <-> square[j][i]. */
INLINE void transpose_square(vec square[VL]) {
  UNROLL for (int round = 1; round < VL; round *= 2) {
    vec next[VL];
    UNROLL for (int i = 0; i < VL / 2; i++) {
      next[2 * i] = LOW(square[i], square[i + VL / 2]);
      next[2 * i + 1] = HIGH(square[i], square[i + VL / 2]);
    }
    UNROLL for (int i = 0; i < VL; i++) square[i] = next[i];
  }
}

#endif
