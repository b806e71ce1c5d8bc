/* Products of a linear layer by the pattern of its weight: y = W x + b (and dx = W^T dy, by the
 * transposed pattern), and the weight gradient at the pattern's places only. One non-zero weight
 * costs one multiply-add a sample: its place within a tile is a byte offset made when the pattern
 * was, so that the inner loop has no index arithmetic.
 */
#include "kernels.h"
#include "totals.h"

/* Tiles done together: a weight is loaded once for all of them. */
#if VL == 16
#define FORWARD_TILES 8
#define FORWARD_PARTS 2
#elif VL == 8
#define FORWARD_TILES 4
#define FORWARD_PARTS 1
#else
#define FORWARD_TILES 1
#define FORWARD_PARTS 1
#endif
/* Row sums are kept in at most this many interleaved parts, so that a single tile has enough
 * additions in flight. */
#define MAX_PARTS 4

/* sum[i] += w * (vector i of each tile), for one non-zero. */
INLINE void add_entry(vec *sum, const int vecs, struct entry e, const char *x, size_t x_tile) {
  const vec w = splat(e.value);
  UNROLL for (int i = 0; i < vecs; i++) sum[i] +=
      w * load((const float *)(x + e.offset + i / TV * x_tile) + i % TV * VL);
}

/* sum = the row's non-zeros times x. Entry k goes to part k % parts; the parts are added at the
 * end. */
INLINE void row_product(vec *sum, const int vecs, const int parts, const struct entry *e, int count,
                        const char *x, size_t x_tile) {
  const struct entry *end = e + count;
#if VL == 4
  (void)parts;
  /* Two non-zeros at a time, added to each other first: a chain of additions half as long with no
   * more registers. */
  for (; e + 2 <= end; e += 2) {
    const vec w = splat(e[0].value), u = splat(e[1].value);
    const float *p = (const float *)(x + e[0].offset), *q = (const float *)(x + e[1].offset);
    BASE(p);
    BASE(q);
    UNROLL for (int i = 0; i < vecs; i++) sum[i] += w * load(p + i * VL) + u * load(q + i * VL);
  }
  if (e < end) add_entry(sum, vecs, *e, x, x_tile);
#else
  vec part[MAX_PARTS][FORWARD_TILES * TV];
  UNROLL for (int q = 1; q < parts; q++) UNROLL for (int i = 0; i < vecs; i++) part[q][i] =
      splat(0);
  for (; e + parts <= end; e += parts) {
    add_entry(sum, vecs, e[0], x, x_tile);
    UNROLL for (int q = 1; q < parts; q++) add_entry(part[q], vecs, e[q], x, x_tile);
  }
  UNROLL for (int q = 1; q < parts; q++) UNROLL for (int i = 0; i < vecs; i++) sum[i] += part[q][i];
  for (; e < end; e++) add_entry(sum, vecs, *e, x, x_tile);
#endif
}

/* Rows [begin, end) of y for `tiles` tiles (a constant after inlining) from tile t on. */
INLINE void forward_tiles(char *memory, const struct sparse_forward_args *a, const int tiles,
                          const int parts, int t, int begin, int end) {
  const int vecs = tiles * TV;
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias);
  const size_t x_tile = (size_t)a->cols * T * 4, y_tile = (size_t)a->rows * T, first = t * y_tile;
  const char *x = (const char *)at(memory, a->x) + t * x_tile;
  float *y = (float *)at(memory, a->y) + first;
  const float *mask = a->mask ? (const float *)at(memory, a->mask) + first : NULL;
  for (int r = begin; r < end; r++) {
    vec sum[FORWARD_TILES * TV];
    UNROLL for (int i = 0; i < vecs; i++) sum[i] = splat(bias ? bias[r] : 0);
    row_product(sum, vecs, parts,
                (const struct entry *)at(memory, a->entries) + (size_t)r * a->entry_stride,
                counts[r], x, x_tile);
    UNROLL for (int i = 0; i < vecs; i++) {
      const size_t place = (size_t)r * T + i / TV * y_tile + i % TV * VL;
      if (a->epilogue) sum[i] = rectify(sum[i]);
      if (mask) sum[i] = masked(sum[i], load(mask + place));
      store(y + place, sum[i]);
    }
  }
}

KERNEL(sparse_forward) {
  const struct sparse_forward_args *a = (const void *)args;
  int t = 0;
  for (; t + FORWARD_TILES <= a->tiles; t += FORWARD_TILES)
    forward_tiles(memory, a, FORWARD_TILES, FORWARD_PARTS, t, begin, end);
#if FORWARD_TILES > 4
  for (; t + 4 <= a->tiles; t += 4) forward_tiles(memory, a, 4, 2, t, begin, end);
#endif
#if FORWARD_TILES > 1
  for (; t < a->tiles; t++) forward_tiles(memory, a, 1, MAX_PARTS, t, begin, end);
#endif
}

/* Offsets of the four entries from k on; those behind the last are the last again, and their
 * results stored twice. */
INLINE void four_offsets(uint32_t offset[4], const struct entry *row, int k, int last) {
  UNROLL for (int q = 0; q < 4; q++) offset[q] = row[k + q < last ? k + q : last].offset;
}

#if VL == 4
/* Entries whose products are summed side by side: in wasm 2, since V8 loads all that a loop's body
 * needs before it computes, and has 15 registers for it. */
#ifdef __wasm__
#define DOT_ENTRIES 2
#else
#define DOT_ENTRIES 4
#endif

/* sum[q] = dy times x at offset[q], lane by lane, over all tiles; dy points to the row in tile 0.
 * */
INLINE void dots(vec *sum, const uint32_t *offset, const float *dy, const char *x, int tiles,
                 size_t dy_tile, size_t x_tile) {
  UNROLL for (int q = 0; q < DOT_ENTRIES; q++) sum[q] = splat(0);
  for (int t = 0; t < tiles; t++, dy += dy_tile, x += x_tile) {
    const vec v0 = load(dy), v1 = load(dy + 4), v2 = load(dy + 8), v3 = load(dy + 12);
    UNROLL for (int q = 0; q < DOT_ENTRIES; q++) {
      const float *u = (const float *)(x + offset[q]);
      BASE(u);
      IN_ORDER;
      sum[q] += (v0 * load(u) + v1 * load(u + 4)) + (v2 * load(u + 8) + v3 * load(u + 12));
    }
  }
}

KERNEL(sparse_weight_grad) {
  const struct sparse_weight_grad_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->counts);
  const int tiles = a->tiles;
  const size_t x_tile = (size_t)a->cols * T * 4, dy_tile = (size_t)a->rows * T;
  const char *x = at(memory, a->x);
  for (int r = begin; r < end; r++) {
    const struct entry *row = (const struct entry *)at(memory, a->entries) + (size_t)r * a->cols;
    const float *dy = (const float *)at(memory, a->dy) + (size_t)r * T;
    float *g = (float *)at(memory, a->g) + (size_t)r * a->cols;
    for (int k = 0, last = counts[r] - 1; k <= last; k += 4) {
      uint32_t offset[4];
      vec sum[4];
      four_offsets(offset, row, k, last);
      UNROLL for (int q = 0; q < 4; q += DOT_ENTRIES)
          dots(sum + q, offset + q, dy, x, tiles, dy_tile, x_tile);
      const vec result = totals(sum);
      UNROLL for (int q = 0; q < 4; q++) g[offset[q] / (T * 4)] = result[q];
    }
  }
}

#else
#define GRAD_TILES 8

/* Rows [begin, end) of g: what `tiles` tiles (a constant after inlining) from tile t on give, added
 * to what those before gave. The row of dy stays in registers. */
INLINE void weight_grad_tiles(char *memory, const struct sparse_weight_grad_args *a,
                              const int tiles, int t, int begin, int end) {
  const int vecs = tiles * TV;
  const int32_t *counts = at(memory, a->counts);
  const size_t x_tile = (size_t)a->cols * T * 4, dy_tile = (size_t)a->rows * T;
  const char *x = (const char *)at(memory, a->x) + t * x_tile;
  for (int r = begin; r < end; r++) {
    const struct entry *row = (const struct entry *)at(memory, a->entries) + (size_t)r * a->cols;
    const float *dy = (const float *)at(memory, a->dy) + t * dy_tile + (size_t)r * T;
    float *g = (float *)at(memory, a->g) + (size_t)r * a->cols;
    vec v[GRAD_TILES * TV];
    UNROLL for (int i = 0; i < vecs; i++) v[i] = load(dy + i / TV * dy_tile + i % TV * VL);
    for (int k = 0, last = counts[r] - 1; k <= last; k += 4) {
      uint32_t offset[4];
      vec sum[4];
      four_offsets(offset, row, k, last);
      UNROLL for (int q = 0; q < 4; q++) {
        /* Two chains of additions, for even and odd vectors. */
        vec part[2];
        UNROLL for (int i = 0; i < vecs; i++) {
          const vec u = load((const float *)(x + offset[q] + i / TV * x_tile) + i % TV * VL);
          part[i % 2] = i < 2 ? v[i] * u : part[i % 2] + v[i] * u;
        }
        sum[q] = part[0];
        if (vecs > 1) sum[q] += part[1];
      }
      vec result = totals(sum);
      if (t > 0) UNROLL for (int q = 0; q < 4; q++) result[q] += g[offset[q] / (T * 4)];
      UNROLL for (int q = 0; q < 4; q++) g[offset[q] / (T * 4)] = result[q];
    }
  }
}

KERNEL(sparse_weight_grad) {
  const struct sparse_weight_grad_args *a = (const void *)args;
  int t = 0;
  for (; t + 8 <= a->tiles; t += 8) weight_grad_tiles(memory, a, 8, t, begin, end);
  for (; t + 2 <= a->tiles; t += 2) weight_grad_tiles(memory, a, 2, t, begin, end);
  if (t < a->tiles) weight_grad_tiles(memory, a, 1, t, begin, end);
}
#endif
