/* Samples into tiles, and tiles into rows: transposes between [samples][features] and [tiles][features][T].
 *
 * All three are bound by memory, so they move whole squares: 16 samples by 16 features as bytes, VL by VL as floats.
 */
#include "kernels.h"
#include "transpose.h"

typedef float wide __attribute__((vector_size(4 * T), aligned(4), may_alias));

/* Where each sample of a tile is read from; NULL if it is absent. */
INLINE void find_samples(const void *sample[T], const char *data, const int32_t *indices, size_t bytes_each) {
  for (int b = 0; b < T; b++) sample[b] = indices[b] < 0 ? NULL : data + (uint32_t)indices[b] * bytes_each;
}

struct gather_u8_args {
  int32_t data;     /* u8 [samples, features] */
  int32_t indices;  /* i32 [tiles * T], -1 = absent */
  int32_t affine;   /* f32 [2, channels]: scales, then shifts */
  int32_t out;      /* f32 [tiles][features][T] */
  int32_t rows_out; /* f32 [tiles * T][row_stride], or 0 */
  int32_t features, channel_size, row_stride;
};

INLINE wide normalise(bytes x, float scale, float shift) { return __builtin_convertvector(x, wide) * scale + shift; }

INLINE void gather_u8_tile(char *memory, const struct gather_u8_args *a, int tile) {
  const int channels = a->features / a->channel_size;
  const float *affine = at(memory, a->affine);
  float *out = (float *)at(memory, a->out) + (size_t)tile * a->features * T;
  float *rows_out = at_or_null(memory, a->rows_out);
  if (rows_out) rows_out += (size_t)tile * T * a->row_stride;
  const void *sample[T];
  find_samples(sample, at(memory, a->data), (const int32_t *)at(memory, a->indices) + tile * T, a->features);
  wide present; /* 1, or 0 for an absent sample */
  for (int b = 0; b < T; b++) present[b] = sample[b] != NULL;

  for (int c = 0, i = 0; c < channels; c++) {
    const float scale = affine[c], shift = affine[channels + c];
    const int channel_end = (c + 1) * a->channel_size;
    for (; i + 16 <= channel_end; i += 16) {
      bytes square[T];
      UNROLL for (int b = 0; b < T; b++) {
        square[b] = sample[b] ? *(const bytes *)((const uint8_t *)sample[b] + i) : (bytes){0};
        if (rows_out)
          *(wide *)(rows_out + (size_t)b * a->row_stride + i) = normalise(square[b], scale, shift) * present[b];
      }
      transpose_bytes(square);
      UNROLL for (int f = 0; f < 16; f++)
        *(wide *)(out + (size_t)(i + f) * T) = normalise(square[f], scale, shift) * present;
    }
    for (; i < channel_end; i++)
      for (int b = 0; b < T; b++) {
        const float x = sample[b] ? ((const uint8_t *)sample[b])[i] * scale + shift : 0;
        out[(size_t)i * T + b] = x;
        if (rows_out) rows_out[(size_t)b * a->row_stride + i] = x;
      }
  }
}

KERNEL(gather_u8) {
  for (int tile = begin; tile < end; tile++) gather_u8_tile(memory, (const void *)args, tile);
}

struct gather_f32_args {
  int32_t data;     /* f32 [samples, features] */
  int32_t indices;  /* i32 [tiles * T], -1 = absent */
  int32_t out;      /* f32 [tiles][features][T] */
  int32_t rows_out; /* f32 [tiles * T][row_stride], or 0 */
  int32_t features, row_stride;
};

INLINE void gather_f32_tile(char *memory, const struct gather_f32_args *a, int tile) {
  float *out = (float *)at(memory, a->out) + (size_t)tile * a->features * T;
  float *rows_out = at_or_null(memory, a->rows_out);
  if (rows_out) rows_out += (size_t)tile * T * a->row_stride;
  const void *sample[T];
  find_samples(sample, at(memory, a->data), (const int32_t *)at(memory, a->indices) + tile * T,
               sizeof(float) * a->features);
  int i = 0;
  for (; i + VL <= a->features; i += VL)
    for (int first = 0; first < T; first += VL) {
      vec square[VL];
      UNROLL for (int b = 0; b < VL; b++) {
        square[b] = sample[first + b] ? load((const float *)sample[first + b] + i) : splat(0);
        if (rows_out) store(rows_out + (size_t)(first + b) * a->row_stride + i, square[b]);
      }
      transpose_square(square);
      UNROLL for (int f = 0; f < VL; f++) store(out + (size_t)(i + f) * T + first, square[f]);
    }
  for (; i < a->features; i++)
    for (int b = 0; b < T; b++) {
      const float x = sample[b] ? ((const float *)sample[b])[i] : 0;
      out[(size_t)i * T + b] = x;
      if (rows_out) rows_out[(size_t)b * a->row_stride + i] = x;
    }
}

KERNEL(gather_f32) {
  for (int tile = begin; tile < end; tile++) gather_f32_tile(memory, (const void *)args, tile);
}

struct tiles_to_rows_args {
  int32_t x;   /* f32 [tiles][features][T] */
  int32_t out; /* f32 [tiles * T][row_stride] */
  int32_t features, row_stride;
};

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
        UNROLL for (int b = 0; b < VL; b++) store(out + (size_t)(first + b) * a->row_stride + i, square[b]);
      }
    for (; i < a->features; i++)
      for (int b = 0; b < T; b++) out[(size_t)b * a->row_stride + i] = x[(size_t)i * T + b];
  }
}
