/* One entry of a pattern of kernel groups. */
#ifndef BREGMAN_PAIR_H
#define BREGMAN_PAIR_H

#include <stdint.h>

struct pair {
  int32_t plane;   /* where the inner channel's plane lies, in bytes from x */
  int32_t weights; /* where the pair's weights lie in memory */
};

#endif
