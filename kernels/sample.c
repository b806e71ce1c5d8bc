/* The gradient of a weight, estimated from a part of the batch. Contract: src/runtime/contract/.
 *
 *     g = sum over samples of dy_b x_b^T        is estimated by        sum over the drawn b of dy_b x_b^T / p_b
 *
 * (of a convolution: sums over positions of such products, and |dy_b| is the norm of all planes)
 * with p_b = min(1, c a_b), a_b = |dy_b| |x_b|, so that n samples are drawn: unbiased, and of all p
 * the ones with the smallest variance  sum of (1 / p_b - 1) a_b^2. The draw is systematic: one
 * random number u in [0, 1), and sample b is drawn where p_0 + ... + p_b passes u, u + 1, u + 2,
 * ...; each is then drawn with exactly its p_b.
 */
#include "kernels.h"

/* Squared norms of a tile's samples, n features. Those of images are read from memory: once. */
static void squares_of_tile(const element *x, int n, float *out) {
  vec sum[TV];
  UNROLL for (int v = 0; v < TV; v++) sum[v] = splat(0);
  for (int f = 0; f < n; f++, x += T) UNROLL for (int v = 0; v < TV; v++) {
      const vec value = load(x + v * VL);
      sum[v] += value * value;
    }
  UNROLL for (int v = 0; v < TV; v++) store(out + v * VL, sum[v]);
}

KERNEL(sample_norms) {
  const struct sample_norms_args *a = (const void *)args;
  for (int t = begin; t < end; t++) {
    float dy[T], x[T], *norms = (float *)at(memory, a->norms) + (size_t)t * T;
    squares_of_tile((const element *)at(memory, a->dy) + (size_t)t * a->rows * T, a->rows, dy);
    squares_of_tile((const element *)at(memory, a->x) + (size_t)t * a->cols * T, a->cols, x);
    for (int i = 0; i < T; i++) norms[i] = __builtin_sqrtf(dy[i] * x[i]);
  }
}

/* The c with which sum of min(1, c a) = n; `largest` and the sum are those of all a, more than n of
 * which are above 0. */
static double share_of(const float *a, int count, int n, double sum) {
  double c = n / sum;
  /* Samples that are drawn for certain leave fewer draws for the others: each round finds more of
   * them, or none. */
  for (int certain = 0, found = -1; found != certain;) {
    double left = 0;
    found = certain;
    certain = 0;
    for (int b = 0; b < count; b++) {
      if (c * a[b] >= 1) certain++;
      else left += a[b];
    }
    if (left > 0) c = (n - certain) / left;
  }
  return c;
}

INLINE double chance(double c, float a) { return c * a < 1 ? c * a : 1; }

/* A number in [0, 1) from 32 bits, mixed as in activation.c. */
static double uniform(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x21f0aaadu;
  x = (x ^ (x >> 15)) * 0x735a2d97u;
  return (x ^ (x >> 15)) / 4294967296.0;
}

KERNEL(draw_samples) {
  const struct draw_samples_args *a = (const void *)args;
  const float *norms = at(memory, a->norms), tolerance = *(const float *)at(memory, a->tolerance);
  int32_t *drawn = at(memory, a->drawn), *numbers = drawn + 1;
  float *factors = at(memory, a->factors);
  const int count = a->samples;
  double sum = 0, squares = 0;
  int above = 0;
  for (int b = 0; b < count; b++) {
    sum += norms[b];
    squares += (double)norms[b] * norms[b];
    above += norms[b] > 0;
  }
  /* What is not finite is for the exact gradient to show. */
  const int all = !(squares < __builtin_inf());
  double c = 0;
  int n = T;
  for (; !all && n < above; n += T) {
    double variance = 0;
    c = share_of(norms, count, n, sum);
    for (int b = 0; b < count; b++)
      if (norms[b] > 0) variance += (1 / chance(c, norms[b]) - 1) * norms[b] * norms[b];
    if (variance <= tolerance * squares) break;
  }
  int used = 0;
  if (all || n >= above) {
    for (int b = 0; b < count; b++)
      if (all || norms[b] > 0) numbers[used] = b, factors[used++] = 1;
  } else {
    double passed = 0, next = uniform(*(const uint32_t *)at(memory, a->settings));
    for (int b = 0; b < count && used < n; b++) {
      const double p = chance(c, norms[b]);
      passed += p;
      if (!(passed > next)) continue;
      numbers[used] = b, factors[used++] = (float)(1 / p);
      next += 1;
    }
  }
  drawn[0] = (used + T - 1) / T;
  for (; used % T != 0; used++) numbers[used] = -1, factors[used] = 0;
}

KERNEL(gather_samples) {
  const struct gather_samples_args *a = (const void *)args;
  const int32_t *drawn = at(memory, a->drawn);
  const float *factors = at(memory, a->factors);
  for (int s = begin; s < end && s < drawn[0] * T; s++) {
    const int b = drawn[1 + s] < 0 ? 0 : drawn[1 + s];
    const size_t tile = b / T, lane = b % T;
    const float *dy = (const float *)at(memory, a->dy) + tile * a->rows * T + lane;
    float *dy_out = (float *)at(memory, a->dy_out) + (size_t)(s / T) * a->rows * T + s % T;
    /* Not a product where there is no sample: it could be 0 times infinity. */
    for (int r = 0; r < a->rows; r++) dy_out[r * T] = drawn[1 + s] < 0 ? 0 : factors[s] * dy[r * T];
    float *x_out = (float *)at(memory, a->x_out) + (size_t)s * a->row_stride;
    if (a->x_rows) {
      const float *x = (const float *)at(memory, a->x_rows) + (size_t)b * a->row_stride;
      for (int f = 0; f < a->row_stride; f += T)
        for (int i = 0; i < T; i += VL) store(x_out + f + i, load(x + f + i));
    } else {
      const float *x = (const float *)at(memory, a->x) + tile * a->cols * T + lane;
      for (int f = 0; f < a->cols; f++) x_out[f] = x[(size_t)f * T];
      for (int f = a->cols; f < a->row_stride; f++) x_out[f] = 0;
    }
  }
}

KERNEL(sampled_weight_grad) {
  const struct sampled_weight_grad_args *a = (const void *)args;
  const struct dense_weight_grad_args dense = {
      .dy = a->dy,
      .x_rows = a->x_rows,
      .g = a->g,
      .tiles = *(const int32_t *)at(memory, a->drawn),
      .rows = a->rows,
      .cols = a->cols,
      .row_stride = a->row_stride,
  };
  dense_weight_grad(memory, (const int32_t *)&dense, begin, end);
}

/* Vectors that are copied for all samples before the next ones: those of all tiles stay in the
 * first-level cache, where the samples of a tile find them. */
#define GATHER_VECTORS 32

KERNEL(gather_planes) {
  const struct gather_planes_args *a = (const void *)args;
  const int32_t *drawn = at(memory, a->drawn);
  const float *factors = at_or_null(memory, a->factors);
  const size_t tile = (size_t)a->vectors * T;
  for (int from = begin; from < end; from += GATHER_VECTORS) {
    const int n = from + GATHER_VECTORS < end ? GATHER_VECTORS : end - from;
    for (int s = 0; s < drawn[0] * T; s++) {
      const int b = drawn[1 + s];
      element *out = (element *)at(memory, a->out) + s / T * tile + (size_t)from * T + s % T;
      if (b < 0) {
        for (int v = 0; v < n; v++) out[v * T] = (element){0};
        continue;
      }
      const element *x =
          (const element *)at(memory, a->x) + b / T * tile + (size_t)from * T + b % T;
      const float factor = factors ? factors[s] : 1;
      for (int v = 0; v < n; v++) put_number(out + v * T, factor * number(x + v * T));
    }
  }
}

KERNEL(conv_sampled_weight_grad) {
  const struct conv_sampled_weight_grad_args *a = (const void *)args;
  const struct conv_dense_weight_grad_args dense = {
      .dy = a->dy,
      .x = a->x,
      .g = a->g,
      .taps = a->taps,
      .tap_count = a->tap_count,
      .tiles = *(const int32_t *)at(memory, a->drawn),
      .rows = a->rows,
      .inner = a->inner,
      .height = a->height,
      .width = a->width,
  };
  conv_dense_weight_grad(memory, (const int32_t *)&dense, begin, end);
  if (dense.tiles > 0) return;
  const size_t cols = (size_t)a->inner * a->tap_count;
  float *g = (float *)at(memory, a->g) + begin * cols;
  for (size_t k = 0; k < (end - begin) * cols; k++) g[k] = 0;
}
