/* Samples into tiles, and tiles into rows: transposes between [samples][features] and [tiles][features][T].
 *
 * All three are bound by memory, so they move whole squares: 16 samples by 16 features as bytes, VL by VL as floats.
 */

typedef uint8_t bytes __attribute__((vector_size(16), aligned(1), may_alias));
typedef float wide __attribute__((vector_size(4 * T), aligned(4), may_alias));

/* The 16 samples of a tile as pointers to their rows; an absent one points to NULL. */
#define SAMPLE(data, index, size) ((index) < 0 ? NULL : (data) + (size_t)(uint32_t)(index) * (size))

INLINE void transpose_bytes(bytes r[16]) {
  bytes s[16];
#pragma GCC unroll 4
  for (int round = 0; round < 4; round++) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      s[2 * i] = __builtin_shufflevector(r[i], r[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      s[2 * i + 1] = __builtin_shufflevector(r[i], r[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) r[i] = s[i];
  }
}

/* args: data, indices, affine, out, rowsOut, features, channelSize, rowStride */
KERNEL(gather_u8) {
  const int features = args[5], channel_size = args[6], row_stride = args[7];
  const int channels = features / channel_size;
  const uint8_t *data = (const uint8_t *)at(memory, args[0]);
  const float *affine = (const float *)at(memory, args[2]);
  float *rows_out = (float *)at_or_null(memory, args[4]);
  for (int tile = begin; tile < end; tile++) {
    const int32_t *indices = (const int32_t *)at(memory, args[1]) + tile * T;
    float *out = (float *)at(memory, args[3]) + (size_t)tile * features * T;
    const uint8_t *sample[T];
    wide present; /* 1 or 0: an absent sample is zeros, not shift[c] */
    for (int b = 0; b < T; b++) {
      sample[b] = SAMPLE(data, indices[b], features);
      present[b] = sample[b] != NULL;
    }
    for (int c = 0, i = 0; c < channels; c++) {
      const float scale = affine[c], shift = affine[channels + c];
      const int channel_end = (c + 1) * channel_size;
      for (; i + 16 <= channel_end; i += 16) {
        bytes square[16];
        for (int b = 0; b < T; b++) square[b] = sample[b] ? *(const bytes *)(sample[b] + i) : (bytes){0};
        if (rows_out)
          for (int b = 0; b < T; b++)
            *(wide *)(rows_out + (size_t)(tile * T + b) * row_stride + i) =
                (__builtin_convertvector(square[b], wide) * scale + shift) * present[b];
        transpose_bytes(square);
        for (int f = 0; f < 16; f++)
          *(wide *)(out + (size_t)(i + f) * T) = (__builtin_convertvector(square[f], wide) * scale + shift) * present;
      }
      for (; i < channel_end; i++)
        for (int b = 0; b < T; b++) {
          const float x = sample[b] ? sample[b][i] * scale + shift : 0;
          out[(size_t)i * T + b] = x;
          if (rows_out) rows_out[(size_t)(tile * T + b) * row_stride + i] = x;
        }
    }
  }
}

/* args: data, indices, out, rowsOut, features, rowStride */
KERNEL(gather_f32) {
  const int features = args[4], row_stride = args[5];
  const float *data = (const float *)at(memory, args[0]);
  float *rows_out = (float *)at_or_null(memory, args[3]);
  for (int tile = begin; tile < end; tile++) {
    const int32_t *indices = (const int32_t *)at(memory, args[1]) + tile * T;
    float *out = (float *)at(memory, args[2]) + (size_t)tile * features * T;
    const float *sample[T];
    for (int b = 0; b < T; b++) sample[b] = SAMPLE(data, indices[b], features);
    int i = 0;
    for (; i + VL <= features; i += VL)
      for (int first = 0; first < T; first += VL) {
        vec square[VL];
        for (int b = 0; b < VL; b++) {
          square[b] = sample[first + b] ? load(sample[first + b] + i) : splat(0);
          if (rows_out) store(rows_out + (size_t)(tile * T + first + b) * row_stride + i, square[b]);
        }
        transpose_square(square);
        for (int f = 0; f < VL; f++) store(out + (size_t)(i + f) * T + first, square[f]);
      }
    for (; i < features; i++)
      for (int b = 0; b < T; b++) {
        const float x = sample[b] ? sample[b][i] : 0;
        out[(size_t)i * T + b] = x;
        if (rows_out) rows_out[(size_t)(tile * T + b) * row_stride + i] = x;
      }
  }
}

/* args: x, out, features, rowStride */
KERNEL(tiles_to_rows) {
  const int features = args[2], row_stride = args[3];
  for (int tile = begin; tile < end; tile++) {
    const float *x = (const float *)at(memory, args[0]) + (size_t)tile * features * T;
    float *out = (float *)at(memory, args[1]) + (size_t)tile * T * row_stride;
    int i = 0;
    for (; i + VL <= features; i += VL)
      for (int first = 0; first < T; first += VL) {
        vec square[VL];
        for (int f = 0; f < VL; f++) square[f] = load(x + (size_t)(i + f) * T + first);
        transpose_square(square);
        for (int b = 0; b < VL; b++) store(out + (size_t)(first + b) * row_stride + i, square[b]);
      }
    for (; i < features; i++)
      for (int b = 0; b < T; b++) out[(size_t)b * row_stride + i] = x[(size_t)i * T + b];
  }
}
