/* Shared by every kernel file: vector types, tiles, and how arguments are read.
 *
 * The kernels are compiled several times from one source (kernels.c includes all families): for
 * wasm with SIMD128, and natively for a base line (4 lanes: SSE2, NEON), AVX2 (8 lanes) and AVX-512
 * (16 lanes). They use the vector extensions that gcc and clang share; the few things these lack
 * are in lanes.h. Arguments: contract.h.
 */
#ifndef BREGMAN_KERNELS_H
#define BREGMAN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "contract.h"

#if defined(__AVX512F__)
#define VL 16
#elif defined(__AVX2__)
#define VL 8
#else
#define VL 4
#endif

/* Vectors in a tile. */
#define TV (T / VL)

/* A vector of VL floats that may sit at any 4-byte address, and one known to be aligned. */
typedef float vec __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef uint32_t uvec __attribute__((vector_size(4 * VL), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
/* Kernels stay functions of their own: together in one they would be too large for V8 to compile
 * soon, and it would run slow code until it had. */
#define KERNEL(name) \
  static __attribute__((noinline)) void name(char *memory, const int32_t *args, int begin, int end)

/* Memory offsets are unsigned, and so is what is computed of them: a memory may be larger than 2
 * GiB, and a tensor in it. Numbers of rows, columns and positions are signed: the tensors that have
 * so many are smaller than the memory. */
INLINE void *at(char *memory, int32_t offset) { return memory + (uint32_t)offset; }
INLINE void *at_or_null(char *memory, int32_t offset) {
  return offset ? memory + (uint32_t)offset : NULL;
}

INLINE vec splat(float x) { return x - (vec){0}; }
/* Unrolls the loop that follows; its bounds are constants once inlined. */
#define UNROLL _Pragma("GCC unroll 32")

#include "bf16.h"

/* For wasm, whose engine takes instructions as they come and has 15 vector registers. IN_ORDER:
 * loads stay where they are written (LLVM would move all of a block to its front, and the engine
 * spill them). BASE(p): what is added to pointer p from here on is a constant for the load
 * instruction, not an addition of its own. */
#ifdef __wasm__
#define IN_ORDER __asm__ volatile("" ::: "memory")
#define BASE(p) __asm__("" : "+r"(p))
#else
#define IN_ORDER
#define BASE(p)
#endif

/* Asks for the cache line at p; wasm has no instruction for it. */
#ifdef __wasm__
#define PREFETCH(p) ((void)(p))
#else
#define PREFETCH(p) __builtin_prefetch(p)
#endif

/* y = max(y, 0); NaN stays NaN, so that a diverged net is noticed. */
INLINE vec rectify(vec y) { return (vec)((ivec)y & ~(y <= 0)); }

/* y where mask > 0, else 0. */
INLINE vec masked(vec y, vec mask) { return (vec)((ivec)y & (mask > 0)); }

/* Sum of a vector's lanes, in pairs: (0 + VL/2), ... then halves again. */
INLINE float total(vec x) {
#if VL == 16
  x += __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15);
#elif VL == 8
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
#endif
  return (x[0] + x[2]) + (x[1] + x[3]);
}

/* One non-zero weight of a pattern: byte offset of its feature within a tile (column * T * 4), and
 * its value. */
struct entry {
  uint32_t offset;
  float value;
};

#endif
