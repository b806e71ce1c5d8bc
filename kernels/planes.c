/* Moving and combining planes: borders, copies, scaled sums, dot products, and images of a data set
 * into planes.
 *
 * All are bound by memory: one pass, whole vectors.
 */
#include "bytes.h"
#include "planes.h"
#include "transpose.h"

KERNEL(copy_planes) {
  const struct copy_planes_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const struct runs runs = runs_of(a->height, a->width, x, y, y);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const element *from = plane_of(x, tile, c);
    element *to = plane_of(y, tile, c);
    for (int h = 0; h < runs.count; h++, from += x.row, to += y.row)
      if (a->accumulate)
        for (size_t i = 0; i < length; i += VL) put(to + i, load(from + i), 1);
      else
        for (size_t i = 0; i < length; i += VL) put(to + i, load(from + i), 0);
  }
}

KERNEL(add_scaled) {
  const struct add_scaled_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const struct runs runs = runs_of(a->height, a->width, x, y, y);
  const vec scale = splat(((const float *)at(memory, a->scalars))[a->index]);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const element *from = plane_of(x, tile, c);
    element *to = plane_of(y, tile, c);
    for (int h = 0; h < runs.count; h++, from += x.row, to += y.row)
      for (size_t i = 0; i < length; i += VL) store(to + i, load(to + i) + scale * load(from + i));
  }
}

/* Rows are summed in float32, the rows in float64. */
KERNEL(dot_planes) {
  const struct dot_planes_args *o = (const void *)args;
  const struct tensor a = tensor_at(memory, o->a);
  const struct tensor b = tensor_at(memory, o->b);
  float *partial = at(memory, o->partial);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / o->channels, c = unit % o->channels;
    const element *p = plane_of(a, tile, c), *q = plane_of(b, tile, c);
    dvec sum = {0};
    for (int h = 0; h < o->height; h++, p += a.row, q += b.row) {
      vec lanes[TV];
      UNROLL for (int i = 0; i < TV; i++) lanes[i] = splat(0);
      for (size_t j = 0; j < (size_t)o->width * T; j += T)
        UNROLL for (int i = 0; i < TV; i++) {
          const vec v = load(p + j + i * VL), w = load(q + j + i * VL);
          lanes[i] += where((v != 0) & (w != 0), v * w);
        }
      UNROLL for (int i = 0; i < TV; i++) sum += widened(lanes[i]);
    }
    partial[unit] = (float)total_of(sum);
  }
}

KERNEL(sum_partial) {
  const struct sum_partial_args *a = (const void *)args;
  const float *partial = at(memory, a->partial);
  double sum = 0;
  if (begin > 0 || end < 1) return;
  for (int i = 0; i < a->length; i++) sum += partial[i];
  ((float *)at(memory, a->g))[a->index] = (float)sum;
}

/* How a sample is changed: out[h, w] = image[h + down, w + right] of the image (mirrored first if
 * flip), so what it shows goes up and left; then 0 in the square of `side` pixels at (top, left),
 * as far as it lies within the plane. Outside of the image is byte 0, or if `reflect` the image
 * again, mirrored at its first and last pixels. */
struct change {
  int32_t down, right, flip, reflect, top, left, side;
};

/* The pixel that stands at `i`, or one outside of 0 ... n - 1. */
INLINE int pixel_at(int i, int n, int reflect) {
  return !reflect ? i : i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
}

struct picture {
  const uint8_t *image; /* NULL = absent */
  struct change change;
};

/* VL bytes of row h, columns w on, as floats: 0 for what lies outside. `row` is the row within the
 * image, or NULL. */
INLINE vec picture_bytes(const struct picture *p, const uint8_t *row, int w, int width) {
  uint8_t bytes[VL];
  const int from = w + p->change.right;
  if (!row) return splat(0);
  if (from >= 0 && from + VL <= width) {
    if (!p->change.flip) return load_bytes(row + from);
    for (int j = 0; j < VL; j++) bytes[j] = row[width - 1 - from - j];
    return load_bytes(bytes);
  }
  for (int j = 0; j < VL; j++) {
    const int across = pixel_at(from + j, width, p->change.reflect);
    const int column = p->change.flip ? width - 1 - across : across;
    bytes[j] = column >= 0 && column < width ? row[column] : 0;
  }
  return load_bytes(bytes);
}

INLINE void gather_row(const struct picture *pictures, size_t plane, int h, int height, int width,
                       float scale, float shift, element *out) {
  const uint8_t *row[T];
  for (int b = 0; b < T; b++) {
    const struct picture *p = &pictures[b];
    const int from = pixel_at(h + p->change.down, height, p->change.reflect);
    row[b] =
        p->image && from >= 0 && from < height ? p->image + plane + (size_t)from * width : NULL;
  }
  for (int w = 0; w < width; w += VL)
    for (int first = 0; first < T; first += VL) {
      vec square[VL];
      UNROLL for (int b = 0; b < VL; b++) {
        const struct picture *p = &pictures[first + b];
        square[b] = splat(0);
        if (p->image) square[b] = picture_bytes(p, row[first + b], w, width) * scale + shift;
      }
      transpose_square(square);
      UNROLL for (int j = 0; j < VL; j++)
        if (w + j < width) store(out + (size_t)(w + j) * T + first, square[j]);
    }
}

/* Sets the square of a row of lane b to 0. */
INLINE void cut_row(const struct change *c, int h, int width, element *out) {
  if (h < c->top || h >= c->top + c->side) return;
  const int end = c->left + c->side < width ? c->left + c->side : width;
  for (int w = c->left > 0 ? c->left : 0; w < end; w++) out[(size_t)w * T] = (element){0};
}

KERNEL(gather_images_u8) {
  const struct gather_images_u8_args *a = (const void *)args;
  const float *affine = at(memory, a->affine);
  const size_t plane = (size_t)a->height * a->width;
  const struct tensor out = tensor_at(memory, a->out);
  for (int tile = begin; tile < end; tile++) {
    const int32_t *indices = (const int32_t *)at(memory, a->indices) + tile * T;
    const struct change *changes = at_or_null(memory, a->augment);
    struct picture pictures[T];
    for (int b = 0; b < T; b++) {
      const int32_t index = indices[b];
      const uint8_t *image =
          (const uint8_t *)at(memory, a->data) + (uint32_t)index * plane * a->channels;
      pictures[b] = (struct picture){.image = index < 0 ? NULL : image};
      if (changes && index >= 0) pictures[b].change = changes[tile * T + b];
    }
    for (int c = 0; c < a->channels; c++)
      for (int h = 0; h < a->height; h++) {
        element *row = row_of(plane_of(out, tile, c), out, h);
        gather_row(pictures, c * plane, h, a->height, a->width, affine[c], affine[a->channels + c],
                   row);
        for (int b = 0; b < T; b++) cut_row(&pictures[b].change, h, a->width, row + b);
      }
  }
}
