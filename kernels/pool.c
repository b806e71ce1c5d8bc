/* Pooling: maximum and mean over windows of a plane, and their gradients.
 *
 * Windows may overlap, leave positions out, or reach over the border of the image. A gradient of
 * windows that tile the plane is written in one pass; any other is added up on a plane of zeros.
 */
#include "planes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* The part of a window that is inside the image, in one direction: from its `first` to before its
 * `end`, where it begins at `start` of `length`. */
struct inside {
  int first, end;
};

INLINE struct inside inside_of(int start, int size, int length) {
  return (struct inside){start < 0 ? -start : 0, start + size > length ? length - start : size};
}

INLINE int is_padded(struct window s) { return s.top > 0 || s.left > 0; }

/* Whether all of height x width windows are inside the image. */
INLINE int are_inside(struct window s, int height, int width, int in_height, int in_width) {
  return !is_padded(s) && (height - 1) * s.down + s.height <= in_height &&
         (width - 1) * s.across + s.width <= in_width;
}

/* Whether they touch each other, too, so that each position is in one at most; a direction in which
 * there is one alone doesn't matter. */
INLINE int are_tiles(struct window s, int height, int width, int in_height, int in_width) {
  return are_inside(s, height, width, in_height, in_width) &&
         (s.height == s.down || height == 1) && (s.width == s.across || width == 1);
}

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

INLINE void max_planes(char *memory, const struct max_pool_args *a, int begin, int end,
                       struct window s, int is_inside) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const struct inside whole_height = {0, s.height}, whole_width = {0, s.width};
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    for (int h = 0; h < a->height; h++) {
      const int above = h * s.down - s.top;
      const struct inside rows =
          is_inside ? whole_height : inside_of(above, s.height, a->in_height);
      const element *row = row_of(plane_of(x, tile, c), x, above);
      element *to = row_of(plane_of(y, tile, c), y, h);
      for (int w = 0; w < a->width; w++, to += T) {
        const int before = w * s.across - s.left;
        const struct inside columns =
            is_inside ? whole_width : inside_of(before, s.width, a->in_width);
        const element *from = row + (ptrdiff_t)before * T;
        UNROLL for (int q = 0; q < TV; q++) {
          vec top = load(from + rows.first * (ptrdiff_t)x.row + columns.first * T + q * VL);
          for (int i = rows.first; i < rows.end; i++)
            for (int j = columns.first; j < columns.end; j++) {
              const vec value = load(from + i * (ptrdiff_t)x.row + j * T + q * VL);
              top = larger(top, value);
            }
          store(to + q * VL, a->relu ? larger(top, splat(0)) : top);
        }
      }
    }
  }
}

KERNEL(max_pool) {
  const struct max_pool_args *a = (const void *)args;
  struct window s = a->window;
  const int is_inside = are_inside(s, a->height, a->width, a->in_height, a->in_width);
  if (is_inside && s.height == 2 && s.width == 2) {
    s.height = s.width = 2;
    max_planes(memory, a, begin, end, s, 1);
  } else if (is_inside) max_planes(memory, a, begin, end, s, 1);
  else max_planes(memory, a, begin, end, s, 0);
}

/* Zeroes positions of a plane from row h0, or column w0, on. */
INLINE void zero_rest(element *plane, size_t row, int height, int width, int h0, int w0) {
  for (int h = 0; h < height; h++)
    for (size_t i = h < h0 ? (size_t)w0 * T : 0; i < (size_t)width * T; i += VL)
      store(plane + h * row + i, splat(0));
}

/* dy goes to the first position that is not below the maximum (if that is NaN: to the first of
 * all). */
INLINE void max_grad_planes(char *memory, const struct max_pool_grad_args *a, int begin, int end,
                            struct window s, int add) {
  const struct tensor x = tensor_at(memory, a->x), y = tensor_at(memory, a->y);
  const struct tensor dy = tensor_at(memory, a->dy), dx = tensor_at(memory, a->dx);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    element *plane = plane_of(dx, tile, c);
    if (!(a->how & 1))
      zero_rest(plane, dx.row, a->in_height, a->in_width, add ? 0 : a->height * s.height,
                add ? 0 : a->width * s.width);
    for (int h = 0; h < a->height; h++) {
      const int above = h * s.down - s.top;
      const struct inside rows =
          add ? inside_of(above, s.height, a->in_height) : (struct inside){0, s.height};
      const element *x_row = row_of(plane_of(x, tile, c), x, above);
      const element *top = row_of(plane_of(y, tile, c), y, h),
                  *grad = row_of(plane_of(dy, tile, c), dy, h);
      element *dx_row = row_of(plane, dx, above);
      for (int w = 0; w < a->width; w++, top += T, grad += T) {
        const int before = w * s.across - s.left;
        const struct inside columns =
            add ? inside_of(before, s.width, a->in_width) : (struct inside){0, s.width};
        const element *from = x_row + (ptrdiff_t)before * T;
        element *to = dx_row + (ptrdiff_t)before * T;
        UNROLL for (int q = 0; q < TV; q++) {
          const vec maximum = load(top + q * VL), behind = load(grad + q * VL);
          const vec d = a->how & 2 ? where(maximum > splat(0), behind) : behind;
          ivec open = ~(ivec){0};
          for (int i = rows.first; i < rows.end; i++)
            for (int j = columns.first; j < columns.end; j++) {
              const ptrdiff_t place = j * T + q * VL;
              const ivec first =
                  open & ~(load(from + i * (ptrdiff_t)x.row + place) < maximum);
              put(to + i * (ptrdiff_t)dx.row + place, where(first, d), add);
              open &= ~first;
            }
        }
      }
    }
  }
}

KERNEL(max_pool_grad) {
  const struct max_pool_grad_args *a = (const void *)args;
  struct window s = a->window;
  const int add = a->how & 1 || !are_tiles(s, a->height, a->width, a->in_height, a->in_width);
  if (s.height == 2 && s.width == 2 && !add) {
    s.height = s.width = 2;
    max_grad_planes(memory, a, begin, end, s, 0);
  } else if (!add) max_grad_planes(memory, a, begin, end, s, 0);
  else max_grad_planes(memory, a, begin, end, s, 1);
}

/* What a window has of the border counts as zeros. */
INLINE void avg_planes(char *memory, const struct avg_pool_args *a, int begin, int end,
                       struct window s, int is_inside) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const vec scale = splat(1.0f / ((float)s.height * (float)s.width));
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    for (int h = 0; h < a->height; h++) {
      const int above = h * s.down - s.top;
      const struct inside rows =
          is_inside ? (struct inside){0, s.height} : inside_of(above, s.height, a->in_height);
      const element *row = row_of(plane_of(x, tile, c), x, above);
      element *to = row_of(plane_of(y, tile, c), y, h);
      for (int w = 0; w < a->width; w++, to += T) {
        const int before = w * s.across - s.left;
        const struct inside columns =
            is_inside ? (struct inside){0, s.width} : inside_of(before, s.width, a->in_width);
        const element *from = row + (ptrdiff_t)before * T;
        vec sum[TV];
        UNROLL for (int q = 0; q < TV; q++) sum[q] = splat(0);
        for (int i = rows.first; i < rows.end; i++)
          for (int j = columns.first; j < columns.end; j++)
            UNROLL for (int q = 0; q < TV; q++)
                sum[q] += load(from + i * (ptrdiff_t)x.row + j * T + q * VL);
        UNROLL for (int q = 0; q < TV; q++) store(to + q * VL, sum[q] * scale);
      }
    }
  }
}

KERNEL(avg_pool) {
  const struct avg_pool_args *a = (const void *)args;
  struct window s = a->window;
  const int is_inside = are_inside(s, a->height, a->width, a->in_height, a->in_width);
  if (is_inside && s.height == 2 && s.width == 2) {
    s.height = s.width = 2;
    avg_planes(memory, a, begin, end, s, 1);
  } else if (is_inside) avg_planes(memory, a, begin, end, s, 1);
  else avg_planes(memory, a, begin, end, s, 0);
}

INLINE void avg_grad_planes(char *memory, const struct avg_pool_grad_args *a, int begin, int end,
                            struct window s, int add) {
  const struct tensor dy = tensor_at(memory, a->dy);
  const struct tensor dx = tensor_at(memory, a->dx);
  const vec scale = splat(1.0f / ((float)s.height * (float)s.width));
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    element *plane = plane_of(dx, tile, c);
    if (!a->accumulate)
      zero_rest(plane, dx.row, a->in_height, a->in_width, add ? 0 : a->height * s.height,
                add ? 0 : a->width * s.width);
    for (int h = 0; h < a->height; h++) {
      const int above = h * s.down - s.top;
      const struct inside rows =
          add ? inside_of(above, s.height, a->in_height) : (struct inside){0, s.height};
      const element *grad = row_of(plane_of(dy, tile, c), dy, h);
      element *row = row_of(plane, dx, above);
      for (int w = 0; w < a->width; w++, grad += T) {
        const int before = w * s.across - s.left;
        const struct inside columns =
            add ? inside_of(before, s.width, a->in_width) : (struct inside){0, s.width};
        element *to = row + (ptrdiff_t)before * T;
        vec d[TV];
        UNROLL for (int q = 0; q < TV; q++) d[q] = load(grad + q * VL) * scale;
        for (int i = rows.first; i < rows.end; i++)
          for (int j = columns.first; j < columns.end; j++)
            UNROLL for (int q = 0; q < TV; q++)
                put(to + i * (ptrdiff_t)dx.row + j * T + q * VL, d[q], add);
      }
    }
  }
}

KERNEL(avg_pool_grad) {
  const struct avg_pool_grad_args *a = (const void *)args;
  const struct window s = a->window;
  if (a->accumulate || !are_tiles(s, a->height, a->width, a->in_height, a->in_width))
    avg_grad_planes(memory, a, begin, end, s, 1);
  else avg_grad_planes(memory, a, begin, end, s, 0);
}
