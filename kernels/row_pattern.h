/* Writing one row of a pattern over its old content, and noticing whether the set of its columns
 * changes. */
#ifndef BREGMAN_ROW_PATTERN_H
#define BREGMAN_ROW_PATTERN_H

#include "kernels.h"
#include "lanes.h"
#include "transpose.h"

/* Weights that are turned into entries together: the processor mispredicts about once a block that
 * has any. */
#if VL == 4
#define BLOCK 16
#else
#define BLOCK 32
#endif

#if VL == 16
#define LANE_NUMBERS (ivec){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#elif VL == 8
#define LANE_NUMBERS (ivec){0, 1, 2, 3, 4, 5, 6, 7}
#else
#define LANE_NUMBERS (ivec){0, 1, 2, 3}
#endif

struct row_pattern {
  int32_t count; /* non-zeros so far */
  uint32_t moved; /* not 0 if the k-th of them is in another column than before, for some k */
};

/* Appends a non-zero in column c, see below. */
INLINE void add_entry_to_pattern(struct row_pattern *pattern, struct entry *entries,
                                 const uint32_t *columns, int c, float x) {
  const uint32_t offset = columns ? columns[c] : (uint32_t)c * (T * 4);
  struct entry *e = entries + pattern->count++;
  pattern->moved |= e->offset ^ offset;
  *e = (struct entry){offset, x};
}

/* Appends the non-zeros (NaN is one) of x[0 .. n), n <= BLOCK, whose first column is c. Columns
 * ascend, so entry k overwrites the old entry k after it has been compared: with the count, that
 * tells whether the pattern is the old one. columns: the offset of each column, in ascending order;
 * NULL: column * T * 4. `entries` may be NULL: then they are only counted. */
INLINE void add_to_pattern(struct row_pattern *pattern, struct entry *entries,
                           const uint32_t *columns, int c, const float *x, int n) {
  uint32_t set = 0;
  UNROLL for (int i = 0; i < BLOCK; i += VL)
    if (i < n) set |= bits(load_part(x + i, n - i) != 0) << i;
  if (!entries) {
    pattern->count += __builtin_popcount(set);
    return;
  }
  if (set ==
      (uint32_t)(((uint64_t)1 << BLOCK) - 1)) { /* all of them: rows are dense in the group lasso */
    UNROLL for (int i = 0; i < BLOCK; i += VL) {
      const vec offset = columns ? load((const float *)columns + c + i)
                                 : (vec)((uvec)(LANE_NUMBERS + (c + i)) * (T * 4));
      const vec value = load(x + i);
      const vec low = LOW(offset, value), high = HIGH(offset, value);
      float *out = (float *)(entries + pattern->count + i);
      const ivec differ = ((ivec)load(out) != (ivec)low) | ((ivec)load(out + VL) != (ivec)high);
      pattern->moved |= bits(differ) & 0x5555; /* offsets are in the even lanes */
      store(out, low);
      store(out + VL, high);
    }
    pattern->count += BLOCK;
    return;
  }
  for (; set; set &= set - 1) {
    const int j = __builtin_ctz(set);
    add_entry_to_pattern(pattern, entries, columns, c + j, x[j]);
  }
}

#endif
