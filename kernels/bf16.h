/* bf16, the upper half of a float32: what planes may be kept in, so that half as many bytes move.
 * Numbers become float32 as they are loaded (except in dot.c), sums are float32, and what is
 * stored is rounded to the nearest, ties to even. Kernels over planes are compiled twice, the
 * second time with HALF_PLANES: an `element` of a plane is then a bf16.
 */
#ifndef BREGMAN_BF16_H
#define BREGMAN_BF16_H

#if defined(__SSE2__)
#include <immintrin.h>
#endif

typedef struct {
  uint16_t upper;
} bf16;

#ifdef HALF_PLANES
typedef bf16 element;
#else
typedef float element;
#endif

/* Positions of a plane in a cache line. */
#define LINE_POSITIONS (int)(64 / (T * sizeof(element)))

INLINE vec load_float(const float *p) { return *(const vec *)p; }
INLINE void store_float(float *p, vec x) { *(vec *)p = x; }

INLINE vec load_bf16(const bf16 *p) {
#if VL == 16
  /* One shuffle puts them into upper halves and zeros below: gcc makes six of a conversion. */
#define PUT(n) n, 31
  const __m512i places = _mm512_set_epi16(PUT(15), PUT(14), PUT(13), PUT(12), PUT(11), PUT(10),
                                          PUT(9), PUT(8), PUT(7), PUT(6), PUT(5), PUT(4), PUT(3),
                                          PUT(2), PUT(1), PUT(0));
#undef PUT
  const __m512i halves = _mm512_castsi256_si512(_mm256_loadu_si256((const void *)p));
  return (vec)_mm512_maskz_permutexvar_epi16(0xaaaaaaaa, places, halves);
#elif VL == 8
  return (vec)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p)), 16);
#else
  uvec word;
  UNROLL for (int j = 0; j < VL; j++) word[j] = (uint32_t)p[j].upper << 16;
  return (vec)word;
#endif
}

/* The bf16 nearest to a float32, from its bits: of a number or of a vector. */
#define ROUNDED(word) (((word) + 0x7fff + ((word) >> 16 & 1)) >> 16)

INLINE void store_bf16(bf16 *p, vec x) {
  const uvec rounded = ROUNDED((uvec)x);
#if VL == 16
  _mm256_storeu_si256((void *)p, _mm512_cvtepi32_epi16((__m512i)rounded));
#else
  UNROLL for (int j = 0; j < VL; j++) p[j].upper = (uint16_t)rounded[j];
#endif
}

/* A vector of numbers from memory, of either kind, and to it. */
#define load(p) _Generic((p), const bf16 *: load_bf16, bf16 *: load_bf16, default: load_float)(p)
#define store(p, x) _Generic((p), bf16 *: store_bf16, default: store_float)(p, x)

/* One number, and back. */
INLINE float number(const element *p) {
#ifdef HALF_PLANES
  const uint32_t word = (uint32_t)p->upper << 16;
  float x;
  __builtin_memcpy(&x, &word, sizeof x);
  return x;
#else
  return *p;
#endif
}

INLINE void put_number(element *p, float x) {
#ifdef HALF_PLANES
  uint32_t word;
  __builtin_memcpy(&word, &x, sizeof x);
  p->upper = (uint16_t)ROUNDED(word);
#else
  *p = x;
#endif
}

/* Factors of a sum of products, a vector of neighbouring numbers each, and such a sum, whose lanes
 * are added at the end. With DOT_PRODUCTS (dot.c) a CPU's dot product of bf16 takes them as they
 * are, twice as fast as float32: a lane of the sum has two products. */
#ifdef DOT_PRODUCTS
typedef __m256bh factor;
typedef __m256 lane_sums;
INLINE factor load_factor(const element *p) {
  return (factor)_mm256_loadu_si256((const void *)p);
}
INLINE lane_sums no_products(void) { return _mm256_setzero_ps(); }
INLINE lane_sums add_product(lane_sums s, factor x, factor y) {
  return _mm256_dpbf16_ps(s, x, y);
}
INLINE vec as_vector(lane_sums s) { return (vec)_mm512_zextps256_ps512(s); }
#else
typedef vec factor;
typedef vec lane_sums;
#define load_factor(p) load(p)
INLINE lane_sums no_products(void) { return (vec){0}; }
INLINE lane_sums add_product(lane_sums s, factor x, factor y) { return s + x * y; }
INLINE vec as_vector(lane_sums s) { return s; }
#endif

/* `bytes` from x on, counted as if elements were float32: so patterns count. */
INLINE const element *element_at(const void *x, uint32_t bytes) {
  return (const element *)((const char *)x + bytes / (4 / sizeof(element)));
}

#endif
