/* Convolution by kernel groups: a weight is a list of pairs of channels (output, inner) that have a
 * kernel of dense taps; all other pairs are zero and cost nothing. Forward, input gradient (the
 * same sum over the transposed pairs, the taps mirrored), and the gradient of the taps. Layouts:
 * src/runtime/contract/.
 */
#include "conv.h"
#include "kernels.h"
#include "pair.h"

/* A table of taps as runs of `length` taps, each run with the next taps at the next positions of x.
 * In a run's first tap the offset is least; run g starts at taps[g * length + first], its indices
 * rise by index_step (which may be negative). */
struct tap_runs {
  const struct conv_tap *taps;
  int count, length, first, index_step;
};

/* 1 if the table consists of runs of n taps, x_step elements apart; a mirrored table is read from
 * the back of each run. */
static int find_runs(struct tap_runs *runs, const struct conv_tap *taps, int tap_count, int n,
                     int x_step) {
  if (n > tap_count || tap_count % n) return 0;
  const int step = n == 1 ? x_step : taps[1].offset - taps[0].offset,
            index_step = n == 1 ? 0 : taps[1].index - taps[0].index;
  if (step != x_step && step != -x_step) return 0;
  for (int t = 0; t < tap_count; t++)
    if (t % n && (taps[t].offset - taps[t - 1].offset != step ||
                  taps[t].index - taps[t - 1].index != index_step))
      return 0;
  const int back = step != x_step;
  *runs = (struct tap_runs){taps, tap_count / n, n, back ? n - 1 : 0,
                            back ? -index_step : index_step};
  return 1;
}

/* The longest runs that have code of their own. */
static struct tap_runs tap_runs_of(const struct conv_tap *taps, int tap_count, int x_step) {
  struct tap_runs runs = {taps, 0, 1, 0, 0}; /* a phase may have no tap at all */
  if (!find_runs(&runs, taps, tap_count, 5, x_step) &&
      !find_runs(&runs, taps, tap_count, 3, x_step) &&
      !find_runs(&runs, taps, tap_count, 2, x_step))
    find_runs(&runs, taps, tap_count, 1, x_step);
  return runs;
}

/* Positions computed together, of at most BAND_ROWS rows. */
#if VL == 16
#define BLOCK_POSITIONS 16
#else
#define BLOCK_POSITIONS 8
#endif
#define BAND_ROWS 4
/* Width from which planes are too large to stay in cache from one output channel to the next. */
#define WIDE 32

/* What the blocks of a call share. */
struct pairs_job {
  const char *memory;
  struct tap_runs runs;
  size_t x_row, x_col, y_row, y_col;
  int accumulate;
};

/* Asks for what the pairs after this one need: planes and weights lie scattered, which no hardware
 * foresees. Where a vector is a whole tile, for the taps of a 3 x 3 kernel; larger ones have enough
 * to compute. */
INLINE void prefetch_pairs(const struct pairs_job *job, const int run, const int rows,
                           const int cols, const struct pair *pair, const struct pair *end,
                           const element *x) {
#if VL == T
  if (run != 3) return;
  if (pair + 4 < end) {
    const char *weights = job->memory + pair[4].weights;
    __builtin_prefetch(weights);
    __builtin_prefetch(weights + 32);
  }
  if (pair + 1 < end) {
    const element *p = element_at(x, pair[1].plane);
    for (int r = 0; r < rows + 2; r++, p += job->x_row)
      UNROLL for (int j = 0; j < cols + 2; j += LINE_POSITIONS) __builtin_prefetch(p + j * T);
  }
#endif
}

/* rows x cols positions of one output channel, VL lanes of them. Each position's products are added
 * one by one, by pair and by tap, in every block alike. */
INLINE void pairs_block(const struct pairs_job *job, const int run, const int rows, const int cols,
                        const struct pair *pairs, int count, float bias, const element *x,
                        element *y) {
  const size_t x_col = run == 1 ? job->x_col : T;
  vec sum[BLOCK_POSITIONS];
  UNROLL for (int i = 0; i < rows * cols; i++) sum[i] = splat(bias);
  for (const struct pair *end = pairs + count; pairs < end; pairs++) {
    const element *plane = element_at(x, pairs->plane);
    const float *kernel = (const float *)(job->memory + pairs->weights);
    const struct conv_tap *tap = job->runs.taps + job->runs.first;
    prefetch_pairs(job, run, rows, cols, pairs, end, x);
    for (int g = job->runs.count; g > 0; g--, tap += run) {
      const float *w = kernel + tap->index;
      const element *p = plane + tap->offset;
      vec weight[5];
      UNROLL for (int t = 0; t < run; t++) weight[t] =
          splat(w[t * (ptrdiff_t)job->runs.index_step]);
      UNROLL for (int r = 0; r < rows; r++, p += job->x_row) {
        const element *q = p;
        BASE(q);
        vec window[5];
        UNROLL for (int t = 0; t < run - 1; t++) window[t] = load(q + t * T);
        UNROLL for (int j = 0; j < cols; j++) {
          window[run - 1] = load(q + j * x_col + (run - 1) * T);
          UNROLL for (int t = 0; t < run; t++) sum[r * cols + j] += weight[t] * window[t];
          UNROLL for (int t = 0; t < run - 1; t++) window[t] = window[t + 1];
        }
      }
    }
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int j = 0; j < cols; j++) {
      element *out = y + r * job->y_row + j * job->y_col;
      vec result = sum[r * cols + j];
      if (job->accumulate) result += load(out);
      store(out, result);
    }
}

/* `cols` columns of `height` rows, all lanes. */
INLINE void pairs_columns(const struct pairs_job *job, const int run, const int cols, int height,
                          const struct pair *pairs, int count, float bias, const element *x,
                          element *y) {
  const int rows = BLOCK_POSITIONS / cols < BAND_ROWS ? BLOCK_POSITIONS / cols : BAND_ROWS;
  for (int v = 0; v < T; v += VL) {
    const element *u = x + v;
    element *out = y + v;
    int i = 0;
    for (; i + rows <= height; i += rows, u += rows * job->x_row, out += rows * job->y_row)
      pairs_block(job, run, rows, cols, pairs, count, bias, u, out);
    for (; i < height; i++, u += job->x_row, out += job->y_row)
      pairs_block(job, run, 1, cols, pairs, count, bias, u, out);
  }
}

/* Output channels [first, last) of one tile, band by band: rows of positions that all channels do
 * before the next ones are begun. Where planes are large they share x, which is then read from
 * memory once. */
INLINE void pairs_rows(char *memory, const struct conv_pairs_args *a, const struct pairs_job *job,
                       const int run, int tile, int first, int last) {
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias);
  const element *x = (const element *)at(memory, a->x.at) + (size_t)tile * a->x.tile;
  element *y = (element *)at(memory, a->y.at) + (size_t)tile * a->y.tile;
  const int band = a->width < WIDE ? a->height : BAND_ROWS;
  for (int i = 0; i < a->height; i += band) {
    const int height = i + band < a->height ? band : a->height - i;
    const element *u = x + (size_t)i * a->x.row;
    for (int o = first; o < last; o++) {
      const struct pair *pairs =
          (const struct pair *)at(memory, a->entries) + (size_t)o * a->entry_stride;
      element *out = y + (size_t)o * a->y.plane + (size_t)i * a->y.row;
      const float b = bias ? bias[o] : 0;
      int j = 0;
#define COLUMNS(n)                                                                \
  pairs_columns(job, run, n, height, pairs, counts[o], b, u + j * job->x_col,     \
                out + j * job->y_col)
      for (; j + 8 <= a->width; j += 8) COLUMNS(8);
      for (; j + 4 <= a->width; j += 4) COLUMNS(4);
      for (; j < a->width; j++) COLUMNS(1);
#undef COLUMNS
    }
  }
}

/* Code for runs of n taps. Functions of their own, as kernels are: V8 compiles them one by one,
 * when they are used. */
#define PAIRS_ROWS(n)                                                                       \
  static __attribute__((noinline)) void pairs_rows_##n(                                     \
      char *memory, const struct conv_pairs_args *a, const struct pairs_job *job, int tile, \
      int first, int last) {                                                                \
    pairs_rows(memory, a, job, n, tile, first, last);                                       \
  }
PAIRS_ROWS(1)
PAIRS_ROWS(2)
PAIRS_ROWS(3)
PAIRS_ROWS(5)
#undef PAIRS_ROWS

KERNEL(conv_pairs) {
  const struct conv_pairs_args *a = (const void *)args;
  const struct pairs_job job = {
      memory,       tap_runs_of(at(memory, a->taps), a->tap_count, a->x.col == T ? T : 0),
      a->x.row,     a->x.col,
      a->y.row,     a->y.col,
      a->accumulate};
  const int blocks = blocks_of(a->rows);
  /* All units of a tile that are in the range, together. */
  for (int unit = begin; unit < end;) {
    const int tile = unit / blocks, next = (tile + 1) * blocks < end ? (tile + 1) * blocks : end;
    const int first = (unit - tile * blocks) * UNIT_ROWS, last = (next - tile * blocks) * UNIT_ROWS;
    const int rows = last < a->rows ? last : a->rows;
    switch (job.runs.length) {
      case 5: pairs_rows_5(memory, a, &job, tile, first, rows); break;
      case 3: pairs_rows_3(memory, a, &job, tile, first, rows); break;
      case 2: pairs_rows_2(memory, a, &job, tile, first, rows); break;
      default: pairs_rows_1(memory, a, &job, tile, first, rows);
    }
    unit = next;
  }
}

/* Runs of taps whose gradients are summed side by side, and whether there are registers to keep
 * vectors of x for their next taps (natively a product can take its factor from memory, in wasm it
 * cannot). */
#ifdef __wasm__
#define GRAD_RUNS(run) (run == 5 ? 1 : run == 3 ? 2 : run == 2 ? 3 : 4)
#define SLIDES(run) (run > 1)
#elif VL == 16
#define GRAD_RUNS(run) (run == 5 ? 5 : run == 3 ? 3 : run == 2 ? 4 : 8)
#define SLIDES(run) (run == 2 || run == 3)
#else
#define GRAD_RUNS(run) (run == 5 ? 2 : run == 3 ? 3 : run == 2 ? 4 : 8)
#define SLIDES(run) 0
#endif

/* sum[q][t] += dy times x at position + t, for the positions of one plane and runs that start at
 * x[q]. `slide`: x's positions are next to each other, so a vector is loaded for one tap and kept
 * for the others. */
INLINE void grad_plane(const struct conv_pairs_weight_grad_args *a, const int run, const int runs,
                       const int slide, lane_sums sum[][5], const element *dy,
                       const element *const *x) {
  const size_t x_col = slide ? T : a->x.col;
  for (int i = 0; i < a->height; i++) {
    const element *d = dy + (size_t)i * a->dy.row;
    for (int v = 0; v < T; v += VL, d += VL) {
      const element *p[8];
      factor window[8][5];
      UNROLL for (int q = 0; q < runs; q++) {
        p[q] = x[q] + (size_t)i * a->x.row + v;
        if (slide)
          UNROLL for (int t = 0; t < run - 1; t++) window[q][t] = load_factor(p[q] + t * T);
      }
      for (int j = 0; j < a->width; j++) {
        const factor u = load_factor(d + j * T);
        UNROLL for (int q = 0; q < runs; q++) {
          const element *w = p[q] + j * x_col;
          BASE(w);
          UNROLL for (int t = slide ? run - 1 : 0; t < run; t++) window[q][t] =
              load_factor(w + t * T);
          UNROLL for (int t = 0; t < run; t++) sum[q][t] = add_product(sum[q][t], u, window[q][t]);
          UNROLL for (int t = 0; t < run - 1; t++) window[q][t] = window[q][t + 1];
        }
      }
    }
  }
}

/* The gradients of one output channel's pairs. */
INLINE void grad_row(char *memory, const struct conv_pairs_weight_grad_args *a,
                     const struct tap_runs *runs, const int run, const int slide, int o) {
  const int side = GRAD_RUNS(run),
            last = ((const int32_t *)at(memory, a->counts))[o] * runs->count - 1;
  const struct pair *pairs =
      (const struct pair *)at(memory, a->entries) + (size_t)o * a->entry_stride;
  float *g = (float *)at(memory, a->g) + (size_t)o * a->inner * a->tap_count;
  for (int k = 0; k <= last; k += side) {
    /* The last ones are repeated to fill up (and store the same values again). */
    const element *x[8];
    float *out[8];
    lane_sums sum[8][5];
    UNROLL for (int q = 0; q < side; q++) {
      const int place = k + q < last ? k + q : last;
      const struct pair p = pairs[place / runs->count];
      const struct conv_tap *first = runs->taps + place % runs->count * run + runs->first;
      x[q] = element_at(at(memory, a->x.at), p.plane) + first->offset;
      out[q] = g + p.plane / ((uint32_t)a->x.plane * 4) * a->tap_count + first->index;
      UNROLL for (int t = 0; t < run; t++) sum[q][t] = no_products();
    }
    const element *dy = (const element *)at(memory, a->dy.at) + (size_t)o * a->dy.plane;
    for (int tile = 0; tile < a->tiles; tile++, dy += a->dy.tile) {
      grad_plane(a, run, side, slide, sum, dy, x);
      UNROLL for (int q = 0; q < side; q++) x[q] += a->x.tile;
    }
    UNROLL for (int q = 0; q < side; q++)
      UNROLL for (int t = 0; t < run; t++) out[q][t * runs->index_step] =
          total(as_vector(sum[q][t]));
  }
}

#define GRAD_ROW(n)                                                                               \
  static __attribute__((noinline)) void grad_row_##n(char *memory,                                \
                                                     const struct conv_pairs_weight_grad_args *a, \
                                                     const struct tap_runs *runs, int o) {        \
    if (SLIDES(n) && a->x.col == T) grad_row(memory, a, runs, n, 1, o);                           \
    else grad_row(memory, a, runs, n, 0, o);                                                      \
  }
GRAD_ROW(1)
GRAD_ROW(2)
GRAD_ROW(3)
GRAD_ROW(5)
#undef GRAD_ROW

KERNEL(conv_pairs_weight_grad) {
  const struct conv_pairs_weight_grad_args *a = (const void *)args;
  const struct tap_runs runs = tap_runs_of(at(memory, a->taps), a->tap_count, T);
  for (int o = begin; o < end; o++) switch (runs.length) {
      case 5: grad_row_5(memory, a, &runs, o); break;
      case 3: grad_row_3(memory, a, &runs, o); break;
      case 2: grad_row_2(memory, a, &runs, o); break;
      default: grad_row_1(memory, a, &runs, o);
    }
}
