/* The gradient of a dense convolution's weight from planes of bf16, by the matrix unit of some Intel
 * CPUs (AMX): products of 16 x 32 and 32 x 16 numbers, sixteen times as fast as by vectors.
 *
 *   g[o, c, t] += sum over positions and lanes of dy[o, position, lane] x[c, position + t, lane]
 *
 * Output channels are the rows of the first matrix: two positions of a plane of dy are a row as they
 * stand. Of the second one inner channels are the columns, and two neighbouring lanes lie in one
 * word: x is transposed, 16 channels at a time, position by position; all taps and all output
 * channels read the same copy. Sums stay in the unit for as long as a span of positions is.
 */
#ifndef BREGMAN_CONV_GRAD_AMX_H
#define BREGMAN_CONV_GRAD_AMX_H

#include "conv.h"
#include "transpose.h"

#if defined(__clang__)
#define KNOWS_AMX (__clang_major__ >= 12)
#else
#define KNOWS_AMX (__GNUC__ >= 11)
#endif

#if defined(HALF_PLANES) && VL == 16 && defined(__x86_64__) && defined(__linux__) && KNOWS_AMX
#define HAS_AMX_CODE

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("amx-tile,amx-bf16")))
#define SIDE 16                   /* of a square of sums */
#define LANE_WORDS (T / 2)        /* words of two lanes at a position */
#define POSITION (LANE_WORDS * SIDE) /* words of x at a position, transposed */
/* Words of x transposed, half of the second-level cache. */
#define AMX_WORDS (256 * 1024)

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

/* Registers, by number: squares of sums, of two blocks of output channels by two taps; what they
 * are the products of. */
#define SUM_00 0
#define SUM_01 1
#define SUM_10 2
#define SUM_11 3
#define DY_0 4
#define DY_1 5
#define X_0 6
#define X_1 7

/* Some positions of some tiles, and where they lie; strides of dy in bytes, of x in words. */
struct amx_span {
  int tiles, rows, steps, words; /* words: of the lanes that a step takes */
  size_t dy_plane, dy_tile, dy_row, dy_step, x_tile, x_row, x_step;
};

/* A block of sums: rows of its output channels, the second of which may be none. */
struct amx_block {
  const char *dy[2];
  const int32_t *x[2];
  int rows[2];
  _Alignas(64) float sum[4][SIDE][SIDE];
};

static AMX void shape(const struct amx_block *b, int words) {
  struct amx_shapes s = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    const int is_x = i >= X_0, block = i < DY_0 ? i / 2 : i - DY_0;
    s.rows[i] = is_x ? words : b->rows[block] ? b->rows[block] : 1;
    s.row_bytes[i] = i < DY_0 || is_x ? 4 * SIDE : 4 * words;
  }
  _tile_loadconfig(&s);
}

/* Both taps, or the first one alone. */
INLINE AMX void sum_span(struct amx_block *b, const struct amx_span *s, const int blocks,
                         const int taps) {
  _tile_zero(SUM_00);
  _tile_zero(SUM_01);
  _tile_zero(SUM_10);
  _tile_zero(SUM_11);
  for (int tile = 0; tile < s->tiles; tile++)
    for (int i = 0; i < s->rows; i++) {
      size_t at = tile * s->dy_tile + i * s->dy_row, from = tile * s->x_tile + i * s->x_row;
      for (int j = 0; j < s->steps; j++, at += s->dy_step, from += s->x_step) {
        _tile_loadd(DY_0, b->dy[0] + at, s->dy_plane);
        _tile_loadd(X_0, b->x[0] + from, 4 * SIDE);
        _tile_dpbf16ps(SUM_00, DY_0, X_0);
        if (taps > 1) {
          _tile_loadd(X_1, b->x[1] + from, 4 * SIDE);
          _tile_dpbf16ps(SUM_01, DY_0, X_1);
        }
        if (blocks > 1) {
          _tile_loadd(DY_1, b->dy[1] + at, s->dy_plane);
          _tile_dpbf16ps(SUM_10, DY_1, X_0);
          if (taps > 1) _tile_dpbf16ps(SUM_11, DY_1, X_1);
        }
      }
    }
  _tile_stored(SUM_00, b->sum[0], 4 * SIDE);
  _tile_stored(SUM_01, b->sum[1], 4 * SIDE);
  _tile_stored(SUM_10, b->sum[2], 4 * SIDE);
  _tile_stored(SUM_11, b->sum[3], 4 * SIDE);
}

static AMX void sum_block_of(struct amx_block *b, const struct amx_span *s, int taps) {
  const int blocks = b->rows[1] ? 2 : 1;
  if (blocks == 2 && taps == 2) sum_span(b, s, 2, 2);
  else if (blocks == 2) sum_span(b, s, 2, 1);
  else if (taps == 2) sum_span(b, s, 1, 2);
  else sum_span(b, s, 1, 1);
}

/* `count` positions of `channels` neighbouring planes (at most 16; zeros beyond), transposed. */
static void transpose_planes(int32_t *out, const element *x, int channels, size_t plane,
                             int count) {
  for (int p = 0; p < count; p += 2, x += 2 * T) {
    vec square[VL];
    UNROLL for (int c = 0; c < VL; c++) {
      square[c] = splat(0);
      if (c >= channels) continue;
      const element *from = x + c * plane;
      if (p + 1 < count) square[c] = load((const float *)from);
      else square[c] = (vec)_mm512_zextsi256_si512(_mm256_loadu_si256((const void *)from));
    }
    transpose_square(square);
    UNROLL for (int k = 0; k < VL; k++, out += SIDE)
      if (k < LANE_WORDS || p + 1 < count) store((float *)out, square[k]);
  }
}

/* Adds a block's sums to g. */
static void add_sums(const struct amx_block *b, float *g, size_t row, int channels, int taps_count,
                     const int *place, int taps, int first) {
  for (int block = 0; block < 2; block++)
    for (int t = 0; t < taps; t++)
      for (int m = 0; m < b->rows[block]; m++) {
        float *out = g + (size_t)(block * SIDE + m) * row + place[t];
        const float *sum = b->sum[2 * block + t][m];
        for (int c = 0; c < channels; c++, out += taps_count) *out = first ? sum[c] : *out + sum[c];
      }
}

/* 0, with nothing done, if there is no such unit or the rows of an image are too long for it. */
static AMX int conv_grad_amx(char *memory, const struct conv_dense_weight_grad_args *a, int begin,
                              int end) {
  if (!has_amx()) return 0;
  const struct conv_tap *taps = at(memory, a->taps);
  const size_t row = (size_t)a->inner * a->tap_count;
  /* A step takes two positions where they are neighbours in x too. */
  const int positions = a->width % 2 == 0 && a->x.col == T ? 2 : 1;
  int last = 0;
  for (int t = 0; t < a->tap_count; t++)
    if (taps[t].offset > last) last = taps[t].offset;
  /* Positions of x that so many rows read. */
#define READ(rows) (((rows) - 1) * (a->x.row / T) + (a->width - 1) * (a->x.col / T) + 1 + last / T)
  int rows = a->height, tiles = 1;
  while (rows > 1 && READ(rows) * POSITION > AMX_WORDS) rows = (rows + 1) / 2;
  if (rows == a->height) tiles = AMX_WORDS / (READ(rows) * POSITION);
  if (tiles > a->tiles) tiles = a->tiles;
  if (tiles < 1 || READ(rows) * POSITION > AMX_WORDS) return 0;
  int32_t x[(size_t)tiles * READ(rows) * POSITION] __attribute__((aligned(64)));
  struct amx_span s = {
      .steps = a->width / positions,
      .words = positions * LANE_WORDS,
      .dy_plane = (size_t)a->dy.plane * sizeof(element),
      .dy_tile = (size_t)a->dy.tile * sizeof(element),
      .dy_row = (size_t)a->dy.row * sizeof(element),
      .dy_step = positions * T * sizeof(element),
      .x_row = (size_t)a->x.row / T * POSITION,
      .x_step = (size_t)positions * a->x.col / T * POSITION,
  };
  for (int tile = 0; tile < a->tiles; tile += tiles)
    for (int i = 0; i < a->height; i += rows) {
      s.tiles = tile + tiles < a->tiles ? tiles : a->tiles - tile;
      s.rows = i + rows < a->height ? rows : a->height - i;
      s.x_tile = (size_t)READ(s.rows) * POSITION;
      const char *dy = (const char *)((const element *)at(memory, a->dy.at) +
                                      (size_t)tile * a->dy.tile + (size_t)i * a->dy.row);
      const element *from =
          (const element *)at(memory, a->x.at) + (size_t)tile * a->x.tile + (size_t)i * a->x.row;
      for (int c = 0; c < a->inner; c += SIDE) {
        const int channels = c + SIDE < a->inner ? SIDE : a->inner - c;
        for (int k = 0; k < s.tiles; k++)
          transpose_planes(x + k * s.x_tile, from + k * (size_t)a->x.tile + c * (size_t)a->x.plane,
                           channels, a->x.plane, READ(s.rows));
        for (int o = begin; o < end; o += 2 * SIDE) {
          struct amx_block b;
          b.rows[0] = o + SIDE < end ? SIDE : end - o;
          b.rows[1] = o + 2 * SIDE < end ? SIDE : o + SIDE < end ? end - o - SIDE : 0;
          b.dy[0] = dy + o * s.dy_plane;
          b.dy[1] = b.dy[0] + SIDE * s.dy_plane;
          shape(&b, s.words);
          float *g = (float *)at(memory, a->g) + o * row + (size_t)c * a->tap_count;
          for (int t = 0; t < a->tap_count; t += 2) {
            const int n = t + 1 < a->tap_count ? 2 : 1;
            int place[2];
            for (int q = 0; q < n; q++) {
              b.x[q] = x + (size_t)taps[t + q].offset / T * POSITION;
              place[q] = taps[t + q].index;
            }
            sum_block_of(&b, &s, n);
            add_sums(&b, g, row, channels, a->tap_count, place, n, tile == 0 && i == 0);
          }
        }
      }
    }
#undef READ
  _tile_release();
  return 1;
}
#endif

#endif
