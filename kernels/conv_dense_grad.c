/* The gradient of a dense convolution's weight: a sum of vectors of dy times vectors of x, over all
 * positions and tiles, whose lanes are added at the end. Layouts: src/runtime/contract/.
 */
#include "conv.h"
#include "conv_grad_amx.h"
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

/* How they are walked. A row is `parts` times n vectors a step apart; strides in elements. */
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

/* Planes of bf16 are made float32 once for all products they are used in, if what a span needs is
 * small enough (else these would spend as long on it as on multiplying), and if there is no dot
 * product that takes them as they are. */
#if defined(HALF_PLANES) && !defined(DOT_PRODUCTS)
#define COPIES
#endif

/* Numbers of a plane, or float copies of them (constants after inlining). */
INLINE factor load_number(const void *p, size_t k, const int is_copy) {
#ifdef COPIES
  if (is_copy) return load((const float *)p + k);
#endif
  return load_factor((const element *)p + k);
}
INLINE const void *number_at(const void *p, size_t k, const int is_copy) {
  return (const char *)p + k * (is_copy ? sizeof(float) : sizeof(element));
}

struct grad_block {
  const void *dy[GRAD_ROWS], *x[GRAD_PLACES];
  vec total[GRAD_PLACES]; /* lane m: of output channel m */
};

INLINE void sum_block(struct grad_block *b, const struct grad_span *s, const int is_copy) {
  lane_sums sum[GRAD_PLACES][GRAD_ROWS];
  UNROLL for (int q = 0; q < GRAD_PLACES; q++) UNROLL for (int m = 0; m < GRAD_ROWS; m++)
      sum[q][m] = no_products();
  const size_t dy_step = s->dy_step, x_step = s->x_step;
  for (int tile = 0; tile < s->tiles; tile++)
    for (int i = 0; i < s->rows; i++)
      for (int part = 0; part < s->parts; part++) {
        const void *dy[GRAD_ROWS], *x[GRAD_PLACES];
        const size_t at_dy = tile * s->dy_tile + i * s->dy_row + part * VL,
                     at_x = tile * s->x_tile + i * s->x_row + part * VL;
        UNROLL for (int m = 0; m < GRAD_ROWS; m++) dy[m] = number_at(b->dy[m], at_dy, is_copy);
        UNROLL for (int q = 0; q < GRAD_PLACES; q++) x[q] = number_at(b->x[q], at_x, is_copy);
        size_t d = 0, u = 0;
        for (int v = 0; v < s->n; v++, d += dy_step, u += x_step) {
          factor in[GRAD_PLACES];
          UNROLL for (int q = 0; q < GRAD_PLACES; q++) in[q] = load_number(x[q], u, is_copy);
          UNROLL for (int m = 0; m < GRAD_ROWS; m++) {
            const factor out = load_number(dy[m], d, is_copy);
            UNROLL for (int q = 0; q < GRAD_PLACES; q++)
              sum[q][m] = add_product(sum[q][m], out, in[q]);
          }
        }
      }
  UNROLL for (int q = 0; q < GRAD_PLACES; q++) {
    vec lanes[GRAD_ROWS];
    UNROLL for (int m = 0; m < GRAD_ROWS; m++) lanes[m] = as_vector(sum[q][m]);
    b->total[q] = totals(lanes);
  }
}

BLOCK_FUNCTION sum_grad_block(struct grad_block *b, const struct grad_span *s) {
  sum_block(b, s, 0);
}

/* So many floats of x are copied, of some inner channels, and of dy, of a block's output channels.
 * */
#define X_COPIES (CONV_CACHE / 4)
#define DY_COPIES (GRAD_ROWS * 2 * GRAD_POSITIONS * T)

#ifdef COPIES
BLOCK_FUNCTION sum_copied_block(struct grad_block *b, const struct grad_span *s) {
  sum_block(b, s, 1);
}
#else
#define sum_copied_block sum_grad_block
#endif

/* `planes` planes of `tiles` tiles, `length` numbers of each, one behind the other. */
static void copy_numbers(float *copy, const element *from, int planes, size_t plane, int tiles,
                         size_t tile, size_t length) {
  for (int c = 0; c < planes; c++)
    for (int t = 0; t < tiles; t++, copy += length) {
      const element *p = from + c * plane + t * tile;
      for (size_t k = 0; k < length; k += VL) store(copy + k, load(p + k));
    }
}

/* What the products of a span have in common: where its first planes are. */
struct grad_source {
  const element *dy, *x;
  size_t dy_length, x_length; /* of its part of a plane, where they are copied, else 0 */
  struct grad_span span;
};

/* The pairs (inner channel, tap) [from, to) of the output channels [begin, end), over one span. */
INLINE void conv_grad_span(char *memory, const struct conv_dense_weight_grad_args *a,
                           const struct grad_source *source, int from, int to, int begin, int end,
                           int first, const int is_copy) {
  const struct conv_tap *taps = at(memory, a->taps);
  const int taps_count = a->tap_count, channel = from / taps_count;
  float x_copies[is_copy ? X_COPIES : 1], dy_copies[is_copy ? DY_COPIES : 1];
  struct grad_span span = source->span;
  const element *x_from = source->x + (size_t)channel * a->x.plane;
  const void *x = x_from, *dy = source->dy;
  size_t x_plane = a->x.plane, dy_plane = a->dy.plane;
  if (is_copy) {
    copy_numbers(x_copies, x_from, (to - 1) / taps_count + 1 - channel, x_plane, span.tiles,
                 span.x_tile, source->x_length);
    x = x_copies, x_plane = source->x_length * span.tiles, span.x_tile = source->x_length;
    dy_plane = source->dy_length * span.tiles, span.dy_tile = source->dy_length;
  }
  for (int o = begin; o < end; o += GRAD_ROWS) {
    float *g = (float *)at(memory, a->g) + (size_t)o * a->inner * taps_count;
    const int rows = o + GRAD_ROWS < end ? GRAD_ROWS : end - o;
    struct grad_block b;
    if (is_copy)
      copy_numbers(dy_copies, source->dy + (size_t)o * a->dy.plane, rows, a->dy.plane, span.tiles,
                   source->span.dy_tile, source->dy_length);
    else dy = source->dy + (size_t)o * a->dy.plane;
    /* Where fewer are left the last one is repeated, and not stored. */
    UNROLL for (int m = 0; m < GRAD_ROWS; m++) b.dy[m] =
        number_at(is_copy ? dy_copies : dy, (size_t)(m < rows ? m : rows - 1) * dy_plane, is_copy);
    for (int k = from, c = 0, t = from % taps_count; k < to; k += GRAD_PLACES) {
      int place[GRAD_PLACES];
      UNROLL for (int q = 0; q < GRAD_PLACES; q++) {
        b.x[q] = number_at(x, (size_t)c * x_plane + taps[t].offset, is_copy);
        place[q] = (channel + c) * taps_count + taps[t].index;
        if (k + q + 1 < to && ++t == taps_count) t = 0, c++;
      }
      if (is_copy) sum_copied_block(&b, &span);
      else sum_grad_block(&b, &span);
      for (int m = 0; m < rows; m++)
        UNROLL for (int q = 0; q < GRAD_PLACES; q++) {
          float *out = g + (size_t)m * a->inner * taps_count + place[q];
          if (k + q < to) *out = first ? b.total[q][m] : *out + b.total[q][m];
        }
    }
  }
}

#ifdef COPIES
/* How many numbers of a plane a span reads, from the first to the last: 0 if there is no room for
 * copies of them. */
static void find_lengths(struct grad_source *s, const struct conv_dense_weight_grad_args *a,
                         const struct conv_tap *taps) {
  int last = 0;
  for (int t = 0; t < a->tap_count; t++)
    if (taps[t].offset > last) last = taps[t].offset;
  const size_t rows = s->span.rows - 1, columns = a->width - 1;
  const size_t x_length = rows * a->x.row + columns * a->x.col + T + last,
               dy_length = rows * a->dy.row + columns * T + T;
  const int is_room = x_length * s->span.tiles <= X_COPIES &&
                      GRAD_ROWS * dy_length * s->span.tiles <= DY_COPIES;
  s->x_length = is_room ? x_length : 0;
  s->dy_length = is_room ? dy_length : 0;
}
#endif

KERNEL(conv_dense_weight_grad) {
  const struct conv_dense_weight_grad_args *a = (const void *)args;
#ifdef HAS_AMX_CODE
  if (conv_grad_amx(memory, a, begin, end)) return;
#endif
  const element *dy = at(memory, a->dy.at), *x = at(memory, a->x.at);
  const int places = a->inner * a->tap_count;
  const struct grad_cut cut = grad_cut_of(a->height, a->width);
  struct grad_source source = {
      .span = grad_span_of(a->width, a->dy.tile, a->dy.row, a->x.tile, a->x.row, a->x.col)};
  /* x of so many pairs stays in the second-level cache while all output channels use it. */
  const uint64_t bytes =
      (uint64_t)cut.tiles * ((uint64_t)cut.rows * a->x.row + 2 * T) * sizeof(element);
  const uint64_t near = CONV_CACHE / bytes * a->tap_count;
  int step = (int)(near < (uint64_t)places ? near : (uint64_t)places) / GRAD_PLACES * GRAD_PLACES;
  if (step < 16 * GRAD_PLACES) step = 16 * GRAD_PLACES;
  for (int tile = 0; tile < a->tiles; tile += cut.tiles)
    for (int row = 0; row < a->height; row += cut.rows) {
      source.span.tiles = tile + cut.tiles < a->tiles ? cut.tiles : a->tiles - tile;
      source.span.rows = row + cut.rows < a->height ? cut.rows : a->height - row;
      source.dy = dy + (size_t)tile * a->dy.tile + (size_t)row * a->dy.row;
      source.x = x + (size_t)tile * a->x.tile + (size_t)row * a->x.row;
      const int first = tile == 0 && row == 0;
#define SPANS(step, is_copy)                                                                    \
  for (int k = 0; k < places; k += step)                                                        \
  conv_grad_span(memory, a, &source, k, k + step < places ? k + step : places, begin, end, first, \
                 is_copy)
#ifdef COPIES
      find_lengths(&source, a, at(memory, a->taps));
      if (source.x_length > 0) {
        const int channels = (int)(X_COPIES / (source.x_length * source.span.tiles));
        SPANS(channels * a->tap_count, 1);
        continue;
      }
#endif
      SPANS(step, 0);
#undef SPANS
    }
}
