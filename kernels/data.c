/* Samples into tiles, and tiles into rows: transposes between [samples][features] and
 * [tiles][features][T].
 *
 * They are bound by memory, so they move whole squares of VL by VL floats, which are turned in
 * registers.
 */
#include "bytes.h"
#include "kernels.h"
#include "transpose.h"

/* Where a tile's samples come from and go to. An absent sample's `from` is NULL. */
struct gather {
  const void *from[T];
  float *out;      /* [features][T] */
  float *rows_out; /* [T][row_stride], or NULL */
  size_t row_stride;
};

INLINE struct gather gather_tile(char *memory, int32_t data, size_t bytes_each, int32_t indices,
                                 int32_t out, int features, int32_t rows_out, int row_stride,
                                 int tile) {
  const char *samples = at(memory, data);
  const int32_t *index = (const int32_t *)at(memory, indices) + tile * T;
  float *rows = at_or_null(memory, rows_out);
  struct gather g;
  for (int b = 0; b < T; b++)
    g.from[b] = index[b] < 0 ? NULL : samples + (uint32_t)index[b] * bytes_each;
  g.out = (float *)at(memory, out) + (size_t)tile * features * T;
  g.rows_out = rows ? rows + (size_t)tile * T * row_stride : NULL;
  g.row_stride = row_stride;
  return g;
}

/* Asks for the samples of a tile, a line at a time. They lie anywhere in a data set that no cache
 * holds: waited for one by one as they are read, they cost more than all the rest of the gathering.
 * */
INLINE void expect_tile(char *memory, int32_t data, size_t bytes_each, int32_t indices, int tile) {
  const char *samples = at(memory, data);
  const int32_t *index = (const int32_t *)at(memory, indices) + tile * T;
  for (int b = 0; b < T; b++)
    if (index[b] >= 0)
      for (size_t k = 0; k < bytes_each; k += 64)
        PREFETCH(samples + (uint32_t)index[b] * bytes_each + k);
}

/* Moves features [i, end) of a tile: whole squares, then what is left. LOAD and READ give VL
 * features and one feature of a sample, from feature i on. */
#define GATHER(g, i, end, LOAD, READ)                                                           \
  for (; i + VL <= end; i += VL)                                                                \
    for (int first = 0; first < T; first += VL) {                                               \
      vec square[VL];                                                                           \
      UNROLL for (int b = 0; b < VL; b++) {                                                     \
        square[b] = splat(0);                                                                   \
        if (g.from[first + b]) square[b] = LOAD(g.from[first + b], i);                          \
        if (g.rows_out) store(g.rows_out + (first + b) * g.row_stride + i, square[b]);          \
      }                                                                                         \
      transpose_square(square);                                                                 \
      UNROLL for (int f = 0; f < VL; f++) store(g.out + (size_t)(i + f) * T + first, square[f]); \
    }                                                                                           \
  for (; i < end; i++)                                                                          \
    for (int b = 0; b < T; b++) {                                                               \
      const float x = g.from[b] ? READ(g.from[b], i) : 0;                                       \
      g.out[(size_t)i * T + b] = x;                                                             \
      if (g.rows_out) g.rows_out[b * g.row_stride + i] = x;                                     \
    }

KERNEL(gather_u8) {
  const struct gather_u8_args *a = (const void *)args;
  const int channels = a->features / a->channel_size;
  const float *affine = at(memory, a->affine);
  expect_tile(memory, a->data, a->features, a->indices, begin);
  for (int tile = begin; tile < end; tile++) {
    if (tile + 1 < end) expect_tile(memory, a->data, a->features, a->indices, tile + 1);
    const struct gather g = gather_tile(memory, a->data, a->features, a->indices, a->out,
                                        a->features, a->rows_out, a->row_stride, tile);
    for (int c = 0, i = 0; c < channels; c++) {
      const float scale = affine[c], shift = affine[channels + c];
#define LOAD_U8(sample, i) (load_bytes((const uint8_t *)(sample) + i) * scale + shift)
#define READ_U8(sample, i) (((const uint8_t *)(sample))[i] * scale + shift)
      GATHER(g, i, (c + 1) * a->channel_size, LOAD_U8, READ_U8)
    }
  }
}

KERNEL(gather_f32) {
  const struct gather_f32_args *a = (const void *)args;
  const size_t bytes_each = sizeof(float) * a->features;
  expect_tile(memory, a->data, bytes_each, a->indices, begin);
  for (int tile = begin; tile < end; tile++) {
    if (tile + 1 < end) expect_tile(memory, a->data, bytes_each, a->indices, tile + 1);
    const struct gather g = gather_tile(memory, a->data, bytes_each, a->indices, a->out,
                                        a->features, a->rows_out, a->row_stride, tile);
    int i = 0;
#define LOAD_F32(sample, i) load((const float *)(sample) + i)
#define READ_F32(sample, i) (((const float *)(sample))[i])
    GATHER(g, i, a->features, LOAD_F32, READ_F32)
  }
}

KERNEL(tiles_to_rows) {
  const struct tiles_to_rows_args *a = (const void *)args;
  for (int tile = begin; tile < end; tile++) {
    const float *x = (const float *)at(memory, a->x) + (size_t)tile * a->features * T;
    float *out = (float *)at(memory, a->out) + (size_t)tile * T * a->row_stride;
    int i = 0;
    for (; i + VL <= a->features; i += VL)
      for (int first = 0; first < T; first += VL) {
        vec square[VL];
        UNROLL for (int f = 0; f < VL; f++) square[f] = load(x + (size_t)(i + f) * T + first);
        transpose_square(square);
        UNROLL for (int b = 0; b < VL; b++)
            store(out + (size_t)(first + b) * a->row_stride + i, square[b]);
      }
    for (; i < a->features; i++)
      for (int b = 0; b < T; b++) out[(size_t)b * a->row_stride + i] = x[(size_t)i * T + b];
  }
}
