/* A convolution by its dense weight from planes of bf16, by the matrix unit (amx.h).
 *
 *   y[o, position, lane] = sum over c, t of w[o, c, t] x[c, position + t, lane]
 *
 * Output channels are the rows of the first matrix, lanes the columns of the second; both have two
 * neighbouring inner channels in one word. Weights stay what they are, to a part in 2^17: each is
 * the sum of two bf16, packed by an op of its own before. x is packed here, once for all output
 * channels and taps.
 */
#ifndef BREGMAN_CONV_DENSE_AMX_H
#define BREGMAN_CONV_DENSE_AMX_H

#include "amx.h"
#include "conv.h"

#ifdef HAS_AMX_CODE

#define DEPTH 32 /* inner channels of a square */
#define PARTS 2  /* bf16 that a weight is the sum of */
/* Squares of x and of sums that are worked on at a time: they stay in the second-level cache. */
#define X_SQUARES 640
#define SUM_POSITIONS 128

INLINE int squares_of(int channels, int side) { return (channels + side - 1) / side; }

/* Rows of positions of a tile, as the unit takes them. Positions of x are counted along the padded
 * plane, from the first one that a tap reads on. */
struct amx_rows {
  int rows, length; /* of outputs; positions of x that they read */
  int depth; /* squares of inner channels */
  _Alignas(64) int32_t x[X_SQUARES * SQUARE]; /* [depth][length][SIDE pairs][lanes] */
  float sums[SUM_POSITIONS * 2 * SQUARE]; /* [rows][width][2 blocks][SIDE channels][lanes] */
};

/* The weights of 16 output channels, and 32 inner ones: the first parts of two neighbours in one
 * word, and the second parts. */
INLINE void pack_row(int32_t *out, const float *w, __m512i places, int inner_stride, int inner) {
  const int left = inner < DEPTH ? inner : DEPTH;
  uvec first = (uvec)splat(0), second = first;
  UNROLL for (int odd = 0; odd < 2; odd++) {
    const int count = (left + 1 - odd) / 2;
    const __mmask16 there = (__mmask16)((1u << count) - 1);
    const vec x = (vec)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), there, places,
                                                w + odd * inner_stride, 4);
    const uvec high = ROUNDED((uvec)x);
    const uvec low = ROUNDED((uvec)(x - (vec)(high << 16)));
    first |= high << 16 * odd;
    second |= low << 16 * odd;
  }
  store((float *)out, (vec)first);
  store((float *)(out + SQUARE), (vec)second);
}

/* The weights of the output channels [16 begin, 16 end). */
static void pack_weights(char *memory, const struct conv_pack_args *a, int begin, int end) {
  const struct conv_tap *taps = at(memory, a->taps);
  const size_t length = (size_t)squares_of(a->inner, DEPTH) * a->tap_count * PARTS * SQUARE;
  ivec pair;
  UNROLL for (int k = 0; k < VL; k++) pair[k] = 2 * k;
  const __m512i places = (__m512i)(pair * a->inner_stride);
  for (int block = begin; block < end; block++)
    for (int c = 0; c < a->inner; c += DEPTH) {
      int32_t *out = (int32_t *)at(memory, a->packed) + block * length +
                     (size_t)(c / DEPTH) * a->tap_count * PARTS * SQUARE;
      for (int m = 0; m < SIDE; m++, out += SIDE) {
        const int o = block * SIDE + m;
        const float *w = (const float *)at(memory, a->w) + (size_t)o * a->row_stride +
                         (size_t)c * a->inner_stride;
        for (int t = 0; t < a->tap_count; t++)
          pack_row(out + t * PARTS * SQUARE, w + taps[t].index, places, a->inner_stride,
                   o < a->rows ? a->inner - c : 0);
      }
    }
}

/* `length` positions of 32 inner channels from x on, of which so many are there. */
static void pack_x(int32_t *out, const element *x, size_t plane, int length, int channels) {
  enum { RUN = 8 };
  for (int from = 0; from < length; from += RUN) {
    const int to = from + RUN < length ? from + RUN : length;
    for (int k = 0; k < SIDE; k++) {
      const element *even = x + 2 * k * plane, *odd = even + plane;
      for (int p = from; p < to; p++) {
        uvec word = (uvec)splat(0);
        if (2 * k < channels) word = (uvec)load(even + p * T) >> 16;
        if (2 * k + 1 < channels) word |= (uvec)load(odd + p * T);
        store((float *)(out + p * SQUARE + k * SIDE), (vec)word);
      }
    }
  }
}

static AMX void shape_squares(void) {
  struct amx_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) shapes.rows[i] = SIDE, shapes.row_bytes[i] = 4 * SIDE;
  WRITTEN;
  _tile_loadconfig(&shapes);
}

/* What one square of inner channels adds to the sums of one or two blocks of output channels at
 * one or two positions. */
INLINE AMX void add_products(float *sums, const int32_t *w, size_t w_block, const int32_t *x,
                             size_t x_col, const size_t *offsets, int taps, int is_first,
                             const int blocks, const int positions) {
#define SUMS(position, block) (sums + ((position)*2 + (block)) * SQUARE)
#define EACH_SUM(DO)                                    \
  DO(SUM_00, 0, 0);                                     \
  if (positions > 1) DO(SUM_01, 1, 0);                  \
  if (blocks > 1) DO(SUM_10, 0, 1);                     \
  if (blocks > 1 && positions > 1) DO(SUM_11, 1, 1)
#define ZERO(sum, position, block) _tile_zero(sum)
#define LOAD(sum, position, block) _tile_loadd(sum, SUMS(position, block), 4 * SIDE)
#define STORE(sum, position, block) _tile_stored(sum, SUMS(position, block), 4 * SIDE)
  if (is_first) {
    EACH_SUM(ZERO);
  } else {
    EACH_SUM(LOAD);
  }
  for (int t = 0; t < taps; t++) {
    _tile_loadd(RIGHT_0, x + offsets[t], 4 * SIDE);
    if (positions > 1) _tile_loadd(RIGHT_1, x + offsets[t] + x_col, 4 * SIDE);
    for (int part = 0; part < PARTS; part++, w += SQUARE) {
      _tile_loadd(LEFT_0, w, 4 * SIDE);
      _tile_dpbf16ps(SUM_00, LEFT_0, RIGHT_0);
      if (positions > 1) _tile_dpbf16ps(SUM_01, LEFT_0, RIGHT_1);
      if (blocks > 1) {
        _tile_loadd(LEFT_1, w + w_block, 4 * SIDE);
        _tile_dpbf16ps(SUM_10, LEFT_1, RIGHT_0);
        if (positions > 1) _tile_dpbf16ps(SUM_11, LEFT_1, RIGHT_1);
      }
    }
  }
  EACH_SUM(STORE);
#undef SUMS
#undef EACH_SUM
#undef ZERO
#undef LOAD
#undef STORE
}

/* The sums of two blocks of output channels (or of one, the last) at all positions. */
static AMX void sum_products(struct amx_rows *s, const struct conv_dense_args *a, const int32_t *w,
                         size_t w_block, const size_t *offsets, int blocks) {
  const size_t x_row = (size_t)a->x.row / T * SQUARE, x_col = (size_t)a->x.col / T * SQUARE;
  const int32_t *x = s->x;
  for (int c = 0; c < s->depth; c++) {
    float *sums = s->sums;
    for (int i = 0; i < s->rows; i++)
      for (int j = 0; j < a->width; j += 2, sums += 4 * SQUARE) {
#define ADD(blocks, positions)                                                                   \
  add_products(sums, w, w_block, x + i * x_row + j * x_col, x_col, offsets, a->tap_count, c == 0, \
               blocks, positions)
        if (j + 1 == a->width) {
          if (blocks > 1) ADD(2, 1);
          else ADD(1, 1);
          sums -= 2 * SQUARE;
        } else if (blocks > 1) ADD(2, 2);
        else ADD(1, 2);
#undef ADD
      }
    x += (size_t)s->length * SQUARE;
    w += (size_t)a->tap_count * PARTS * SQUARE;
  }
}

/* The outputs of the channels [first, last) from the sums of those from o on. */
static void put_rows(const struct amx_rows *s, const struct conv_dense_args *a, const float *bias,
                     element *first_row, int o, int first, int last) {
  for (int m = 0; m < 2 * SIDE; m++) {
    if (o + m < first || o + m >= last) continue;
    const vec start = splat(bias ? bias[o + m] : 0);
    const float *sum = s->sums + m * SIDE;
    for (int i = 0; i < s->rows; i++) {
      element *out = first_row + (o + m) * (size_t)a->y.plane + i * (size_t)a->y.row;
      for (int j = 0; j < a->width; j++, sum += 2 * SQUARE, out += a->y.col) {
        vec y = start + load(sum);
        if (a->accumulate) y += load(out);
        store(out, y);
      }
    }
  }
}

/* Does what conv_dense does. 0, with nothing done, if there is no such unit or it is of no use. */
static AMX int conv_dense_amx(char *memory, const struct conv_dense_args *a, int begin, int end) {
  enum { MOST_TAPS = 64 };
  const struct conv_tap *taps = at(memory, a->taps);
  if (!a->packed || !has_amx() || a->tap_count == 0 || a->tap_count > MOST_TAPS) return 0;
  int low = taps[0].offset, high = low;
  for (int t = 1; t < a->tap_count; t++) {
    if (taps[t].offset < low) low = taps[t].offset;
    if (taps[t].offset > high) high = taps[t].offset;
  }
  size_t offsets[MOST_TAPS];
  for (int t = 0; t < a->tap_count; t++) offsets[t] = (size_t)(taps[t].offset - low) / T * SQUARE;
  struct amx_rows s;
  s.depth = squares_of(a->inner, DEPTH);
#define LENGTH(rows) \
  (((rows) - 1) * (a->x.row / T) + (a->width - 1) * (a->x.col / T) + 1 + (high - low) / T)
#define FITS(rows) (LENGTH(rows) * s.depth <= X_SQUARES && (rows) * a->width <= SUM_POSITIONS)
  int rows = a->height;
  while (rows > 1 && !FITS(rows)) rows = (rows + 1) / 2;
  if (!FITS(rows)) return 0;
  shape_squares();
  const float *bias = at_or_null(memory, a->bias);
  const size_t w_block = (size_t)s.depth * a->tap_count * PARTS * SQUARE;
  const int blocks = blocks_of(a->rows);
  for (int unit = begin; unit < end;) {
    const int tile = unit / blocks, first = unit % blocks * UNIT_ROWS;
    const int last_unit = (tile + 1) * blocks < end ? (tile + 1) * blocks : end;
    const int after = (last_unit - tile * blocks) * UNIT_ROWS;
    const int last = after < a->rows ? after : a->rows;
    const element *x = (const element *)at(memory, a->x.at) + (size_t)tile * a->x.tile + low;
    element *y = (element *)at(memory, a->y.at) + (size_t)tile * a->y.tile;
    for (int i = 0; i < a->height; i += rows) {
      s.rows = i + rows < a->height ? rows : a->height - i;
      s.length = LENGTH(s.rows);
      for (int c = 0; c < s.depth; c++)
        pack_x(s.x + (size_t)c * s.length * SQUARE,
               x + i * (size_t)a->x.row + (size_t)c * DEPTH * a->x.plane, a->x.plane, s.length,
               a->inner - c * DEPTH);
      WRITTEN;
      for (int o = first / SIDE * SIDE; o < last; o += 2 * SIDE) {
        const int32_t *w = (const int32_t *)at(memory, a->packed) + o / SIDE * w_block;
        sum_products(&s, a, w, w_block, offsets, o + SIDE < last ? 2 : 1);
        put_rows(&s, a, bias, y + i * (size_t)a->y.row, o, first, last);
      }
    }
    unit = last_unit;
  }
  _tile_release();
#undef LENGTH
#undef FITS
  return 1;
}
#endif

#endif
