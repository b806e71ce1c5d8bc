/* Elementwise passes over whole tiles: the ReLU and its derivative. */
#include "kernels.h"

struct relu_args {
  int32_t x, y;   /* f32 [tiles][length]; may be the same */
  int32_t length; /* floats in a tile, a multiple of T */
};

KERNEL(relu) {
  const struct relu_args *a = (const void *)args;
  const float *x = at(memory, a->x);
  float *y = at(memory, a->y);
  const size_t last = (size_t)end * a->length;
  for (size_t i = (size_t)begin * a->length; i < last; i += VL) store(y + i, rectify(load(x + i)));
}

struct relu_grad_args {
  int32_t dy, y, dx; /* f32 [tiles][length] */
  int32_t length;
};

KERNEL(relu_grad) {
  const struct relu_grad_args *a = (const void *)args;
  const float *dy = at(memory, a->dy), *y = at(memory, a->y);
  float *dx = at(memory, a->dx);
  const size_t last = (size_t)end * a->length;
  for (size_t i = (size_t)begin * a->length; i < last; i += VL) store(dx + i, masked(load(dy + i), load(y + i)));
}
