/* Convolution by its dense weight, and the bias gradient of any convolution.
 *
 * With 16 samples innermost a convolution is a product of matrices as it stands: y and its input
 * gradient are sums of scalars (weights) times vectors (positions of x). A block of accumulators
 * stays in registers; the loops around it are cut so that what is used again stays in cache. Each
 * result sees the same operations in the same order whatever block computes it.
 */
#include "conv.h"
#include "conv_dense_amx.h"

/* A block: accumulators for ROWS output channels x VECS vectors of neighbouring positions, by the
 * registers there are. */
#if VL == 16
#define CONV_ROWS 8
#define CONV_VECS 3
#elif VL == 8
#define CONV_ROWS 4
#define CONV_VECS 2
#elif defined(__aarch64__)
#define CONV_ROWS 4
#define CONV_VECS 4
#else
#define CONV_ROWS 4
#define CONV_VECS 2
#endif

/* The order in which taps are walked. In wide planes by ascending offset in x, for which caches
 * load ahead (it is worth a quarter of the time): the mirrored taps of an input gradient are listed
 * the other way round and walked backwards. In narrow planes, where the weights come from far, as
 * listed, by ascending index. */
struct walk {
  const struct conv_tap *first;
  int count, step;
};

#define NARROW 8

INLINE struct walk walk_of(const struct conv_dense_args *a, const struct conv_tap *taps) {
  const int last = a->tap_count - 1;
  if (a->width > NARROW && last > 0 && taps[0].offset > taps[last].offset)
    return (struct walk){taps + last, last + 1, -1};
  return (struct walk){taps, last + 1, 1};
}

/* Where a block's operands lie, for its first output channel, vector and inner channel; strides in
 * elements. */
struct conv_operands {
  const float *w;
  const element *x;
  size_t w_row, w_inner, x_plane, x_col;
  struct walk walk;
};

/* Floats from vector 0 to vector i of a block. A position has TV vectors; a block smaller than that
 * is within one. */
INLINE size_t vector_at(int i, size_t col) { return i / TV * col + i % TV * VL; }

typedef vec conv_sums[CONV_ROWS][CONV_VECS];

/* Where a block's results go: bias of its first output channel or NULL, y, and whether to add to
 * what is there. */
struct conv_result {
  const float *bias;
  element *y;
  size_t y_plane, y_col;
  int add;
};

/* n inner channels of one block of rows x vecs (constants after inlining). */
INLINE void conv_block(const int rows, const int vecs, const struct conv_operands *o, int n,
                       const struct conv_result *r) {
  const size_t x_col = o->x_col, w_row = o->w_row;
  const element *x_plane = o->x;
  const float *w_plane = o->w;
  vec acc[CONV_ROWS][CONV_VECS];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) {
      acc[m][i] = splat(r->bias ? r->bias[m] : 0);
      if (r->add) acc[m][i] += load(r->y + m * r->y_plane + vector_at(i, r->y_col));
    }
  for (int c = 0; c < n; c++) {
    const struct conv_tap *tap = o->walk.first;
    for (int t = 0; t < o->walk.count; t++, tap += o->walk.step) {
      const element *x = x_plane + tap->offset;
      const float *w = w_plane + tap->index;
      BASE(x);
      vec in[CONV_VECS];
      UNROLL for (int i = 0; i < vecs; i++) in[i] = load(x + vector_at(i, x_col));
      UNROLL for (int m = 0; m < rows; m++) {
        const vec weight = splat(w[m * w_row]);
        UNROLL for (int i = 0; i < vecs; i++) acc[m][i] += weight * in[i];
      }
    }
    x_plane += o->x_plane;
    w_plane += o->w_inner;
  }
  UNROLL for (int m = 0; m < rows; m++) UNROLL for (int i = 0; i < vecs; i++)
      store(r->y + m * r->y_plane + vector_at(i, r->y_col), acc[m][i]);
}

/* One function for each size of a block. */
#define CONV_BLOCK(rows, vecs)                                              \
  BLOCK_FUNCTION conv_##rows##_##vecs(const struct conv_operands *o, int n, \
                                      const struct conv_result *r) {        \
    conv_block(rows, vecs, o, n, r);                                        \
  }
#if VL == 16
#define CONV_BLOCKS(rows) CONV_BLOCK(rows, 1) CONV_BLOCK(rows, 2) CONV_BLOCK(rows, 3)
CONV_BLOCKS(8)
CONV_BLOCKS(4)
CONV_BLOCKS(2)
CONV_BLOCKS(1)
/* Of 4 positions it makes 2 and 2: a block of 1 waits for its own additions. */
#define CALL_BLOCK(rows)                                            \
  if (left >= 3 && left != 4) conv_##rows##_3(&o, n, &r), v += 3;   \
  else if (left >= 2) conv_##rows##_2(&o, n, &r), v += 2;           \
  else conv_##rows##_1(&o, n, &r), v += 1
#elif defined(__aarch64__)
CONV_BLOCK(4, 4)
CONV_BLOCK(2, 4)
CONV_BLOCK(1, 4)
#define CALL_BLOCK(rows) conv_##rows##_4(&o, n, &r), v += 4
#else
CONV_BLOCK(4, 2)
CONV_BLOCK(2, 2)
CONV_BLOCK(1, 2)
#define CALL_BLOCK(rows) conv_##rows##_2(&o, n, &r), v += 2
#endif

/* One row of positions for some output channels, block by block. */
INLINE void conv_row(const struct conv_dense_args *a, int rows, struct conv_operands o, int n,
                     struct conv_result r) {
  const int vecs = a->width * TV;
  const element *x = o.x;
  element *y = r.y;
  for (int v = 0; v < vecs;) {
    const int left = vecs - v;
    (void)left;
    o.x = x + vector_at(v, a->x.col);
    r.y = y + vector_at(v, a->y.col);
    switch (rows) {
#if CONV_ROWS == 8
      case 8: CALL_BLOCK(8); break;
#endif
      case 4: CALL_BLOCK(4); break;
      case 2: CALL_BLOCK(2); break;
      default: CALL_BLOCK(1);
    }
  }
}

/* How the work of a tile is cut so that the x in use stays in cache: `height` rows of positions,
 * `inner` channels. */
struct conv_cut {
  int height, inner;
};

INLINE struct conv_cut cut_of(const struct conv_dense_args *a, const struct conv_tap *taps) {
  int low = 0, high = 0;
  for (int t = 0; t < a->tap_count; t++) {
    if (taps[t].offset < low) low = taps[t].offset;
    if (taps[t].offset > high) high = taps[t].offset;
  }
  int height = (32 + a->width - 1) / a->width;
  if (height > a->height) height = a->height;
  const size_t plane =
      ((size_t)(height - 1) * a->x.row + (size_t)(a->width - 1) * a->x.col + T + (high - low)) *
      sizeof(element);
  int inner = CONV_CACHE / plane < 16 ? 16 : CONV_CACHE / plane;
  const int parts = (a->inner + inner - 1) / inner;
  return (struct conv_cut){height, (a->inner + parts - 1) / parts};
}

/* Output channels of the next block, when so many are left. */
INLINE int block_rows(int left) {
  int rows = CONV_ROWS;
  while (rows > left) rows /= 2;
  return rows;
}

/* Weights as the matrix unit takes them; nothing without one. */
KERNEL(conv_pack) {
  (void)memory, (void)args, (void)begin, (void)end;
#ifdef HAS_AMX_CODE
  if (has_amx()) pack_weights(memory, (const void *)args, begin, end);
#endif
}

KERNEL(conv_dense) {
  const struct conv_dense_args *a = (const void *)args;
#ifdef HAS_AMX_CODE
  if (conv_dense_amx(memory, a, begin, end)) return;
#endif
  const struct conv_tap *taps = at(memory, a->taps);
  const float *w = at(memory, a->w), *bias = at_or_null(memory, a->bias);
  const int blocks = blocks_of(a->rows);
  const struct conv_cut cut = cut_of(a, taps);
  const struct walk walk = walk_of(a, taps);
  for (int unit = begin; unit < end;) {
    const int tile = unit / blocks, first = unit % blocks * UNIT_ROWS;
    const int last_unit = (tile + 1) * blocks < end ? (tile + 1) * blocks : end;
    const int last = (last_unit - tile * blocks) * UNIT_ROWS < a->rows
                         ? (last_unit - tile * blocks) * UNIT_ROWS
                         : a->rows;
    const element *x = (const element *)at(memory, a->x.at) + (size_t)tile * a->x.tile;
    element *y = (element *)at(memory, a->y.at) + (size_t)tile * a->y.tile;
    for (int row = 0; row < a->height; row += cut.height)
      for (int c = 0; c < a->inner; c += cut.inner) {
        const int n = c + cut.inner < a->inner ? cut.inner : a->inner - c;
        const int add = c > 0 || a->accumulate;
        for (int o = first, rows; o < last; o += rows) {
          rows = block_rows(last - o);
          for (int i = row; i < row + cut.height && i < a->height; i++)
            conv_row(
                a, rows,
                (struct conv_operands){w + (size_t)o * a->row_stride + (size_t)c * a->inner_stride,
                                       x + (size_t)c * a->x.plane + (size_t)i * a->x.row,
                                       a->row_stride, a->inner_stride, a->x.plane, a->x.col, walk},
                n,
                (struct conv_result){bias && c == 0 ? bias + o : NULL,
                                     y + (size_t)o * a->y.plane + (size_t)i * a->y.row, a->y.plane,
                                     a->y.col, add});
        }
      }
    unit = last_unit;
  }
}

KERNEL(conv_bias_grad) {
  const struct conv_bias_grad_args *a = (const void *)args;
  float *g = at(memory, a->g);
  for (int o = begin; o < end; o++) {
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = splat(0);
    for (int tile = 0; tile < a->tiles; tile++)
      for (int i = 0; i < a->height; i++) {
        const element *dy = (const element *)at(memory, a->dy.at) + (size_t)tile * a->dy.tile +
                          (size_t)o * a->dy.plane + (size_t)i * a->dy.row;
        const int vecs = a->width * TV;
        int v = 0;
        for (; v + 4 <= vecs; v += 4)
          UNROLL for (int q = 0; q < 4; q++) sum[q] += load(dy + (v + q) * VL);
        for (; v < vecs; v++) sum[0] += load(dy + v * VL);
      }
    g[o] = total((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}
