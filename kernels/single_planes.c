/* What else is done with the planes of one sample: copies, functions of each position, pooling. */
#include "single.h"
#include "transpose.h"

INLINE void copy_apart(const struct single_copy_args *a, struct image x, struct image y,
                       int begin, int end, size_t step) {
  for (int c = begin; c < end; c++)
    for (int i = 0; i < a->height; i++) {
      const float *from = x.data + c * x.plane + i * x.row * (size_t)a->down;
      float *to = y.data + c * y.plane + i * y.row;
      int j = 0;
      for (; j + VL <= a->width; j += VL) store(to + j, load_apart(from + j * step, step, VL));
      const int left = a->width - j;
      if (left == 0) continue;
      const vec out = load_apart(from + j * step, step, left);
      if (a->tight) store_part(to + j, out, left);
      else store_row(to + j, out, left);
    }
}

/* Flat samples that come or go side by side: a matrix is transposed, by squares of whole vectors.
 * Returns the first channel that is left: the last few, or all if a row is shorter than a vector or
 * the numbers of a column are not neighbours. */
INLINE int transpose_squares(const struct single_copy_args *a, struct image x, struct image y,
                             int begin, int end) {
  if (x.plane != 1 || a->height != 1 || a->width % VL != 0) return begin;
  const size_t step = (uint32_t)a->across;
  int c = begin;
  for (; c + VL <= end; c += VL)
    for (int j = 0; j < a->width; j += VL) {
      vec square[VL];
      UNROLL for (int k = 0; k < VL; k++) square[k] = load(x.data + c + (j + k) * step);
      transpose_square(square);
      UNROLL for (int k = 0; k < VL; k++) store(y.data + (c + k) * y.plane + j, square[k]);
    }
  return c;
}

/* The steps that are common are constants. */
KERNEL(single_copy) {
  const struct single_copy_args *a = (const void *)args;
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y);
  begin = transpose_squares(a, x, y, begin, end);
  if (a->across == 1) copy_apart(a, x, y, begin, end, 1);
  else if (a->across == 2) copy_apart(a, x, y, begin, end, 2);
  else copy_apart(a, x, y, begin, end, (uint32_t)a->across);
}

KERNEL(single_affine) {
  const struct single_affine_args *a = (const void *)args;
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y),
                     residual = image_at(memory, a->residual);
  const float *factor = at(memory, a->factor), *shift = at(memory, a->shift);
  const int32_t *mask = at(memory, a->mask);
  for (int c = begin; c < end; c++) {
    const vec f = splat(factor[c]), s = splat(shift[c]);
    for (size_t i = 0; i < (size_t)a->span; i += VL) {
      vec out = f * load(x.data + c * x.plane + i) + s;
      if (residual.data) out += load(residual.data + c * residual.plane + i);
      if (a->relu) out = rectify(out);
      store(y.data + c * y.plane + i, where(*(const ivec *)(mask + i), out));
    }
  }
}

INLINE void single_activate(char *memory, const struct single_activation_args *a, int begin,
                            int end, int kind) {
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y);
  const int32_t *mask = at(memory, a->mask);
  const vec slope = splat(kind == ACTIVATION_LEAKY_RELU ? *(const float *)at(memory, a->slope) : 0);
  for (int c = begin; c < end; c++)
    for (size_t i = 0; i < (size_t)a->span; i += VL) {
      const vec out = activated(kind, load(x.data + c * x.plane + i), slope);
      store(y.data + c * y.plane + i, where(*(const ivec *)(mask + i), out));
    }
}

KERNEL(single_activation) {
  const struct single_activation_args *a = (const void *)args;
#define CASE(name, code) case code: single_activate(memory, a, begin, end, code); break;
  switch (a->kind) { ACTIVATIONS(CASE) }
#undef CASE
}

/* x where its column is inside an image of this width, else less than everything: the first of the
 * lanes is column `first`, each other `step` further. */
INLINE vec inside_columns(vec x, int first, int step, int width) {
  ivec column;
  UNROLL for (int k = 0; k < VL; k++) column[k] = k;
  column = column * step + first;
  return choose((column >= 0) & (column < width), x, splat(-__builtin_inff()));
}

INLINE void max_pool_apart(const struct single_max_pool_args *a, struct image x, struct image y,
                           int begin, int end, int across) {
  const struct window s = a->window;
  for (int c = begin; c < end; c++)
    for (int h = 0; h < a->height; h++) {
      const int above = h * s.down - s.top;
      const struct inside rows = inside_of(above, s.height, a->in_height);
      const float *row = x.data + c * x.plane + above * (ptrdiff_t)x.row - s.left;
      float *out = y.data + c * y.plane + h * y.row;
      for (int w = 0; w < a->width; w += VL) {
        const int left = a->width - w, before = w * across - s.left;
        /* All lanes that are wanted are inside for every column of the window. */
        const int last = (left < VL ? left : VL) - 1;
        const int whole = before >= 0 && before + last * across + s.width <= a->in_width;
        const float *corner = row + (size_t)w * across;
        vec top = splat(-__builtin_inff());
        for (int i = rows.first; i < rows.end; i++)
          for (int j = 0; j < s.width; j++) {
            const vec value = load_apart(corner + i * (ptrdiff_t)x.row + j, across, left);
            top = larger(top, whole ? value
                                    : inside_columns(value, before + j, across, a->in_width));
          }
        store_row(out + w, a->relu ? larger(top, splat(0)) : top, left);
      }
    }
}

KERNEL(single_max_pool) {
  const struct single_max_pool_args *a = (const void *)args;
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y);
  const int across = a->window.across;
  /* The step that is common is a constant. */
  if (across == 2) max_pool_apart(a, x, y, begin, end, 2);
  else max_pool_apart(a, x, y, begin, end, across);
}

/* The sum of `height` rows of `width`. */
INLINE float sum_rows(const float *p, size_t row, int height, int width) {
  vec sum = splat(0);
  for (int i = 0; i < height; i++)
    for (int j = 0; j < width; j += VL) sum += load_part(p + i * row + j, width - j);
  return total(sum);
}

KERNEL(single_avg_pool) {
  const struct single_avg_pool_args *a = (const void *)args;
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y);
  const struct window s = a->window;
  const float scale = 1.0f / ((float)s.height * (float)s.width);
  for (int c = begin; c < end; c++)
    for (int h = 0; h < a->height; h++) {
      const float *from =
          x.data + c * x.plane + (h * s.down - s.top) * (ptrdiff_t)x.row - s.left;
      float *to = y.data + c * y.plane + h * y.row;
      if (a->width == 1) {
        *to = sum_rows(from, x.row, s.height, s.width) * scale;
        continue;
      }
      for (int w = 0; w < a->width; w += VL) {
        const int left = a->width - w;
        const float *corner = from + (size_t)w * s.across;
        vec sum = splat(0);
        for (int i = 0; i < s.height; i++)
          for (int j = 0; j < s.width; j++)
            sum += load_apart(corner + i * x.row + j, s.across, left);
        store_row(to + w, sum * splat(scale), left);
      }
    }
}
