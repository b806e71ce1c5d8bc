/* Losses and their gradients, a tile at a time: vectors run over the samples.
 *
 * Sums go over the batch in a fixed order, one partial result a tile, so they don't depend on the
 * threads. Lanes of absent samples (index -1) may hold anything, NaN included: they are selected
 * away, not multiplied by 0.
 */
#include "exponential.h"
#include "kernels.h"

/* log(x) for finite x >= 1; otherwise nonsense, but no trap. x = 2^e m with m in [sqrt(1/2),
 * sqrt(2)), log m = 2 atanh(s) with s = (m - 1) / (m + 1), |s| < 0.172, by its series (error below
 * 1e-11).
 */
static double log_positive(double x) {
  union {
    double value;
    int64_t bits;
  } m = {x};
  int e = (int)(m.bits >> 52) - 1023;
  m.bits = (m.bits & 0xfffffffffffff) | ((int64_t)1023 << 52);
  if (m.value > 1.4142135623730951) m.value *= 0.5, e++;
  const double s = (m.value - 1) / (m.value + 1), s2 = s * s;
  return e * 0.6931471805599453 +
         2 * s *
             (1 + s2 * (1. / 3 + s2 * (1. / 5 + s2 * (1. / 7 + s2 * (1. / 9 + s2 * (1. / 11))))));
}

/* What one vector of samples adds to its tile's loss and correct predictions. */
struct score {
  double loss;
  int correct;
};

/* x, grad: the first class's vector; classes are T floats apart. */
INLINE struct score cross_entropy_vector(const float *x, float *grad, ivec present, ivec label,
                                         int classes, float inverse_count, float smoothing,
                                         const float *weights) {
  vec top = load(x), bad = splat(0), wanted = splat(0), sum = splat(0), all = splat(0);
  ivec best = {0};
  for (int k = 0; k < classes; k++) {
    const vec logit = load(x + (size_t)k * T);
    const ivec larger = logit > top; /* strictly: the first maximum wins */
    top = choose(larger, logit, top);
    best = (larger & k) | (~larger & best);
    wanted = choose(label == k, logit, wanted);
    bad += logit * splat(0); /* NaN from the first logit that is not finite */
    all += logit;
  }
  for (int k = 0; k < classes; k++) {
    const vec e = exp_negative(load(x + (size_t)k * T) - top);
    sum += e;
    if (grad) store(grad + (size_t)k * T, e);
  }
  if (grad) {
    const vec scale = inverse_count / sum;
    const float common = smoothing / classes;
    const vec own = splat((1 - smoothing + common) * inverse_count),
              others = splat(common * inverse_count);
    for (int k = 0; k < classes; k++) {
      const vec softmax = load(grad + (size_t)k * T) * scale;
      store(grad + (size_t)k * T,
            choose(present, softmax - choose(label == k, own, others), splat(0)));
    }
  }
  if (weights && grad) {
    vec own = splat(0);
    for (int b = 0; b < VL; b++)
      if (present[b]) own[b] = weights[label[b]];
    for (int k = 0; k < classes; k++)
      store(grad + (size_t)k * T, load(grad + (size_t)k * T) * own);
  }
  struct score score = {0, 0};
  for (int b = 0; b < VL; b++)
    if (present[b]) {
      const double logit = smoothing > 0
                               ? wanted[b] + smoothing * ((double)all[b] / classes - wanted[b])
                               : wanted[b];
      const double loss = log_positive(sum[b]) + (top[b] - logit) + bad[b];
      score.loss += weights ? weights[label[b]] * loss : loss;
      score.correct += best[b] == label[b];
    }
  return score;
}

KERNEL(cross_entropy) {
  const struct cross_entropy_args *a = (const void *)args;
  const int32_t *labels = at(memory, a->labels);
  const float inverse_count = 1.0f / *(const int32_t *)at(memory, a->counts);
  const float smoothing = a->smoothing ? *(const float *)at(memory, a->smoothing) : 0;
  const float *weights = at_or_null(memory, a->weights);
  for (int tile = begin; tile < end; tile++) {
    const size_t start = (size_t)tile * a->classes * T;
    const float *logits = (const float *)at(memory, a->logits) + start;
    const int32_t *indices = (const int32_t *)at(memory, a->indices) + tile * T;
    float *grad = at_or_null(memory, a->grad),
          *partial = (float *)at(memory, a->partial) + tile * 2;
    double loss = 0;
    int correct = 0;
    for (int first = 0; first < T; first += VL) {
      ivec present, label;
      for (int b = 0; b < VL; b++) {
        const int32_t index = indices[first + b];
        present[b] = index < 0 ? 0 : -1;
        label[b] = index < 0 ? -1 : labels[index];
      }
      const struct score score =
          cross_entropy_vector(logits + first, grad ? grad + start + first : NULL, present, label,
                               a->classes, inverse_count, smoothing, weights);
      loss += score.loss;
      correct += score.correct;
    }
    partial[0] = (float)loss;
    partial[1] = (float)correct;
  }
}

/* Losses of d = output - target, each a sum over outputs: d^2, or distances. */
enum { SQUARED, ABSOLUTE };

/* d^2; |d|; or with a delta above 0 that of Huber: d^2 / 2 near 0, and a line beyond it. */
INLINE vec distance(int kind, vec d, float delta) {
  if (kind == SQUARED) return d * d;
  const vec size = magnitude(d);
  if (delta == 0) return size;
  return choose(size <= splat(delta), splat(0.5f) * d * d, delta * (size - splat(0.5f * delta)));
}

/* Its derivative; of d^2 half of it. */
INLINE vec slope(int kind, vec d, float delta) {
  if (kind == SQUARED) return d;
  const vec sign = choose(d > splat(0), splat(1), choose(d < splat(0), splat(-1), splat(0)));
  if (delta == 0) return sign;
  return choose(magnitude(d) <= splat(delta), d, delta * sign);
}

/* The kind is a constant where this is used. */
INLINE void difference_loss(char *memory, struct comparison a, int begin, int end, int kind,
                            float delta) {
  const double factor = kind == SQUARED ? 2.0 : 1.0;
  const float scale =
      (float)(factor / ((double)*(const int32_t *)at(memory, a.counts) * a.features));
  for (int tile = begin; tile < end; tile++) {
    const size_t start = (size_t)tile * a.features * T;
    const float *y = (const float *)at(memory, a.output) + start,
                *target = (const float *)at(memory, a.target) + start;
    const int32_t *indices = (const int32_t *)at(memory, a.indices) + tile * T;
    float *grad = at_or_null(memory, a.grad), *partial = (float *)at(memory, a.partial) + tile * 2;
    double loss = 0;
    for (int first = 0; first < T; first += VL) {
      ivec present;
      for (int b = 0; b < VL; b++) present[b] = indices[first + b] < 0 ? 0 : -1;
      vec sum = splat(0);
      for (int i = 0; i < a.features; i++) {
        const size_t k = (size_t)i * T + first;
        const vec d = choose(present, load(y + k) - load(target + k), splat(0));
        sum += distance(kind, d, delta);
        if (grad) store(grad + start + k, slope(kind, d, delta) * scale);
      }
      for (int b = 0; b < VL; b++) loss += sum[b];
    }
    partial[0] = (float)loss;
    partial[1] = 0;
  }
}

KERNEL(mean_squared_error) {
  const struct mean_squared_error_args *a = (const void *)args;
  difference_loss(memory, a->of, begin, end, SQUARED, 0);
}

KERNEL(absolute_error) {
  const struct absolute_error_args *a = (const void *)args;
  const float delta = a->delta ? *(const float *)at(memory, a->delta) : 0;
  difference_loss(memory, a->of, begin, end, ABSOLUTE, delta);
}

/* Of one output z and its label t: max(z, 0) - t z + log(1 + exp(-|z|)), without overflow. */
KERNEL(binary_cross_entropy) {
  const struct comparison a = ((const struct binary_cross_entropy_args *)(const void *)args)->of;
  const float scale = (float)(1.0 / ((double)*(const int32_t *)at(memory, a.counts) * a.features));
  for (int tile = begin; tile < end; tile++) {
    const size_t start = (size_t)tile * a.features * T;
    const float *logits = (const float *)at(memory, a.output) + start,
                *target = (const float *)at(memory, a.target) + start;
    const int32_t *indices = (const int32_t *)at(memory, a.indices) + tile * T;
    float *grad = at_or_null(memory, a.grad), *partial = (float *)at(memory, a.partial) + tile * 2;
    double loss = 0;
    int correct = 0;
    for (int first = 0; first < T; first += VL) {
      ivec present, right;
      for (int b = 0; b < VL; b++) right[b] = present[b] = indices[first + b] < 0 ? 0 : -1;
      for (int i = 0; i < a.features; i++) {
        const size_t k = (size_t)i * T + first;
        const vec z = choose(present, load(logits + k), splat(0)),
                  t = choose(present, load(target + k), splat(0));
        const vec e = exp_negative(-magnitude(z));
        /* NaN from a logit that is not finite. */
        const vec linear = choose(z > splat(0), z, splat(0)) - t * z + z * splat(0);
        for (int b = 0; b < VL; b++)
          if (present[b]) loss += linear[b] + log_positive(1 + (double)e[b]);
        right &= ~((z > splat(0)) ^ (t > splat(0.5f)));
        if (grad) store(grad + start + k, choose(present, (logistic(z) - t) * scale, splat(0)));
      }
      for (int b = 0; b < VL; b++) correct += right[b] != 0;
    }
    partial[0] = (float)loss;
    partial[1] = (float)correct;
  }
}
