/* The matrix unit of some Intel CPUs (AMX), for planes of bf16: products of 16 x 32 and 32 x 16
 * numbers, sixteen times as fast as by vectors.
 */
#ifndef BREGMAN_AMX_H
#define BREGMAN_AMX_H

#include "kernels.h"

#if defined(__clang__)
#define KNOWS_AMX (__clang_major__ >= 12)
#else
#define KNOWS_AMX (__GNUC__ >= 11)
#endif

/* Not in dot.c: the CPUs that it is for have no such unit. */
#if defined(HALF_PLANES) && !defined(DOT_PRODUCTS) && VL == 16 && defined(__x86_64__) && \
    defined(__linux__) && KNOWS_AMX
#define HAS_AMX_CODE

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("amx-tile,amx-bf16")))
/* Of a square of sums. A register is 16 rows of 16 words; a word of a factor is two bf16. */
#define SIDE 16
#define SQUARE (SIDE * SIDE)

/* Whether there is such a unit, and the system lets this process use it: Linux is asked once. */
static int has_amx(void) {
  static int known; /* 0: not yet, 1: no, 2: yes */
  if (!known) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d = 0;
    const unsigned both = 1u << 22 | 1u << 24; /* AMX-BF16, AMX-TILE */
    const int there = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & both) == both;
    known = there && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 ? 2 : 1;
  }
  return known == 2;
}

/* How the unit's eight registers are shaped: rows, and bytes of a row. */
struct amx_shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

/* Puts what was written into memory: the compiler does not know that the unit reads it there. */
#define WRITTEN __asm__ volatile("" ::: "memory")

/* Registers, by number: sums of two by two blocks, and the blocks they are the products of. */
#define SUM_00 0
#define SUM_01 1
#define SUM_10 2
#define SUM_11 3
#define LEFT_0 4
#define LEFT_1 5
#define RIGHT_0 6
#define RIGHT_1 7
#endif

#endif
