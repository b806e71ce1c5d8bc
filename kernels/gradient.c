/* What happens to gradients between the backward pass and the update: their norms, clipping, sums
 * over parts of a batch, weight decay. Contract: src/runtime/contract/.
 */
#include "conv.h"
#include "lanes.h"
#include "pair.h"

/* |x|_2 of n floats. */
static float norm_of_row(const float *x, int n) {
  dvec sum[2] = {{0}, {0}};
  for (int c = 0; c < n; c += VL) add_squares(sum, load_part(x + c, n - c));
  return norm_of(sum);
}

/* The same of the places of a pattern. */
static float norm_of_entries(const float *x, const struct entry *e, int used,
                             struct kernel_shape kernel) {
  double sum = 0;
  for (int k = 0; k < used; k++) {
    const double value = x[entry_column(e[k].offset, kernel)];
    sum += value * value;
  }
  return (float)__builtin_sqrt(sum);
}

/* Of pairs: a weight of a kernel that is zero, and not minus zero, is outside the pattern
 * (update_pattern.c). */
static float norm_of_pairs(const float *x, const float *theta, const struct pair *pairs, int used,
                           int group, uint32_t row_weights) {
  double sum = 0;
  for (int k = 0; k < used; k++) {
    const int first = pair_column(pairs[k], row_weights);
    for (int c = first; c < first + group; c++)
      if (theta[c] != 0 || __builtin_signbit(theta[c])) sum += (double)x[c] * x[c];
  }
  return (float)__builtin_sqrt(sum);
}

KERNEL(gradient_norms) {
  const struct gradient_norms_args *a = (const void *)args;
  const struct places p = a->pattern;
  float *norms = at(memory, a->norms);
  for (int r = begin; r < end; r++) {
    const size_t start = (size_t)r * a->cols;
    const float *g = (const float *)at(memory, a->g) + start;
    if (!p.entries) {
      norms[r] = norm_of_row(g, a->cols);
      continue;
    }
    const int used = ((const int32_t *)at(memory, p.used))[r];
    const struct entry *e =
        (const struct entry *)at(memory, p.entries) + (size_t)r * p.entry_stride;
    const float *theta = (const float *)at(memory, p.theta) + start;
    norms[r] = p.group ? norm_of_pairs(g, theta, (const struct pair *)e, used, p.group,
                                       (uint32_t)(p.theta + start * 4))
                       : norm_of_entries(g, e, used, p.kernel);
  }
}

/* x within [-limit, limit]; a NaN stays one. */
INLINE vec bounded(vec x, float limit) {
  const ivec beyond = magnitude(x) > limit;
  return (vec)((~beyond & (ivec)x) | (beyond & (ivec)with_sign(splat(limit), x)));
}

KERNEL(clip_gradient) {
  const struct clip_gradient_args *a = (const void *)args;
  const float *bounds = at(memory, a->bounds), factor = bounds[0], limit = bounds[1];
  float *g = (float *)at(memory, a->g) + (size_t)begin * a->cols;
  const size_t n = (size_t)(end - begin) * a->cols;
  for (size_t i = 0; i < n; i += VL) {
    const int left = n - i < VL ? (int)(n - i) : VL;
    store_part(g + i, bounded(factor * load_part(g + i, left), limit), left);
  }
}

KERNEL(sum_gradient) {
  const struct sum_gradient_args *a = (const void *)args;
  const float share = *(const float *)at(memory, a->share);
  const float *g = (const float *)at(memory, a->g) + (size_t)begin * a->cols;
  float *sum = (float *)at(memory, a->sum) + (size_t)begin * a->cols;
  const size_t n = (size_t)(end - begin) * a->cols;
  for (size_t i = 0; i < n; i += VL) {
    const int left = n - i < VL ? (int)(n - i) : VL;
    vec x = share * load_part(g + i, left);
    if (!a->first) x = load_part(sum + i, left) + x;
    store_part(sum + i, x, left);
  }
}

/* g += factor theta. A zero weight adds nothing, so the weights of a pattern are all. */
KERNEL(decay_gradient) {
  const struct decay_gradient_args *a = (const void *)args;
  const struct places p = a->pattern;
  const float factor = *(const float *)at(memory, a->factor);
  for (int r = begin; r < end; r++) {
    const size_t start = (size_t)r * a->cols;
    float *g = (float *)at(memory, a->g) + start;
    const float *theta = (const float *)at(memory, p.theta) + start;
    if (!p.entries) {
      for (int c = 0; c < a->cols; c += VL) {
        const int left = a->cols - c;
        store_part(g + c, load_part(g + c, left) + factor * load_part(theta + c, left), left);
      }
      continue;
    }
    const int used = ((const int32_t *)at(memory, p.used))[r];
    const struct entry *e =
        (const struct entry *)at(memory, p.entries) + (size_t)r * p.entry_stride;
    if (!p.group) {
      for (int k = 0; k < used; k++) g[entry_column(e[k].offset, p.kernel)] += factor * e[k].value;
      continue;
    }
    for (int k = 0; k < used; k++) {
      const int first = pair_column(((const struct pair *)e)[k], (uint32_t)(p.theta + start * 4));
      for (int c = first; c < first + p.group; c++) g[c] += factor * theta[c];
    }
  }
}
