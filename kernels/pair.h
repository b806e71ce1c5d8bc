/* One entry of a pattern of kernel groups. */
#ifndef BREGMAN_PAIR_H
#define BREGMAN_PAIR_H

#include "kernels.h"

struct pair {
  uint32_t plane;   /* where the inner channel's plane lies, in bytes from x */
  uint32_t weights; /* where the pair's weights lie in memory */
};

/* The first column of its kernel, in a row whose weights begin at row_weights. */
INLINE int pair_column(struct pair pair, uint32_t row_weights) {
  return (int)((pair.weights - row_weights) / 4);
}

#endif
