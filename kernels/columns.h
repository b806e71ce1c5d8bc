/* Which columns of a batch's inputs differ between samples: see columns.c. */
#ifndef BREGMAN_COLUMNS_H
#define BREGMAN_COLUMNS_H

#include "lanes.h"

struct columns {
  int32_t *packed; /* columns after packing: those that differ, and one that doesn't; 0: they are
                      not packed */
  int32_t *list;   /* [cols + 1]: their numbers, ascending, the one that doesn't differ last */
  int32_t *masks;  /* [(cols + 15) / 16]: a bit for each that differs */
};

INLINE struct columns columns_at(char *memory, int32_t place, int cols) {
  int32_t *words = at(memory, place);
  return (struct columns){words, words + 1, words + 1 + cols + 1};
}

/* One row of packed columns spread out in place. */
INLINE void spread_row(float *row, const struct columns *columns, int cols) {
  const int n = *columns->packed - 1;
  const float resting = row[n];
#if VL == 16
  for (int c = (cols - 1) / 16 * 16, k = n; c >= 0; c -= 16) {
    const __mmask16 mask = (__mmask16)columns->masks[c / 16];
    const __mmask16 valid = cols - c < 16 ? (__mmask16)((1 << (cols - c)) - 1) : (__mmask16)-1;
    k -= __builtin_popcount(mask);
    _mm512_mask_storeu_ps(row + c, valid,
                          _mm512_mask_expandloadu_ps(_mm512_set1_ps(resting), mask, row + k));
  }
#else
  for (int c = cols - 1, k = n - 1; c >= 0; c--) {
    const int differs = columns->masks[c / 16] >> c % 16 & 1;
    const float packed = row[k < 0 ? 0 : k];
    row[c] = differs ? packed : resting;
    k -= differs;
  }
#endif
}
#endif
