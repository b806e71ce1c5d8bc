/* Linear layers of one sample: a row of the weight times x, by its non-zeros or by all of it. */
#include "single.h"

INLINE void single_result(float *y, int row, float sum, const float *bias, int relu) {
  if (bias) sum += bias[row];
  /* NaN stays NaN. */
  y[row] = relu && sum <= 0 ? 0 : sum;
}

/* Sums that are kept apart, so that none waits for its own addition. */
#define SPARSE_CHAINS 8

/* Stops gcc from turning the loop around it into one of vectors: what is loaded from here and there
 * would be put together lane by lane, which takes longer than the sums do. The loads of AVX-512
 * that gather take less time still, except where the processor's microcode slows them down. */
#if defined(__GNUC__) && !defined(__clang__)
#define ONE_BY_ONE __asm__ volatile("")
#else
#define ONE_BY_ONE
#endif

KERNEL(single_sparse) {
  const struct single_sparse_args *a = (const void *)args;
  const int32_t *starts = at(memory, a->starts);
  const uint32_t *offsets = at(memory, a->offsets);
  const float *weights = at(memory, a->weights), *bias = at_or_null(memory, a->bias);
  const char *x = at(memory, a->x);
  float *y = at(memory, a->y);
  for (int row = begin; row < end; row++) {
    float sum[SPARSE_CHAINS];
    UNROLL for (int k = 0; k < SPARSE_CHAINS; k++) sum[k] = 0;
    int e = starts[row];
    const int last = starts[row + 1];
    for (; e + SPARSE_CHAINS <= last; e += SPARSE_CHAINS) {
      UNROLL for (int k = 0; k < SPARSE_CHAINS; k++)
        sum[k] += weights[e + k] * *(const float *)(x + offsets[e + k]);
      ONE_BY_ONE;
    }
    UNROLL for (int k = 0; k < SPARSE_CHAINS - 1; k++)
      if (e + k < last) sum[k] += weights[e + k] * *(const float *)(x + offsets[e + k]);
    UNROLL for (int half = SPARSE_CHAINS / 2; half > 0; half /= 2)
      UNROLL for (int k = 0; k < half; k++) sum[k] += sum[k + half];
    single_result(y, row, sum[0], bias, a->relu);
  }
}

/* Vectors of a row that are multiplied together. */
#define DENSE_CHAINS 4

KERNEL(single_dense) {
  const struct single_dense_args *a = (const void *)args;
  const float *bias = at_or_null(memory, a->bias), *x = at(memory, a->x);
  float *y = at(memory, a->y);
  for (int row = begin; row < end; row++) {
    const float *w = (const float *)at(memory, a->w) + (size_t)row * (uint32_t)a->stride;
    vec sum[DENSE_CHAINS];
    UNROLL for (int k = 0; k < DENSE_CHAINS; k++) sum[k] = splat(0);
    int i = 0;
    for (; i + DENSE_CHAINS * VL <= a->cols; i += DENSE_CHAINS * VL)
      UNROLL for (int k = 0; k < DENSE_CHAINS; k++)
        sum[k] += load(w + i + k * VL) * load(x + i + k * VL);
    for (; i < a->cols; i += VL)
      sum[0] += load_part(w + i, a->cols - i) * load_part(x + i, a->cols - i);
    const vec all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    single_result(y, row, total(all), bias, a->relu);
  }
}
