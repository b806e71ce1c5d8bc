/* Sums of products of two planes of bf16 by the CPU's dot product (AVX512-BF16): the kernels that
 * have such sums, compiled once more; kernels.c asks for them first. A file of its own, since it is
 * compiled for more than all CPUs with AVX-512 have.
 */
#include <cpuid.h>
#include <stdint.h>

#if defined(__clang__)
/* Apple counts its versions in another way. */
#define KNOWS_DOT (__clang_major__ >= 12)
#else
#define KNOWS_DOT (__GNUC__ >= 10)
#endif

#if KNOWS_DOT
#define HALF_PLANES
#define DOT_PRODUCTS
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512bf16")
#endif
#include "sources.h"

/* As call_half: 0, or -1 if there is no kernel of that id. */
int call_dot(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  switch (id) {
#define CASE(number, name) \
  case number: name(memory, args, begin, end); return 0;
    PRODUCTS_TABLE(CASE)
#undef CASE
    default: return -1;
  }
}
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
int call_dot(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  (void)id, (void)memory, (void)args, (void)begin, (void)end;
  return -1;
}
#endif

/* Whether this CPU has it and is faster by it, and the compiler knew it. AMD's have twice the rate
 * of float32. Intel's have half of it, at least on a Xeon of family 6, model 207. */
int has_dot(void) {
  static int known; /* 0: not yet, 1: no, 2: yes */
  if (!known) {
    enum { AMD_EBX = 0x68747541 }; /* "Auth", of AuthenticAMD */
    unsigned a = 0, b = 0, c, d;
    const int is_amd = __get_cpuid(0, &a, &b, &c, &d) && b == AMD_EBX;
    const unsigned avx512_bf16 = 1u << 5;
    const int there = __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & avx512_bf16);
    known = is_amd && there && KNOWS_DOT ? 2 : 1;
  }
  return known == 2;
}
