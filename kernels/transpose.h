/* Square transposes in registers: log2(n) rounds on n vectors, each of which interleaves the lanes of vectors i and
 * i + n/2 into vectors 2i and 2i + 1 (a perfect shuffle: one round moves one bit of the row number into the lane number).
 */
#ifndef BREGMAN_TRANSPOSE_H
#define BREGMAN_TRANSPOSE_H

#include "kernels.h"

/* a0 b0 a1 b1 ... of the lower and of the upper halves of a and b. */
#define LOW16(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH16(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#if VL == 16
#define LOW LOW16
#define HIGH HIGH16
#elif VL == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

#define TRANSPOSE(vector, n, low, high)                     \
  UNROLL for (int round = 1; round < n; round *= 2) {       \
    vector next[n];                                         \
    UNROLL for (int i = 0; i < n / 2; i++) {                \
      next[2 * i] = low(square[i], square[i + n / 2]);      \
      next[2 * i + 1] = high(square[i], square[i + n / 2]); \
    }                                                       \
    UNROLL for (int i = 0; i < n; i++) square[i] = next[i]; \
  }

/* square[i][j] <-> square[j][i]. */
INLINE void transpose_square(vec square[VL]) { TRANSPOSE(vec, VL, LOW, HIGH) }

typedef uint8_t bytes __attribute__((vector_size(16), aligned(1), may_alias));

INLINE void transpose_bytes(bytes square[16]) { TRANSPOSE(bytes, 16, LOW16, HIGH16) }

#endif
