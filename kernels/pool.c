/* Pooling: maximum and mean over windows of a plane, and their gradients.
 *
 * Windows may overlap (stride < size) or leave positions out. A gradient of windows that tile the
 * plane is written in one pass; any other is added up on a plane of zeros. There is no padding, so
 * all windows are inside.
 */
#include "planes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

struct window {
  int height, width;
};

/* The larger of two; NaN is larger than everything, so that a diverged net is noticed. */
INLINE vec larger(vec x, vec y) {
#if defined(__wasm__)
  return __builtin_wasm_max_f32x4(x, y);
#else
  /* The machine's maximum is y if one is NaN; what is left is a NaN in x. */
#if VL == 16
  const vec top = (vec)_mm512_max_ps((__m512)x, (__m512)y);
#elif VL == 8
  const vec top = (vec)_mm256_max_ps((__m256)x, (__m256)y);
#elif defined(__SSE2__)
  const vec top = (vec)_mm_max_ps((__m128)x, (__m128)y);
#else
  const vec top = choose(x > y, x, y);
#endif
  return choose(x != x, x, top);
#endif
}

INLINE void max_planes(char *memory, const struct max_pool_args *a, int begin, int end, int size) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const size_t step = (size_t)a->stride * T;
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    for (int h = 0; h < a->height; h++) {
      const float *from = row_of(plane_of(x, tile, c), x, h * a->stride);
      float *to = row_of(plane_of(y, tile, c), y, h);
      for (int w = 0; w < a->width; w++, from += step, to += T)
        UNROLL for (int q = 0; q < TV; q++) {
          vec top = load(from + q * VL);
          for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
              const vec value = load(from + i * x.row + j * T + q * VL);
              top = larger(top, value);
            }
          store(to + q * VL, a->relu ? larger(top, splat(0)) : top);
        }
    }
  }
}

KERNEL(max_pool) {
  const struct max_pool_args *a = (const void *)args;
  if (a->size == 2) max_planes(memory, a, begin, end, 2);
  else max_planes(memory, a, begin, end, a->size);
}

/* Zeroes positions of a plane from row h0, or column w0, on. */
INLINE void zero_rest(float *plane, size_t row, int height, int width, int h0, int w0) {
  for (int h = 0; h < height; h++)
    for (size_t i = h < h0 ? (size_t)w0 * T : 0; i < (size_t)width * T; i += VL)
      store(plane + h * row + i, splat(0));
}

/* dy goes to the first position that is not below the maximum (if that is NaN: to the first of
 * all). */
INLINE void max_grad_planes(char *memory, const struct max_pool_grad_args *a, int begin, int end,
                            int size, int add) {
  const struct tensor x = tensor_at(memory, a->x), y = tensor_at(memory, a->y);
  const struct tensor dy = tensor_at(memory, a->dy), dx = tensor_at(memory, a->dx);
  const size_t step = (size_t)a->stride * T;
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    float *plane = plane_of(dx, tile, c);
    if (!a->accumulate)
      zero_rest(plane, dx.row, a->in_height, a->in_width, add ? 0 : a->height * size,
                add ? 0 : a->width * size);
    for (int h = 0; h < a->height; h++) {
      const float *from = row_of(plane_of(x, tile, c), x, h * a->stride);
      const float *top = row_of(plane_of(y, tile, c), y, h),
                  *grad = row_of(plane_of(dy, tile, c), dy, h);
      float *to = row_of(plane, dx, h * a->stride);
      for (int w = 0; w < a->width; w++, from += step, to += step, top += T, grad += T)
        UNROLL for (int q = 0; q < TV; q++) {
          const vec maximum = load(top + q * VL), behind = load(grad + q * VL);
          const vec d = a->relu ? where(maximum > splat(0), behind) : behind;
          ivec open = ~(ivec){0};
          for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
              const ivec first = open & ~(load(from + i * x.row + j * T + q * VL) < maximum);
              put(to + i * dx.row + j * T + q * VL, where(first, d), add);
              open &= ~first;
            }
        }
    }
  }
}

KERNEL(max_pool_grad) {
  const struct max_pool_grad_args *a = (const void *)args;
  const int add = a->accumulate || a->size != a->stride;
  if (a->size == 2 && !add) max_grad_planes(memory, a, begin, end, 2, 0);
  else if (!add) max_grad_planes(memory, a, begin, end, a->size, 0);
  else max_grad_planes(memory, a, begin, end, a->size, 1);
}

INLINE void avg_planes(char *memory, const struct avg_pool_args *a, int begin, int end,
                       struct window s) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const vec scale = splat(1.0f / ((float)s.height * (float)s.width));
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    for (int h = 0; h < a->height; h++) {
      const float *from = row_of(plane_of(x, tile, c), x, h * a->stride);
      float *to = row_of(plane_of(y, tile, c), y, h);
      for (int w = 0; w < a->width; w++, from += (size_t)a->stride * T, to += T) {
        vec sum[TV];
        UNROLL for (int q = 0; q < TV; q++) sum[q] = splat(0);
        for (int i = 0; i < s.height; i++)
          for (int j = 0; j < s.width; j++)
            UNROLL for (int q = 0; q < TV; q++) sum[q] += load(from + i * x.row + j * T + q * VL);
        UNROLL for (int q = 0; q < TV; q++) store(to + q * VL, sum[q] * scale);
      }
    }
  }
}

KERNEL(avg_pool) {
  const struct avg_pool_args *a = (const void *)args;
  if (a->size_height == 2 && a->size_width == 2)
    avg_planes(memory, a, begin, end, (struct window){2, 2});
  else avg_planes(memory, a, begin, end, (struct window){a->size_height, a->size_width});
}

INLINE void avg_grad_planes(char *memory, const struct avg_pool_grad_args *a, int begin, int end,
                            struct window s, int add) {
  const struct tensor dy = tensor_at(memory, a->dy);
  const struct tensor dx = tensor_at(memory, a->dx);
  const vec scale = splat(1.0f / ((float)s.height * (float)s.width));
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    float *plane = plane_of(dx, tile, c);
    if (!a->accumulate)
      zero_rest(plane, dx.row, a->in_height, a->in_width, add ? 0 : a->height * s.height,
                add ? 0 : a->width * s.width);
    for (int h = 0; h < a->height; h++) {
      const float *grad = row_of(plane_of(dy, tile, c), dy, h);
      float *to = row_of(plane, dx, h * a->stride);
      for (int w = 0; w < a->width; w++, grad += T, to += (size_t)a->stride * T) {
        vec d[TV];
        UNROLL for (int q = 0; q < TV; q++) d[q] = load(grad + q * VL) * scale;
        for (int i = 0; i < s.height; i++)
          for (int j = 0; j < s.width; j++)
            UNROLL for (int q = 0; q < TV; q++) put(to + i * dx.row + j * T + q * VL, d[q], add);
      }
    }
  }
}

KERNEL(avg_pool_grad) {
  const struct avg_pool_grad_args *a = (const void *)args;
  const struct window s = {a->size_height, a->size_width};
  /* Where there is one window in a direction, its stride there does not matter. */
  const int apart =
      (s.height == a->stride || a->height == 1) && (s.width == a->stride || a->width == 1);
  if (a->accumulate || !apart) avg_grad_planes(memory, a, begin, end, s, 1);
  else avg_grad_planes(memory, a, begin, end, s, 0);
}
