/* Small vector helpers for the data, elementwise and loss kernels: selection, transposition, exp and log. */
#ifndef BREGMAN_VECTOR_H
#define BREGMAN_VECTOR_H

/* Lane by lane: where ? a : b, for a mask of 0 and -1. */
INLINE vec select(ivec where, vec a, vec b) { return (vec)((where & (ivec)a) | (~where & (ivec)b)); }

/* Columns of 2 vectors, interleaved: a0 b0 a1 b1 ... log2(n) rounds of this on n vectors transpose them. */
#if VL == 16
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VL == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/* r[i][j] <-> r[j][i]. */
INLINE void transpose_square(vec r[VL]) {
  vec s[VL];
#pragma GCC unroll 4
  for (int round = 1; round < VL; round *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < VL / 2; i++) {
      s[2 * i] = LOW(r[i], r[i + VL / 2]);
      s[2 * i + 1] = HIGH(r[i], r[i + VL / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) r[i] = s[i];
  }
}

/* exp(x) to float32 rounding (about 1 ulp) for x <= 0; 0 below -87.3; NaN stays NaN. With n = round(x / ln 2) and
 * r = x - n ln 2 in [-0.35, 0.35], exp(x) = 2^n exp(r); exp(r) by its Taylor polynomial of degree 7 (error 3e-9). */
INLINE vec exp_negative(vec x) {
  const vec magic = splat(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer, kept in the low bits */
  const vec shifted = x * splat(1.44269504f) + magic;
  const vec n = shifted - magic;
  /* ln 2 in two parts, the first exact in few bits, so that n * part is exact. */
  const vec r = (x - n * splat(0.693359375f)) - n * splat(-2.12194440e-4f);
  vec p = splat(1.0f / 5040);
  p = p * r + splat(1.0f / 720);
  p = p * r + splat(1.0f / 120);
  p = p * r + splat(1.0f / 24);
  p = p * r + splat(1.0f / 6);
  p = p * r + splat(0.5f);
  p = p * r * r + r + splat(1.0f);
  const ivec power = ((ivec)shifted - (ivec)magic + 127) << 23;
  /* The comparison is false for NaN, which p then carries. */
  return select(x < splat(-87.3f), splat(0), p * select(x != x, splat(1), (vec)power));
}

#endif
