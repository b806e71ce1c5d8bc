/* Shared by every kernel file: vector types, tiles, and how arguments are read.
 *
 * The kernels are compiled several times from one source (kernels.c includes all families): for wasm with SIMD128, and
 * natively for a base line (4 lanes: SSE2, NEON), AVX2 (8 lanes) and AVX-512 (16 lanes). They use the vector extensions
 * that gcc and clang share, so that no intrinsic is needed. Contract: src/runtime/kernel-table.ts.
 */
#ifndef BREGMAN_KERNELS_H
#define BREGMAN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__)
#define VL 16
#elif defined(__AVX2__)
#define VL 8
#else
#define VL 4
#endif

/* Samples in a tile, and vectors in a tile. */
#define T 16
#define TV (T / VL)

/* A vector of VL floats that may sit at any 4-byte address, and one known to be aligned. */
typedef float vec __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * VL), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define KERNEL(name) static void name(char *memory, const int32_t *args, int begin, int end)

/* Memory offsets are unsigned: a wasm memory may be larger than 2 GiB. */
INLINE void *at(char *memory, int32_t offset) { return memory + (uint32_t)offset; }
INLINE void *at_or_null(char *memory, int32_t offset) { return offset ? memory + (uint32_t)offset : NULL; }

INLINE vec splat(float x) { return x - (vec){0}; }
INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec x) { *(vec *)p = x; }

/* One non-zero weight of a pattern: byte offset of its feature within a tile (column * T * 4), and its value. */
struct entry {
  int32_t offset;
  float value;
};

#endif
