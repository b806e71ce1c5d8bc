/* Products of a linear layer by its dense weight: y = W x + b, dx = W^T dy, g = dy x^T, and the
 * bias gradient.
 *
 * The three products are one micro-kernel, acc[m][i] += s[m] * x[i] over a common dimension k:
 * scalars s (weights, or gradients of one sample) times vectors x (16 samples, or 16 columns). A
 * block of BLOCK_ROWS x BLOCK_VECS accumulators stays in registers. Whatever block an element is
 * computed in, it sees the same additions in the same order: results do not depend on how rows are
 * split over threads.
 */
#include "columns.h"

/* Accumulators of a full block, by the registers there are: 32 (AVX-512, NEON) or 16, of which V8
 * gives wasm 15. */
#if VL == 16
#define BLOCK_ROWS 6
#define BLOCK_VECS 4
#elif VL == 8
#define BLOCK_ROWS 6
#define BLOCK_VECS 2
#elif defined(__aarch64__)
#define BLOCK_ROWS 6
#define BLOCK_VECS 4
#else
#define BLOCK_ROWS 4
#define BLOCK_VECS 2
#endif

/* Where a product's operands lie, in floats: scalar (m, k) at s + m * s_row + k * s_step, vector
 * (i, k) at x + (i / TV) * x_tile + (i % TV) * VL + k * x_step. */
struct operands {
  const float *s, *x;
  size_t s_row, s_step, x_tile, x_step;
};

typedef vec block[BLOCK_ROWS][BLOCK_VECS];

/* acc[m][i] += sum over k < n of s(m, k) * x(i, k), for m < rows, i < vecs (constants after
 * inlining). */
INLINE void multiply(block acc, const int rows, const int vecs, struct operands o, int n) {
  for (int k = 0; k < n; k++) {
    vec x[BLOCK_VECS];
    UNROLL for (int i = 0; i < vecs; i++) x[i] = load(o.x + (i / TV) * o.x_tile + (i % TV) * VL);
    UNROLL for (int m = 0; m < rows; m++) {
      vec s = splat(o.s[m * o.s_row]);
      UNROLL for (int i = 0; i < vecs; i++) acc[m][i] += s * x[i];
    }
    o.s += o.s_step;
    o.x += o.x_step;
  }
}

/* Calls body(rows, vecs, row, vector) with constant sizes for blocks that cover [begin, end) x [0,
 * vectors). */
#define BLOCKS_OF_ROWS(body, vecs, v)                                  \
  {                                                                    \
    int r = begin;                                                     \
    for (; r + BLOCK_ROWS <= end; r += BLOCK_ROWS) body(BLOCK_ROWS, vecs, r, v); \
    if (BLOCK_ROWS > 4 && r + 4 <= end) { body(4, vecs, r, v); r += 4; } \
    if (r + 2 <= end) { body(2, vecs, r, v); r += 2; }                 \
    if (r < end) body(1, vecs, r, v);                                  \
  }
#if BLOCK_VECS > TV
#define BLOCKS(body, vectors)                                          \
  {                                                                    \
    int v = 0;                                                         \
    for (; v + BLOCK_VECS <= (vectors); v += BLOCK_VECS) BLOCKS_OF_ROWS(body, BLOCK_VECS, v) \
    if (v + 2 <= (vectors)) { BLOCKS_OF_ROWS(body, 2, v) v += 2; }     \
    if (v < (vectors)) BLOCKS_OF_ROWS(body, 1, v)                      \
  }
#else
#define BLOCKS(body, vectors) \
  for (int v = 0; v < (vectors); v += BLOCK_VECS) BLOCKS_OF_ROWS(body, BLOCK_VECS, v)
#endif

/* Index of vector v's first float where tiles are `tile` floats apart. */
INLINE size_t place(int v, size_t tile) { return (size_t)(v / TV) * tile + (size_t)(v % TV) * VL; }

INLINE void forward_block(char *memory, const struct dense_forward_args *a, const int rows,
                          const int vecs, int r, int v) {
  const float *w = at(memory, a->w), *bias = at_or_null(memory, a->bias), *x = at(memory, a->x);
  size_t n = a->cols, y_tile = (size_t)a->rows * T;
  float *y = (float *)at(memory, a->y) + place(v, y_tile) + (size_t)r * T;
  block acc;
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) acc[m][i] = splat(bias ? bias[r + m] : 0);
  multiply(acc, rows, vecs, (struct operands){w + r * n, x + place(v, n * T), n, 1, n * T, T},
           a->cols);
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++)
      store(y + place(i, y_tile) + m * T, a->epilogue ? rectify(acc[m][i]) : acc[m][i]);
}

KERNEL(dense_forward) {
  const struct dense_forward_args *a = (const void *)args;
#define FORWARD_BLOCK(rows, vecs, r, v) forward_block(memory, a, rows, vecs, r, v)
  BLOCKS(FORWARD_BLOCK, a->tiles * TV)
}

INLINE void input_grad_block(char *memory, const struct dense_input_grad_args *a, const int rows,
                             const int vecs, int c, int v) {
  const float *w = at(memory, a->w), *dy = at(memory, a->dy);
  size_t n = a->rows, dx_tile = (size_t)a->cols * T, first = place(v, dx_tile) + (size_t)c * T;
  float *dx = (float *)at(memory, a->dx) + first;
  const float *mask = a->mask ? (const float *)at(memory, a->mask) + first : NULL;
  block acc;
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) acc[m][i] = splat(0);
  multiply(acc, rows, vecs, (struct operands){w + c, dy + place(v, n * T), 1, a->cols, n * T, T},
           a->rows);
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) {
      size_t p = place(i, dx_tile) + m * T;
      store(dx + p, mask ? masked(acc[m][i], load(mask + p)) : acc[m][i]);
    }
}

KERNEL(dense_input_grad) {
  const struct dense_input_grad_args *a = (const void *)args;
#define INPUT_GRAD_BLOCK(rows, vecs, r, v) input_grad_block(memory, a, rows, vecs, r, v)
  BLOCKS(INPUT_GRAD_BLOCK, a->tiles * TV)
}

/* Rows of dy that are dealt with at a time. */
#define ROWS_AT_ONCE 240

INLINE void weight_grad_block(char *memory, const struct dense_weight_grad_args *a,
                              const int32_t *live, const int rows, const int vecs, int first,
                              int v) {
  const float *dy = (const float *)at(memory, a->dy);
  const float *x = (const float *)at(memory, a->x_rows) + (size_t)v * VL;
  const size_t stride = a->row_stride, dy_tile = (size_t)a->rows * T;
  const int gaps = live[first + rows - 1] - live[first] >= rows;
  block acc;
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) acc[m][i] = splat(0);
  for (int t = 0; t < a->tiles; t++) {
    const float *s = dy + t * dy_tile + (size_t)live[first] * T;
    float together[BLOCK_ROWS * T];
    if (gaps) {
      UNROLL for (int m = 0; m < rows; m++) UNROLL for (int i = 0; i < T; i += VL)
          store(together + m * T + i, load(s + (size_t)(live[first + m] - live[first]) * T + i));
      s = together;
    }
    multiply(acc, rows, vecs, (struct operands){s, x + t * stride * T, T, 1, T, stride}, T);
  }
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int i = 0; i < vecs; i++) {
      int c = (v + i) * VL, left = a->cols - c;
      float *g = (float *)at(memory, a->g) + (size_t)live[first + m] * a->cols + c;
      if (left >= VL) store(g, acc[m][i]);
      else /* the next row may be another thread's */
        UNROLL for (int j = 0; j < VL - 1; j++)
          if (j < left) g[j] = acc[m][i][j];
    }
}

/* Whether a row of dy is zero in the whole batch, as that of a unit that no sample reaches or that
 * nothing reads. */
INLINE int is_zero(const float *row, int tiles, size_t tile) {
  for (int t = 0; t < tiles; t++, row += tile)
    for (int i = 0; i < T; i += VL)
      if (bits(load(row + i) != 0)) return 0;
  return 1;
}

INLINE void weight_grad_rows(char *memory, const struct dense_weight_grad_args *a,
                             const int32_t *live, int begin, int end, int vectors){
#define WEIGHT_GRAD_BLOCK(rows, vecs, r, v) weight_grad_block(memory, a, live, rows, vecs, r, v)
    BLOCKS(WEIGHT_GRAD_BLOCK, vectors)}

/* Rows of g whose dy is zero are zeros, without a product. (0 times infinity would be NaN: an input
 * that is not finite shows in the loss.) */
KERNEL(dense_weight_grad) {
  const struct dense_weight_grad_args *a = (const void *)args;
  const struct columns columns = columns_at(memory, a->columns, a->cols);
  const int packed = a->columns ? *columns.packed : 0;
  const float *dy = at(memory, a->dy);
  float *g = at(memory, a->g);
  while (begin < end) {
    int32_t live[ROWS_AT_ONCE];
    int n = 0;
    for (int left = ROWS_AT_ONCE; begin < end && left > 0; begin++, left--) {
      live[n] = begin;
      if (!is_zero(dy + (size_t)begin * T, a->tiles, (size_t)a->rows * T)) n++;
      else
        for (int c = 0; c < a->cols; c += VL)
          store_part(g + (size_t)begin * a->cols + c, splat(0), a->cols - c);
    }
    weight_grad_rows(memory, a, live, 0, n, ((packed ? packed : a->cols) + T - 1) / T * TV);
    if (packed)
      for (int k = 0; k < n; k++) spread_row(g + (size_t)live[k] * a->cols, &columns, a->cols);
  }
}

KERNEL(bias_grad) {
  const struct bias_grad_args *a = (const void *)args;
  const float *dy = at(memory, a->dy);
  float *g = at(memory, a->g);
  for (int r = begin; r < end; r++) {
    vec sum = splat(0);
    for (int t = 0; t < a->tiles; t++)
      for (int j = 0; j < T; j += VL) sum += load(dy + ((size_t)t * a->rows + r) * T + j);
    g[r] = total(sum);
  }
}
