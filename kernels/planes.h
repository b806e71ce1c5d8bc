/* Planes: how a tensor of images is walked, and which lanes of a tile hold samples. Layouts:
 * src/runtime/contract/.
 *
 * A plane is one channel of one tile: rows of positions, each position T lanes. Ops over planes are
 * split into units, unit = tile * channels + channel. Borders are never touched: rows are as long
 * as the interior, and strides skip the rest.
 */
#ifndef BREGMAN_PLANES_H
#define BREGMAN_PLANES_H

#include "exponential.h"
#include "kernels.h"
#include "lanes.h"

/* A tensor in memory, its strides in elements. `data` is NULL if it is absent. */
struct tensor {
  element *data;
  size_t tile, plane, row;
};

INLINE struct tensor tensor_at(char *memory, struct tensor_args a) {
  return (struct tensor){at_or_null(memory, a.at), (uint32_t)a.tile, (uint32_t)a.plane,
                         (uint32_t)a.row};
}

/* The tensor's plane of a unit; NULL if the tensor is absent. */
INLINE element *plane_of(struct tensor t, int tile, int channel) {
  return t.data ? t.data + tile * t.tile + channel * t.plane : NULL;
}

/* Where row h starts. */
INLINE element *row_of(element *plane, struct tensor t, int h) {
  return plane ? plane + h * (ptrdiff_t)t.row : NULL;
}

/* Units as runs of elements: their rows, one run a plane if no tensor has anything between its
 * rows, or one run for all of a tile's units if there is nothing between its planes either (a
 * vector's features are planes of one position). */
struct runs {
  int count; /* in a plane */
  size_t length;
  int whole; /* units may be taken together */
};

/* Tensors that are absent are no obstacle. */
INLINE int rows_touch(struct tensor t, int width) { return !t.data || t.row == (size_t)width * T; }
INLINE int planes_touch(struct tensor t, int height, int width) {
  return !t.data || t.plane == (size_t)height * width * T;
}

INLINE struct runs runs_of(int height, int width, struct tensor a, struct tensor b,
                           struct tensor c) {
  const size_t length = (size_t)width * T;
  if (!rows_touch(a, width) || !rows_touch(b, width) || !rows_touch(c, width))
    return (struct runs){height, length, 0};
  const int whole = planes_touch(a, height, width) && planes_touch(b, height, width) &&
                    planes_touch(c, height, width);
  return (struct runs){1, length * height, whole};
}

/* The first unit that is not done together with `unit`. */
INLINE int next_unit(struct runs runs, int unit, int end, int channels) {
  if (!runs.whole) return unit + 1;
  const int last = (unit / channels + 1) * channels;
  return last < end ? last : end;
}

/* *p = x, or *p += x. */
INLINE void put(element *p, vec x, int add) {
  if (add) x += load(p);
  store(p, x);
}

/* x in float64, its upper half added to its lower one; and the sum of what that leaves. */
INLINE dvec widened(vec x) {
  return __builtin_convertvector(HALF(x, 0), dvec) + __builtin_convertvector(HALF(x, VL / 2), dvec);
}

INLINE double total_of(dvec x) {
  double sum = 0;
  UNROLL for (int j = 0; j < VL / 2; j++) sum += x[j];
  return sum;
}

/* Lanes of a tile that hold samples, when `samples` of the batch are left from this tile on. */
struct lanes {
  ivec present[TV];
};

INLINE struct lanes lanes_of(int samples) {
  struct lanes l;
  for (int i = 0; i < TV; i++)
    for (int j = 0; j < VL; j++) l.present[i][j] = i * VL + j < samples ? -1 : 0;
  return l;
}

#endif
