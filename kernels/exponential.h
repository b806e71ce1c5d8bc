/* exp and the logistic function for vectors. */
#ifndef BREGMAN_EXPONENTIAL_H
#define BREGMAN_EXPONENTIAL_H

#include "kernels.h"
#include "lanes.h"

/* exp(x) for x <= 0, to about 1 ulp; 0 below -87.3; NaN stays NaN. exp(x) = 2^n exp(r) with n =
 * round(x / ln 2) and r = x - n ln 2 in [-0.35, 0.35], where exp(r) is its Taylor polynomial of
 * degree 7 (error below 6e-9).
 */
INLINE vec exp_negative(vec x) {
  const vec magic =
      splat(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer, left in the low bits */
  const vec shifted = x * splat(1.44269504f) + magic;
  const vec n = shifted - magic;
  /* ln 2 in two parts, the first of few bits, so that n times it is exact. */
  const vec r = (x - n * splat(0.693359375f)) - n * splat(-2.12194440e-4f);
  vec p = splat(1.0f / 5040);
  p = p * r + splat(1.0f / 720);
  p = p * r + splat(1.0f / 120);
  p = p * r + splat(1.0f / 24);
  p = p * r + splat(1.0f / 6);
  p = p * r + splat(0.5f);
  p = p * r * r + r + splat(1.0f);
  /* Out of range, or for NaN, n and so the power is nonsense. */
  const vec power = (vec)(((uvec)shifted - (uvec)magic + 127) << 23);
  return choose(x < splat(-87.3f), splat(0), choose(x != x, x, p * power));
}

/* 1 / (1 + exp(-x)), to about 2 ulp: of t = exp(-|x|), which does not overflow, for x < 0 by t / (1
 * + t). */
INLINE vec logistic(vec x) {
  const vec t = exp_negative(-magnitude(x));
  return choose(x < 0, t, splat(1)) / (splat(1) + t);
}

#endif
