/* Bytes of a data set as vectors of floats. */
#ifndef BREGMAN_BYTES_H
#define BREGMAN_BYTES_H

#include "kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* VL bytes as floats. By hand, since gcc's __builtin_convertvector does it one by one. */
INLINE vec load_bytes(const uint8_t *p) {
#if VL == 16
  const ivec x = (ivec)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
#elif VL == 8
  const ivec x = (ivec)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
#elif defined(__SSE2__)
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  const __m128i zero = _mm_setzero_si128();
  const ivec x = (ivec)_mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero), zero);
#else
  typedef uint8_t bytes __attribute__((vector_size(4), aligned(1), may_alias));
  const ivec x = __builtin_convertvector(*(const bytes *)p, ivec);
#endif
  return __builtin_convertvector(x, vec);
}

#endif
