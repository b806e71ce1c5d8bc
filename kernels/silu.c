/* SiLU, x times its logistic function, and its gradient. It is not monotonic, so that x can't be
 * told from y: the gradient reads x. */
#include "planes.h"
#include "single.h"

INLINE vec silu_of(vec x) { return x * logistic(x); }

/* s (1 + x (1 - s)) dy with s = logistic(x). Where dy is 0 (an absent lane) so is the result,
 * whatever x is. */
INLINE vec silu_derived(vec x, vec dy) {
  const vec s = logistic(x);
  return where(dy != 0, dy * (s * (splat(1) + x * (splat(1) - s))));
}

KERNEL(silu) {
  const struct silu_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const struct runs runs = runs_of(a->height, a->width, x, y, y);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const float *from = plane_of(x, tile, c);
    float *to = plane_of(y, tile, c);
    for (int h = 0; h < runs.count; h++, from += x.row, to += y.row)
      for (size_t i = 0; i < length; i += VL) store(to + i, silu_of(load(from + i)));
  }
}

KERNEL(silu_grad) {
  const struct silu_grad_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x), dy = tensor_at(memory, a->dy),
                      dx = tensor_at(memory, a->dx);
  const struct runs runs = runs_of(a->height, a->width, x, dy, dx);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const float *value = plane_of(x, tile, c), *grad = plane_of(dy, tile, c);
    float *to = plane_of(dx, tile, c);
    for (int h = 0; h < runs.count; h++, value += x.row, grad += dy.row, to += dx.row)
      for (size_t i = 0; i < length; i += VL)
        put(to + i, silu_derived(load(value + i), load(grad + i)), a->accumulate);
  }
}

KERNEL(single_silu) {
  const struct single_silu_args *a = (const void *)args;
  const struct image x = image_at(memory, a->x), y = image_at(memory, a->y);
  const int32_t *mask = at(memory, a->mask);
  for (int c = begin; c < end; c++)
    for (size_t i = 0; i < (size_t)a->span; i += VL)
      store(y.data + c * y.plane + i,
            where(*(const ivec *)(mask + i), silu_of(load(x.data + c * x.plane + i))));
}
