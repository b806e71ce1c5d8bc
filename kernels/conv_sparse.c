/* Convolution by the pattern of its weight, and the transposed pattern that the input gradient
 * gathers over. One non-zero weight costs one multiply-add a position and sample: how far away its
 * x lies is a byte offset made when the pattern was, so that the inner loops have no index
 * arithmetic. What bounds them is how fast x comes from the caches, hence the order of the loops.
 */
#include "conv.h"


/* Positions computed together, in one row or, in narrow planes, in up to 4: a weight is loaded once
 * for all of them. */
#if VL == 16
#define SPARSE_POSITIONS 16
#elif VL == 8 || defined(__aarch64__)
#define SPARSE_POSITIONS 4
#else
#define SPARSE_POSITIONS 1
#endif

/* One output channel: its entries, and where it reads and writes; strides in elements. */
struct sparse_row {
  const struct entry *entries;
  int count;
  vec bias;
  const element *x;
  element *y;
  size_t x_row, x_col, y_row, y_col;
  int accumulate;
};

/* rows x cols positions from x and y on (constants after inlining). Entry after entry, in every
 * block alike. */
INLINE void sparse_block(const int rows, const int cols, const struct sparse_row *r,
                         const element *x, element *y) {
  const size_t x_row = r->x_row, x_col = r->x_col;
  vec sum[SPARSE_POSITIONS * TV];
#define EACH_VECTOR UNROLL for (int p = 0; p < rows * cols; p++) UNROLL for (int v = 0; v < TV; v++)
  EACH_VECTOR {
    sum[p * TV + v] = r->bias;
    if (r->accumulate)
      sum[p * TV + v] += load(y + p / cols * r->y_row + p % cols * r->y_col + v * VL);
  }
  const struct entry *e = r->entries, *end = e + r->count;
#if VL == 4
  /* Two non-zeros at a time, added to each other first: a chain of additions half as long with no
   * more registers. */
  for (; e + 2 <= end; e += 2) {
    const vec w = splat(e[0].value), u = splat(e[1].value);
    const element *in = element_at(x, e[0].offset), *next = element_at(x, e[1].offset);
    BASE(in);
    BASE(next);
    EACH_VECTOR {
      const size_t place = p / cols * x_row + p % cols * x_col + v * VL;
      sum[p * TV + v] += w * load(in + place) + u * load(next + place);
    }
  }
#endif
  for (; e < end; e++) {
    const vec w = splat(e->value);
    const element *in = element_at(x, e->offset);
    EACH_VECTOR sum[p * TV + v] += w * load(in + p / cols * x_row + p % cols * x_col + v * VL);
  }
  EACH_VECTOR store(y + p / cols * r->y_row + p % cols * r->y_col + v * VL, sum[p * TV + v]);
#undef EACH_VECTOR
}

/* `height` rows of `width` positions, block by block. */
BLOCK_FUNCTION sparse_band(const struct sparse_row *r, int height, int width) {
  for (int j = 0, cols; j < width; j += cols) {
    const int left = width - j;
    cols = SPARSE_POSITIONS;
    while (cols > left) cols /= 2;
    const element *x = r->x + (size_t)j * r->x_col;
    element *y = r->y + (size_t)j * r->y_col;
    int i = 0;
#define SPARSE_BLOCK(rows, cols) \
  sparse_block(rows, cols, r, x + (size_t)i * r->x_row, y + (size_t)i * r->y_row)
#if SPARSE_POSITIONS == 16
    if (cols == 8)
      for (; i + 2 <= height; i += 2) SPARSE_BLOCK(2, 8);
    if (cols == 4)
      for (; i + 4 <= height; i += 4) SPARSE_BLOCK(4, 4);
#endif
    for (; i < height; i++) switch (cols) {
#if SPARSE_POSITIONS == 16
        case 16: SPARSE_BLOCK(1, 16); break;
        case 8: SPARSE_BLOCK(1, 8); break;
#endif
#if SPARSE_POSITIONS >= 4
        case 4: SPARSE_BLOCK(1, 4); break;
        case 2: SPARSE_BLOCK(1, 2); break;
#endif
        default: SPARSE_BLOCK(1, 1);
      }
  }
}

KERNEL(conv_sparse) {
  const struct conv_sparse_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias);
  const int blocks = blocks_of(a->rows);
  /* Rows of positions that all output channels do before the next ones are begun: they share x,
   * which stays in cache. */
  const int band = a->width < 16 ? (16 + a->width - 1) / a->width : 1;
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / blocks, first = unit % blocks * UNIT_ROWS;
    next = (tile + 1) * blocks < end ? (tile + 1) * blocks : end;
    const int last =
        (next - tile * blocks) * UNIT_ROWS < a->rows ? (next - tile * blocks) * UNIT_ROWS : a->rows;
    const element *x = (const element *)at(memory, a->x.at) + (size_t)tile * a->x.tile;
    element *y = (element *)at(memory, a->y.at) + (size_t)tile * a->y.tile;
    for (int i = 0; i < a->height; i += band)
      for (int o = first; o < last; o++) {
        const struct sparse_row row = {
            (const struct entry *)at(memory, a->entries) + (size_t)o * a->entry_stride,
            counts[o],
            splat(bias ? bias[o] : 0),
            x + (size_t)i * a->x.row,
            y + (size_t)o * a->y.plane + (size_t)i * a->y.row,
            a->x.row,
            a->x.col,
            a->y.row,
            a->y.col,
            a->accumulate};
        sparse_band(&row, i + band < a->height ? band : a->height - i, a->width);
      }
  }
}

/* First of the row's entries of channel c or a later one. */
static int first_of_channel(const struct entry *row, int count, int c, uint32_t plane_bytes) {
  int low = 0;
  while (low < count) {
    const int middle = (low + count) / 2;
    if ((int)(row[middle].offset / plane_bytes) < c) low = middle + 1;
    else count = middle;
  }
  return low;
}

/* Where a tap's weights go in the transpose. */
struct mirrored {
  int32_t phase;
  uint32_t add;
};

KERNEL(transpose_conv) {
  const struct transpose_conv_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const struct mirrored *table = at(memory, a->tap_table);
  const int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  struct entry *t_entries = at(memory, a->t_entries);
  int32_t *t_counts = at(memory, a->t_counts), *source = at(memory, a->source);
  const int taps = a->kernel.height * a->kernel.width;
  const uint32_t plane_bytes = (uint32_t)a->kernel.plane_size * (T * 4);
  int rebuild = *(const int32_t *)at(memory, a->force);
  for (int r = 0; r < a->rows; r++) rebuild |= changed[r];

  if (!rebuild) {
    for (int phase = 0; phase < a->phases; phase++)
      for (int r = phase * a->inner + begin; r < phase * a->inner + end; r++)
        for (size_t k = (size_t)r * a->entry_stride, last = k + t_counts[r]; k < last; k++)
          t_entries[k].value = entries[source[k]].value;
    return;
  }
  for (int phase = 0; phase < a->phases; phase++)
    for (int c = begin; c < end; c++) t_counts[phase * a->inner + c] = 0;
  for (int o = 0; o < a->rows; o++) {
    const struct entry *row = entries + (size_t)o * a->cols;
    for (int k = first_of_channel(row, counts[o], begin, plane_bytes); k < counts[o]; k++) {
      const int column = column_of(row[k].offset, a->kernel), c = column / taps,
                tap = column % taps;
      if (c >= end) break;
      const int r = table[tap].phase * a->inner + c;
      const size_t place = (size_t)r * a->entry_stride + t_counts[r]++;
      t_entries[place] = (struct entry){(uint32_t)o * a->row_bytes + table[tap].add, row[k].value};
      source[place] = o * a->cols + k;
    }
  }
}
