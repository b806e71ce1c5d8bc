/* Losses and their gradients, a tile at a time: vectors run over the samples.
 *
 * Sums go over the batch in a fixed order and into one partial result a tile, so they don't depend on the threads.
 * Lanes of absent samples (index -1) may hold anything, NaN included: they are selected away, not multiplied by 0.
 */

/* Natural logarithm of x in [1, 2^31), to float32 rounding: x = 2^e m with m in [sqrt(1/2), sqrt(2)),
 * log m = 2 atanh(s), s = (m - 1) / (m + 1), by its series in s^2. Scalar and in double: one a sample. */
static double log_positive(double x) {
  union {
    double d;
    int64_t i;
  } bits = {.d = x};
  int64_t e = (bits.i >> 52) - 1023;
  bits.i = (bits.i & 0xfffffffffffffLL) | (1023LL << 52);
  if (bits.d > 1.4142135623730951) bits.d *= 0.5, e++;
  const double s = (bits.d - 1) / (bits.d + 1), s2 = s * s;
  const double series = 1 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 * (1.0 / 9 + s2 * (1.0 / 11)))));
  return e * 0.6931471805599453 + 2 * s * series;
}

/* args: logits, labels, indices, grad, partial, counts, classes */
KERNEL(cross_entropy) {
  const int classes = args[6];
  const int32_t *labels = (const int32_t *)at(memory, args[1]);
  const float inverse_count = 1.0f / *(const int32_t *)at(memory, args[5]);
  for (int tile = begin; tile < end; tile++) {
    const float *logits = (const float *)at(memory, args[0]) + (size_t)tile * classes * T;
    const int32_t *indices = (const int32_t *)at(memory, args[2]) + tile * T;
    float *grad = (float *)at_or_null(memory, args[3]);
    float *partial = (float *)at(memory, args[4]) + tile * 2;
    if (grad) grad += (size_t)tile * classes * T;
    double loss = 0;
    int correct = 0;
    for (int first = 0; first < T; first += VL) {
      ivec label, present;
      for (int b = 0; b < VL; b++) {
        const int32_t index = indices[first + b];
        present[b] = -(index >= 0);
        label[b] = index >= 0 ? labels[index] : -1;
      }
      vec top = load(logits + first), bad = top * splat(0), target = splat(0), sum = splat(0);
      ivec best = {0};
      for (int k = 0; k < classes; k++) {
        const vec x = load(logits + (size_t)k * T + first);
        const ivec larger = x > top;
        top = select(larger, x, top);
        best = (larger & k) | (~larger & best);
        target = select(label == k, x, target);
        bad += x * splat(0); /* NaN as soon as a logit is not finite */
      }
      for (int k = 0; k < classes; k++) {
        const vec e = exp_negative(load(logits + (size_t)k * T + first) - top);
        sum += e;
        if (grad) store(grad + (size_t)k * T + first, e);
      }
      if (grad) {
        const vec scale = inverse_count / sum;
        for (int k = 0; k < classes; k++) {
          float *g = grad + (size_t)k * T + first;
          const vec softmax = load(g) * scale;
          store(g, select(present, select(label == k, softmax - inverse_count, softmax), splat(0)));
        }
      }
      for (int b = 0; b < VL; b++)
        if (present[b]) {
          loss += log_positive(sum[b]) + ((double)top[b] - target[b]) + bad[b];
          correct += best[b] == label[b];
        }
    }
    partial[0] = (float)loss;
    partial[1] = (float)correct;
  }
}

/* args: y, target, indices, grad, partial, counts, features */
KERNEL(mean_squared_error) {
  const int features = args[6];
  const float scale = (float)(2.0 / ((double)*(const int32_t *)at(memory, args[5]) * features));
  for (int tile = begin; tile < end; tile++) {
    const size_t start = (size_t)tile * features * T;
    const float *y = (const float *)at(memory, args[0]) + start, *target = (const float *)at(memory, args[1]) + start;
    const int32_t *indices = (const int32_t *)at(memory, args[2]) + tile * T;
    float *grad = (float *)at_or_null(memory, args[3]);
    float *partial = (float *)at(memory, args[4]) + tile * 2;
    if (grad) grad += start;
    double loss = 0;
    for (int first = 0; first < T; first += VL) {
      ivec present;
      for (int b = 0; b < VL; b++) present[b] = -(indices[first + b] >= 0);
      vec sum = splat(0);
      for (int i = 0; i < features; i++) {
        const size_t k = (size_t)i * T + first;
        const vec difference = select(present, load(y + k) - load(target + k), splat(0));
        sum += difference * difference;
        if (grad) store(grad + k, difference * scale);
      }
      for (int b = 0; b < VL; b++) loss += sum[b];
    }
    partial[0] = (float)loss;
    partial[1] = 0;
  }
}
