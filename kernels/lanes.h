/* What the vector extensions lack: masks as bits, square roots, sums in float64, and the last,
 * partial vector of a row. */
#ifndef BREGMAN_LANES_H
#define BREGMAN_LANES_H

#include "kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define ALL_BITS (uint32_t)(((uint64_t)1 << VL) - 1)

/* Bit j is set where lane j of a comparison's result holds. */
INLINE uint32_t bits(ivec mask) {
#if defined(__wasm__)
  return __builtin_wasm_bitmask_i32x4(mask);
#elif VL == 16
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask);
#elif VL == 8
  return _mm256_movemask_ps((__m256)mask);
#elif defined(__SSE2__)
  return _mm_movemask_ps((__m128)mask);
#else
  uint32_t set = 0;
  UNROLL for (int j = 0; j < VL; j++) set |= (uint32_t)mask[j] & 1u << j;
  return set;
#endif
}

/* x where bit j of the q-th VL bits is set, in lane j, else 0. */
INLINE vec where_bits(uint32_t bits, int q, vec x) {
#if VL == 16
  (void)q;
  return (vec)_mm512_maskz_mov_ps((__mmask16)bits, (__m512)x);
#else
  ivec lane;
  UNROLL for (int j = 0; j < VL; j++) lane[j] = 1 << j;
  lane <<= q * VL;
  return (vec)((ivec)x & ((lane & (int32_t)bits) != 0));
#endif
}

INLINE vec square_root(vec x) {
#if defined(__wasm__)
  return __builtin_elementwise_sqrt(x);
#elif VL == 16
  return (vec)_mm512_sqrt_ps((__m512)x);
#elif VL == 8
  return (vec)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (vec)_mm_sqrt_ps((__m128)x);
#else
  UNROLL for (int j = 0; j < VL; j++) x[j] = __builtin_sqrtf(x[j]);
  return x;
#endif
}

INLINE vec magnitude(vec x) { return (vec)((ivec)x & 0x7fffffff); }

/* |t| with the signs of x, for t >= 0. */
INLINE vec with_sign(vec t, vec x) { return (vec)((ivec)t | ((ivec)x & (int32_t)0x80000000)); }

INLINE vec where(ivec mask, vec x) { return (vec)(mask & (ivec)x); }

/* x where the mask is set, y elsewhere. */
INLINE vec choose(ivec mask, vec x, vec y) { return (vec)((mask & (ivec)x) | (~mask & (ivec)y)); }

/* The first n (at least 1) of a vector's floats, zeros after them; and back, touching nothing after
 * them. */
INLINE vec load_part(const float *p, int n) {
  vec x = splat(0);
  if (n >= VL) return load(p);
  UNROLL for (int j = 0; j < VL - 1; j++)
    if (j < n) x[j] = p[j];
  return x;
}

INLINE void store_part(float *p, vec x, int n) {
  if (n >= VL) store(p, x);
  else
    UNROLL for (int j = 0; j < VL - 1; j++)
      if (j < n) p[j] = x[j];
}

/* Sums of squares in float64: no float32 overflows them. */
typedef double dvec __attribute__((vector_size(4 * VL)));
typedef float half_vec __attribute__((vector_size(2 * VL)));
#if VL == 16
#define HALF(x, i) __builtin_shufflevector(x, x, i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7)
#elif VL == 8
#define HALF(x, i) __builtin_shufflevector(x, x, i, i + 1, i + 2, i + 3)
#else
#define HALF(x, i) __builtin_shufflevector(x, x, i, i + 1)
#endif

INLINE void add_squares(dvec sum[2], vec x) {
  const dvec low = __builtin_convertvector(HALF(x, 0), dvec),
             high = __builtin_convertvector(HALF(x, VL / 2), dvec);
  sum[0] += low * low;
  sum[1] += high * high;
}

/* sqrt of all lanes together, as float32. */
INLINE float norm_of(const dvec sum[2]) {
  const dvec both = sum[0] + sum[1];
  double total = 0;
  UNROLL for (int j = 0; j < VL / 2; j++) total += both[j];
  return (float)__builtin_sqrt(total);
}

#endif
