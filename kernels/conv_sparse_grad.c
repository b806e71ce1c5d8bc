/* The weight gradient of a convolution at the places of an unstructured pattern:
 *
 *   g[o, c, t] = sum over tiles, positions and lanes of dy[o, i, j] x[c, i, j, t].
 *
 * A product has a vector of x of its own, so what bounds this is how fast those come from the
 * caches. Hence the order of the loops. A few neighbouring positions are done for many weights
 * before the next ones: their dy is in registers for all weights of an output channel, and only
 * some planes of x are used at a time, which stay in the nearest caches. Between positions the sums
 * of the weights, a vector each, wait in the second-level cache; they become numbers once, at the
 * end. A weight's products are added in an order that follows from the positions alone, whatever
 * other weights are done with it.
 */
#include "conv.h"

/* Positions done together, as square as registers for their dy allow: so they share the most of x.
 * */
#if VL == 16
#define GRAD_HEIGHT 4
#define GRAD_WIDTH 4
#elif VL == 8 || defined(__aarch64__)
#define GRAD_HEIGHT 2
#define GRAD_WIDTH 2
#else
#define GRAD_HEIGHT 1
#define GRAD_WIDTH 2
#endif

/* Sums that a weight's products at those positions go to in turn, so that one need not wait for the
 * one before it. */
#ifdef DOT_PRODUCTS
#define GRAD_CHAINS 4
#else
#define GRAD_CHAINS 1
#endif

/* How many times so many positions, side by side, before other weights: natively once, what comes
 * next is prefetched. In wasm it cannot be, but a longer stretch is what the hardware sees coming.
 * Output channels and weights done together: the more, the less often x and dy come from memory, as
 * long as what all of them need at some positions stays in the second-level cache; the sums are on
 * the stack (of STACK_BYTES, src/runtime/backend.ts, in wasm). And bytes of x used at a time: less
 * of it, and runs would be too short. */
#ifdef __wasm__
#define GRAD_STEPS 8
#define GRAD_CHANNELS 64
#define GRAD_SUMS 2048
#define GRAD_NEAR (128 * 1024)
#else
#define GRAD_STEPS 1
#define GRAD_CHANNELS 128
#define GRAD_SUMS 4096
#define GRAD_NEAR (64 * 1024)
#endif

/* Weights done together, in runs of one output channel and some neighbouring planes of x: all
 * channels' runs of the first planes, then those of the next. */
struct grad_runs {
  int channels, runs, count;
  int first_plane, last_plane; /* those of x that are read are among [first, last) */
  uint16_t length[GRAD_SUMS];
  uint32_t offset[GRAD_SUMS]; /* as in the entries */
  lane_sums sum[GRAD_SUMS];
};

/* Output channels whose weights are done, and how far their entries have been taken. */
struct pattern_rows {
  const struct entry *entries;
  const int32_t *counts;
  size_t entry_stride;
  int next[GRAD_CHANNELS], left;
  int plane; /* entries of planes before it have been taken */
};

/* Takes the next weights, `planes` planes a run. Where there is no room for a whole run, the rest
 * of it comes next time. */
static void take_runs(struct grad_runs *r, struct pattern_rows *rows, int planes,
                      uint32_t plane_bytes) {
  const int room = rows->left < GRAD_SUMS ? rows->left : GRAD_SUMS;
  r->runs = r->count = 0;
  r->first_plane = rows->plane;
  while (r->count < room && r->runs + r->channels <= GRAD_SUMS) {
    const int64_t limit = (int64_t)(rows->plane + planes) * plane_bytes;
    for (int m = 0; m < r->channels; m++) {
      const struct entry *row = rows->entries + m * rows->entry_stride;
      const int before = r->count;
      for (int k = rows->next[m]; k < rows->counts[m] && row[k].offset < limit && r->count < room;
           k++) {
        r->offset[r->count] = row[k].offset;
        r->sum[r->count++] = no_products();
      }
      r->length[r->runs++] = r->count - before;
      rows->next[m] += r->count - before;
    }
    rows->plane += planes;
  }
  r->last_plane = rows->plane;
  if (r->count == room) rows->plane -= planes;
  rows->left -= r->count;
}

/* Where positions are. */
struct grad_place {
  int tile, i, j;
};

INLINE int height_at(const struct conv_sparse_weight_grad_args *a, struct grad_place p) {
  return p.i + GRAD_HEIGHT <= a->height ? GRAD_HEIGHT : 1;
}

INLINE int width_at(const struct conv_sparse_weight_grad_args *a, struct grad_place p) {
  return p.j + GRAD_WIDTH <= a->width ? GRAD_WIDTH : 1;
}

static int steps_at(const struct conv_sparse_weight_grad_args *a, struct grad_place p) {
  const int steps = (a->width - p.j) / GRAD_WIDTH;
  return steps < 1 ? 1 : steps < GRAD_STEPS ? steps : GRAD_STEPS;
}

static struct grad_place place_after(const struct conv_sparse_weight_grad_args *a,
                                     struct grad_place p) {
  const int i = p.i + height_at(a, p), j = p.j + width_at(a, p) * steps_at(a, p);
  if (j < a->width) return (struct grad_place){p.tile, p.i, j};
  if (i < a->height) return (struct grad_place){p.tile, i, 0};
  return (struct grad_place){p.tile + 1, 0, 0};
}

/* What to ask for while the positions before are computed (no hardware foresees where it lies):
 * their dy, and of every plane of x what the positions before did not use. */
struct grad_ahead {
  const element *dy, *x;
  int dy_height, dy_width, x_planes, x_height, x_width;
  size_t x_row, x_plane;
};

INLINE void fetch_lines(const element *p, int height, int width, size_t row) {
#ifndef __wasm__
  for (int i = 0; i < height; i++, p += row)
    for (int j = 0; j < width; j += LINE_POSITIONS) __builtin_prefetch(p + j * T);
#endif
}

/* rows x cols positions (constants after inlining) from dy and x on, for n weights of one output
 * channel. */
INLINE void grad_run(const struct conv_sparse_weight_grad_args *a, const int rows, const int cols,
                     lane_sums *sum, const uint32_t *offset, int n, const element *dy,
                     const element *x) {
  const size_t x_row = a->x.row, x_col = a->x.col;
  factor d[GRAD_HEIGHT * GRAD_WIDTH * TV];
#define EACH_VECTOR UNROLL for (int p = 0; p < rows * cols; p++) UNROLL for (int v = 0; v < TV; v++)
  EACH_VECTOR d[p * TV + v] = load_factor(dy + p / cols * a->dy.row + p % cols * T + v * VL);
  for (int k = 0; k < n; k++) {
    const element *in = element_at(x, offset[k]);
    BASE(in);
    lane_sums s[GRAD_CHAINS];
    UNROLL for (int c = 0; c < GRAD_CHAINS; c++) s[c] = no_products();
    EACH_VECTOR {
      const int c = (p * TV + v) % GRAD_CHAINS;
      s[c] = add_product(s[c], d[p * TV + v],
                         load_factor(in + p / cols * x_row + p % cols * x_col + v * VL));
      IN_ORDER;
    }
    UNROLL for (int c = 0; c < GRAD_CHAINS; c++) sum[k] += s[c];
  }
#undef EACH_VECTOR
}

/* The same, `steps` times side by side, for all weights. */
INLINE void all_runs(const struct conv_sparse_weight_grad_args *a, const int rows, const int cols,
                     struct grad_runs *r, int steps, const element *dy, const element *x,
                     struct grad_ahead ahead) {
  const size_t dy_step = (size_t)cols * T, x_step = (size_t)cols * a->x.col;
  lane_sums *sum = r->sum;
  const uint32_t *offset = r->offset;
  int due = 0;
  for (int first = 0; first < r->runs; first += r->channels)
    for (int m = 0; m < r->channels; m++) {
      const int n = r->length[first + m];
      const element *out = dy + (size_t)m * a->dy.plane;
      if (first == 0)
        fetch_lines(ahead.dy + (size_t)m * a->dy.plane, ahead.dy_height, ahead.dy_width, a->dy.row);
      for (due += ahead.x_planes; due >= r->runs; due -= r->runs, ahead.x += ahead.x_plane)
        fetch_lines(ahead.x, ahead.x_height, ahead.x_width, ahead.x_row);
      if (n == 0) continue;
      for (int step = 0; step < steps; step++)
        grad_run(a, rows, cols, sum, offset, n, out + step * dy_step, x + step * x_step);
      sum += n, offset += n;
    }
}

#define GRAD_BLOCK(name, rows, cols)                                                        \
  BLOCK_FUNCTION name(const struct conv_sparse_weight_grad_args *a, struct grad_runs *r,    \
                      int steps, const element *dy, const element *x, struct grad_ahead ahead) { \
    all_runs(a, rows, cols, r, steps, dy, x, ahead);                                        \
  }
GRAD_BLOCK(grad_block_full, GRAD_HEIGHT, GRAD_WIDTH)
#if GRAD_HEIGHT > 1
GRAD_BLOCK(grad_block_row, 1, GRAD_WIDTH)
#endif
GRAD_BLOCK(grad_block_column, GRAD_HEIGHT, 1)
#if GRAD_HEIGHT > 1
GRAD_BLOCK(grad_block_one, 1, 1)
#endif

/* The sums of all weights over all positions. */
static void sum_runs(const struct conv_sparse_weight_grad_args *a, struct grad_runs *r,
                     const element *dy, const element *x) {
  const size_t x_plane = (size_t)a->kernel.plane_size * T,
               row_size = (size_t)a->kernel.row_size * T;
  const int across = a->x.col / T, down = (int)(a->x.row / (int)row_size);
  const int shared = a->kernel.width > across ? a->kernel.width - across : 0;
  for (struct grad_place p = {0, 0, 0}, next; p.tile < a->tiles; p = next) {
    next = place_after(a, p);
    const struct grad_place q = next.tile < a->tiles ? next : p;
    const int height = height_at(a, p), width = width_at(a, p), steps = steps_at(a, p);
    const int known = q.j > 0 ? shared : 0;
#define DY_AT(p) (dy + (size_t)p.tile * a->dy.tile + (size_t)p.i * a->dy.row + p.j * T)
#define X_AT(p) (x + (size_t)p.tile * a->x.tile + (size_t)p.i * a->x.row + (size_t)p.j * a->x.col)
    const struct grad_ahead ahead = {DY_AT(q),
                                     X_AT(q) + r->first_plane * x_plane + known * T,
                                     height_at(a, q),
                                     width_at(a, q),
                                     r->last_plane - r->first_plane,
                                     (height_at(a, q) - 1) * down + a->kernel.height,
                                     (width_at(a, q) - 1) * across + a->kernel.width - known,
                                     row_size,
                                     x_plane};
    const element *from = X_AT(p);
    if (height == GRAD_HEIGHT && width == GRAD_WIDTH)
      grad_block_full(a, r, steps, DY_AT(p), from, ahead);
    else if (height == GRAD_HEIGHT) grad_block_column(a, r, steps, DY_AT(p), from, ahead);
#if GRAD_HEIGHT > 1
    else if (width == GRAD_WIDTH) grad_block_row(a, r, steps, DY_AT(p), from, ahead);
    else grad_block_one(a, r, steps, DY_AT(p), from, ahead);
#endif
#undef DY_AT
#undef X_AT
  }
}

KERNEL(conv_sparse_weight_grad) {
  const struct conv_sparse_weight_grad_args *a = (const void *)args;
  const struct kernel_shape *k = &a->kernel;
  const int channels = a->cols / (k->height * k->width);
  const int positions = GRAD_WIDTH * steps_at(a, (struct grad_place){0, 0, 0});
  const int rows_read = (GRAD_HEIGHT - 1) * (a->x.row / (k->row_size * T)) + k->height;
  const int columns_read = (positions - 1) * (a->x.col / T) + k->width;
  const uint64_t bytes = (uint64_t)rows_read * columns_read * (T * sizeof(element));
  const int planes = bytes < GRAD_NEAR ? (int)(GRAD_NEAR / bytes) : 1;
  struct grad_runs r;
  for (int o = begin; o < end; o += GRAD_CHANNELS) {
    struct pattern_rows rows = {
        (const struct entry *)at(memory, a->entries) + (size_t)o * a->entry_stride,
        (const int32_t *)at(memory, a->counts) + o,
        a->entry_stride,
        {0},
        0,
        0};
    r.channels = o + GRAD_CHANNELS < end ? GRAD_CHANNELS : end - o;
    for (int m = 0; m < r.channels; m++) rows.left += rows.counts[m];
    while (rows.left > 0) {
      take_runs(&r, &rows, planes, (uint32_t)k->plane_size * (T * 4));
      if (r.last_plane > channels) r.last_plane = channels;
      sum_runs(a, &r, (const element *)at(memory, a->dy.at) + (size_t)o * a->dy.plane,
               at(memory, a->x.at));
      float *g = (float *)at(memory, a->g) + (size_t)o * a->cols;
      for (int run = 0, n = 0; run < r.runs; run++)
        for (int last = n + r.length[run]; n < last; n++)
          g[(size_t)(run % r.channels) * a->cols + column_of(r.offset[n], *k)] =
              total(as_vector(r.sum[n]));
    }
  }
}
