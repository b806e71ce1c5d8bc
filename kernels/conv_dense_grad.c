/* The gradient of a dense convolution's weight: a sum of vectors of dy times vectors of x, over all
 * positions and tiles, whose lanes are added at the end. Layouts: src/runtime/contract/.
 */
#include "conv.h"
#include "totals.h"

/* The sums of a dense weight gradient are vectors along the lanes, and become numbers once every
 * GRAD_POSITIONS positions or so (half of them if they are of several tiles), so that what is
 * summed stays in cache while all weights use it. */
#define GRAD_POSITIONS 128

/* The positions of one pass: whole tiles, or some rows of one tile. */
struct grad_cut {
  int tiles, rows;
};

INLINE struct grad_cut grad_cut_of(int height, int width) {
  const int positions = height * width;
  if (positions < GRAD_POSITIONS / 2)
    return (struct grad_cut){GRAD_POSITIONS / 2 / positions, height};
  return (struct grad_cut){1, (GRAD_POSITIONS + width - 1) / width};
}

/* How they are walked. A row is `parts` times n vectors a step apart; strides in floats. */
struct grad_span {
  int tiles, rows, parts, n;
  size_t dy_tile, dy_row, dy_step, x_tile, x_row, x_step;
};

/* Vectors of neighbouring positions are neighbours, unless the convolution has a stride. */
INLINE struct grad_span grad_span_of(int width, int dy_tile, int dy_row, int x_tile, int x_row,
                                     int x_col) {
  if (x_col == T)
    return (struct grad_span){0, 0, 1, width * TV, dy_tile, dy_row, VL, x_tile, x_row, VL};
  return (struct grad_span){0, 0, TV, width, dy_tile, dy_row, T, x_tile, x_row, x_col};
}

/* A block of weights whose gradients are summed together: 4 output channels x GRAD_PLACES pairs of
 * (inner channel, tap). */
#define GRAD_ROWS 4
#if VL == 16 || defined(__aarch64__)
#define GRAD_PLACES 6
#elif VL == 8
#define GRAD_PLACES 3
#else
#define GRAD_PLACES 2
#endif

struct grad_block {
  const float *dy[GRAD_ROWS], *x[GRAD_PLACES];
  vec total[GRAD_PLACES]; /* lane m: of output channel m */
};

BLOCK_FUNCTION sum_grad_block(struct grad_block *b, const struct grad_span *s) {
  vec sum[GRAD_PLACES][GRAD_ROWS];
  UNROLL for (int q = 0; q < GRAD_PLACES; q++) UNROLL for (int m = 0; m < GRAD_ROWS; m++)
      sum[q][m] = splat(0);
  const size_t dy_step = s->dy_step, x_step = s->x_step;
  for (int tile = 0; tile < s->tiles; tile++)
    for (int i = 0; i < s->rows; i++)
      for (int part = 0; part < s->parts; part++) {
        const float *dy[GRAD_ROWS], *x[GRAD_PLACES];
        UNROLL for (int m = 0; m < GRAD_ROWS; m++) dy[m] =
            b->dy[m] + tile * s->dy_tile + i * s->dy_row + part * VL;
        UNROLL for (int q = 0; q < GRAD_PLACES; q++) x[q] =
            b->x[q] + tile * s->x_tile + i * s->x_row + part * VL;
        size_t d = 0, u = 0;
        for (int v = 0; v < s->n; v++, d += dy_step, u += x_step) {
          vec in[GRAD_PLACES];
          UNROLL for (int q = 0; q < GRAD_PLACES; q++) in[q] = load(x[q] + u);
          UNROLL for (int m = 0; m < GRAD_ROWS; m++) {
            const vec out = load(dy[m] + d);
            UNROLL for (int q = 0; q < GRAD_PLACES; q++) sum[q][m] += out * in[q];
          }
        }
      }
  UNROLL for (int q = 0; q < GRAD_PLACES; q++) b->total[q] = totals(sum[q]);
}

/* The pairs (inner channel, tap) [from, to) of the output channels [begin, end), over one span. */
INLINE void conv_grad_span(char *memory, const struct conv_dense_weight_grad_args *a,
                           const struct grad_span *span, const float *dy, const float *x, int from,
                           int to, int begin, int end, int first) {
  const struct conv_tap *taps = at(memory, a->taps);
  const int taps_count = a->tap_count;
  for (int o = begin; o < end; o += GRAD_ROWS) {
    float *g = (float *)at(memory, a->g) + (size_t)o * a->inner * taps_count;
    struct grad_block b;
    /* Where fewer are left the last one is repeated, and not stored. */
    UNROLL for (int m = 0; m < GRAD_ROWS; m++) b.dy[m] =
        dy + (size_t)(o + m < end ? o + m : end - 1) * a->dy.plane;
    for (int k = from, c = from / taps_count, t = from % taps_count; k < to; k += GRAD_PLACES) {
      int place[GRAD_PLACES];
      UNROLL for (int q = 0; q < GRAD_PLACES; q++) {
        b.x[q] = x + (size_t)c * a->x.plane + taps[t].offset;
        place[q] = c * taps_count + taps[t].index;
        if (k + q + 1 < to && ++t == taps_count) t = 0, c++;
      }
      sum_grad_block(&b, span);
      for (int m = 0; m < GRAD_ROWS && o + m < end; m++)
        UNROLL for (int q = 0; q < GRAD_PLACES; q++) {
          float *out = g + (size_t)m * a->inner * taps_count + place[q];
          if (k + q < to) *out = first ? b.total[q][m] : *out + b.total[q][m];
        }
    }
  }
}

KERNEL(conv_dense_weight_grad) {
  const struct conv_dense_weight_grad_args *a = (const void *)args;
  const float *dy = at(memory, a->dy.at), *x = at(memory, a->x.at);
  const int places = a->inner * a->tap_count;
  struct grad_span span =
      grad_span_of(a->width, a->dy.tile, a->dy.row, a->x.tile, a->x.row, a->x.col);
  const struct grad_cut cut = grad_cut_of(a->height, a->width);
  /* x of so many pairs stays in the second-level cache while all output channels use it. */
  const uint64_t bytes = (uint64_t)cut.tiles * ((uint64_t)cut.rows * a->x.row + 2 * T) * 4;
  const uint64_t near = CONV_CACHE / bytes * a->tap_count;
  int step = (int)(near < (uint64_t)places ? near : (uint64_t)places) / GRAD_PLACES * GRAD_PLACES;
  if (step < 16 * GRAD_PLACES) step = 16 * GRAD_PLACES;
  for (int tile = 0; tile < a->tiles; tile += cut.tiles)
    for (int row = 0; row < a->height; row += cut.rows) {
      span.tiles = tile + cut.tiles < a->tiles ? cut.tiles : a->tiles - tile;
      span.rows = row + cut.rows < a->height ? cut.rows : a->height - row;
      for (int k = 0; k < places; k += step)
        conv_grad_span(memory, a, &span, dy + (size_t)tile * a->dy.tile + (size_t)row * a->dy.row,
                       x + (size_t)tile * a->x.tile + (size_t)row * a->x.row, k,
                       k + step < places ? k + step : places, begin, end, tile == 0 && row == 0);
    }
}
