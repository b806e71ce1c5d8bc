/* The gradient of a dense convolution's weight from planes of bf16, by the matrix unit (amx.h).
 *
 *   g[o, c, t] += sum over positions and lanes of dy[o, position, lane] x[c, position + t, lane]
 *
 * Output channels are the rows of the first matrix: two positions of a plane of dy are a row as
 * they stand. Of the second one inner channels are the columns, and two neighbouring lanes lie in
 * one word: x is transposed, 16 channels at a time, position by position; all taps and all output
 * channels read the same copy. Two by two blocks of sums stay in the unit for a span of positions.
 */
#ifndef BREGMAN_CONV_GRAD_AMX_H
#define BREGMAN_CONV_GRAD_AMX_H

#include "amx.h"
#include "conv.h"
#include "transpose.h"

#ifdef HAS_AMX_CODE

#define LANE_WORDS (T / 2)        /* words of two lanes at a position */
#define POSITION (LANE_WORDS * SIDE) /* words of x at a position, transposed */
/* Positions of x that are done together: what is made of them and of dy stays in the second-level
 * cache. */
#define MOST_POSITIONS 400

/* Some positions of some tiles, as the unit takes them: x transposed, of two blocks of inner
 * channels; dy step after step, of two blocks of output channels. A step takes one position or two:
 * so many words of lanes. Strides of x in words. */
struct amx_span {
  int tiles, rows, steps, words;
  size_t x_tile, x_row, x_step;
  int outer, inner; /* channels, of at most two blocks */
  _Alignas(64) int32_t x[2][MOST_POSITIONS * POSITION];
  int32_t dy[2][MOST_POSITIONS * POSITION];
  float sum[2][2][SIDE][SIDE];
};

/* Of n channels, those of the first or the second block. */
INLINE int in_block(int n, int block) {
  const int left = n - block * SIDE;
  return left < 0 ? 0 : left < SIDE ? left : SIDE;
}

static AMX void shape_registers(const struct amx_span *s) {
  struct amx_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    const int is_x = i >= RIGHT_0, rows = in_block(s->outer, i < LEFT_0 ? i / 2 : i - LEFT_0);
    shapes.rows[i] = is_x ? s->words : rows ? rows : 1;
    shapes.row_bytes[i] = i < LEFT_0 || is_x ? 4 * SIDE : 4 * s->words;
  }
  WRITTEN;
  _tile_loadconfig(&shapes);
}

/* The sums of all positions, for the tap that begins so many words behind x. */
INLINE AMX void sum_blocks(struct amx_span *s, size_t tap, const int outer, const int inner) {
  const int row_bytes = 4 * s->words, step = SIDE * s->words;
  size_t at = 0;
  _tile_zero(SUM_00);
  _tile_zero(SUM_01);
  _tile_zero(SUM_10);
  _tile_zero(SUM_11);
  for (int tile = 0; tile < s->tiles; tile++)
    for (int i = 0; i < s->rows; i++) {
      size_t from = tap + tile * s->x_tile + i * s->x_row;
      for (int j = 0; j < s->steps; j++, at += step, from += s->x_step) {
        _tile_loadd(LEFT_0, s->dy[0] + at, row_bytes);
        _tile_loadd(RIGHT_0, s->x[0] + from, 4 * SIDE);
        _tile_dpbf16ps(SUM_00, LEFT_0, RIGHT_0);
        if (inner > 1) {
          _tile_loadd(RIGHT_1, s->x[1] + from, 4 * SIDE);
          _tile_dpbf16ps(SUM_01, LEFT_0, RIGHT_1);
        }
        if (outer > 1) {
          _tile_loadd(LEFT_1, s->dy[1] + at, row_bytes);
          _tile_dpbf16ps(SUM_10, LEFT_1, RIGHT_0);
          if (inner > 1) _tile_dpbf16ps(SUM_11, LEFT_1, RIGHT_1);
        }
      }
    }
  _tile_stored(SUM_00, s->sum[0][0], 4 * SIDE);
  _tile_stored(SUM_01, s->sum[0][1], 4 * SIDE);
  _tile_stored(SUM_10, s->sum[1][0], 4 * SIDE);
  _tile_stored(SUM_11, s->sum[1][1], 4 * SIDE);
}

static AMX void sum_tap(struct amx_span *s, size_t tap) {
  if (s->outer > SIDE && s->inner > SIDE) sum_blocks(s, tap, 2, 2);
  else if (s->outer > SIDE) sum_blocks(s, tap, 2, 1);
  else if (s->inner > SIDE) sum_blocks(s, tap, 1, 2);
  else sum_blocks(s, tap, 1, 1);
}

/* `count` positions of at most 16 neighbouring planes, transposed; zeros for those that lack. */
static void transpose_planes(int32_t *out, const element *x, int channels, size_t plane,
                             int count) {
  for (int p = 0; p < count; p += 2, x += 2 * T) {
    vec square[VL];
    UNROLL for (int c = 0; c < VL; c++) {
      const void *from = x + c * plane;
      square[c] = splat(0);
      if (c >= channels) continue;
      if (p + 1 < count) square[c] = load((const float *)from);
      else square[c] = (vec)_mm512_zextsi256_si512(_mm256_loadu_si256(from));
    }
    transpose_square(square);
    UNROLL for (int k = 0; k < VL; k++, out += SIDE)
      if (k < LANE_WORDS || p + 1 < count) store((float *)out, square[k]);
  }
}

/* x of the inner channels from c on, so many positions of each tile. */
static void take_x(struct amx_span *s, const element *x, struct positions strides, int c,
                   int positions) {
  for (int block = 0; block < 2; block++)
    for (int tile = 0; tile < s->tiles; tile++)
      if (in_block(s->inner, block))
        transpose_planes(s->x[block] + tile * s->x_tile,
                         x + tile * (size_t)strides.tile +
                             (c + block * SIDE) * (size_t)strides.plane,
                         in_block(s->inner, block), strides.plane, positions);
}

/* dy of the output channels from dy on. */
static void take_dy(struct amx_span *s, const element *dy, struct tensor_args strides) {
  const int step = SIDE * s->words, length = s->words * 2;
  for (int block = 0; block < 2; block++, dy += SIDE * (size_t)strides.plane) {
    int32_t *out = s->dy[block];
    const int channels = in_block(s->outer, block);
    for (int tile = 0; tile < s->tiles; tile++)
      for (int i = 0; i < s->rows; i++)
        for (int j = 0; j < s->steps; j++, out += step) {
          const element *from =
              dy + tile * (size_t)strides.tile + i * (size_t)strides.row + (size_t)j * length;
          for (int m = 0; m < channels; m++, from += strides.plane)
            if (s->words == SIDE) store((float *)(out + m * SIDE), load((const float *)from));
            else
              _mm256_storeu_si256((void *)(out + m * LANE_WORDS),
                                  _mm256_loadu_si256((const void *)from));
        }
  }
}

/* Puts the sums of a tap where its weights' gradients are, or adds them. */
static void put_sums(const struct amx_span *s, float *g, size_t row, int taps, int is_first) {
  for (int o = 0; o < s->outer; o++, g += row)
    for (int block = 0; block < 2; block++) {
      const float *sum = s->sum[o / SIDE][block][o % SIDE];
      float *out = g + block * SIDE * taps;
      for (int c = 0; c < in_block(s->inner, block); c++)
        out[c * taps] = is_first ? sum[c] : out[c * taps] + sum[c];
    }
}

/* Positions of x that so many rows of outputs read. */
static int positions_read(const struct conv_dense_weight_grad_args *a, int rows) {
  const struct positions *x = &a->x;
  return (rows - 1) * (x->row / T) + (a->width - 1) * (x->col / T) + 1;
}

/* The gradients of the output channels [begin, end). 0, with nothing done, if there is no such unit
 * or a row of the image is too long for it. */
static AMX int conv_grad_amx(char *memory, const struct conv_dense_weight_grad_args *a, int begin,
                             int end) {
  const struct conv_tap *taps = at(memory, a->taps);
  const size_t row = (size_t)a->inner * a->tap_count;
  int last = 0, rows = a->height;
  for (int t = 0; t < a->tap_count; t++)
    if (taps[t].offset > last) last = taps[t].offset;
  const int most = MOST_POSITIONS - last / T;
  while (rows > 1 && positions_read(a, rows) > most) rows = (rows + 1) / 2;
  if (!has_amx() || positions_read(a, rows) > most) return 0;
  const int room = rows < a->height ? 1 : MOST_POSITIONS / (positions_read(a, rows) + last / T);
  const int tiles = room < a->tiles ? room : a->tiles;
  /* Two positions a step where they are neighbours in x too. */
  const int positions = a->width % 2 == 0 && a->x.col == T ? 2 : 1;
  struct amx_span s;
  s.steps = a->width / positions;
  s.words = positions * LANE_WORDS;
  s.x_row = (size_t)a->x.row / T * POSITION;
  s.x_step = (size_t)positions * a->x.col / T * POSITION;
  for (int tile = 0; tile < a->tiles; tile += tiles)
    for (int i = 0; i < a->height; i += rows) {
      s.tiles = tile + tiles < a->tiles ? tiles : a->tiles - tile;
      s.rows = i + rows < a->height ? rows : a->height - i;
      const int read = positions_read(a, s.rows) + last / T;
      s.x_tile = (size_t)read * POSITION;
      const element *x = at(memory, a->x.at), *dy = at(memory, a->dy.at);
      x += tile * (size_t)a->x.tile + i * (size_t)a->x.row;
      dy += tile * (size_t)a->dy.tile + i * (size_t)a->dy.row;
      for (int c = 0; c < a->inner; c += 2 * SIDE) {
        s.inner = c + 2 * SIDE < a->inner ? 2 * SIDE : a->inner - c;
        take_x(&s, x, a->x, c, read);
        for (int o = begin; o < end; o += 2 * SIDE) {
          s.outer = o + 2 * SIDE < end ? 2 * SIDE : end - o;
          take_dy(&s, dy + o * (size_t)a->dy.plane, a->dy);
          shape_registers(&s);
          float *g = (float *)at(memory, a->g) + o * row + (size_t)c * a->tap_count;
          for (int t = 0; t < a->tap_count; t++) {
            sum_tap(&s, (size_t)taps[t].offset / T * POSITION);
            put_sums(&s, g + taps[t].index, row, a->tap_count, tile == 0 && i == 0);
          }
        }
      }
    }
  _tile_release();
  return 1;
}
#endif

#endif
