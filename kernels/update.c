/* One optimizer step: v moves by the gradient, theta follows v, and theta's new pattern is written in the same pass.
 *
 *     plain     v <- v - tau g
 *     momentum  m1 <- beta1 m1 + (1 - beta1) tau g,  v <- v - m1
 *     adam      m1 <- beta1 m1 + (1 - beta1) g,  m2 <- beta2 m2 + (1 - beta2) g^2,
 *               v <- v - tau c1 m1 / (sqrt(c2 m2) + eps)
 *     follow    theta <- delta shrink(v)   (prox_{delta J}(delta v); see src/optim/optimizer.ts)
 *
 * Zeros are decided by "not (|v| <= threshold)", so that a NaN in the gradient reaches theta and stops the training.
 */
#include "kernels.h"

enum { MOVE_PLAIN, MOVE_MOMENTUM, MOVE_ADAM };
enum { FOLLOW_NONE, FOLLOW_L1, FOLLOW_NON_NEGATIVE, FOLLOW_ROW_GROUP, FOLLOW_SPARSE_ROW_GROUP };
enum { PENALTY_NONE, PENALTY_L1, PENALTY_ROW_GROUP };

/* One parameter's numbers of this step, in the order of HYPER in src/runtime/kernel-table.ts. */
struct hyper {
  float tau, delta, threshold, group_threshold, beta1, beta2, eps, correction1, correction2, penalty, gain1, gain2;
};

struct update_args {
  int32_t v;       /* f32 [rows, cols] */
  int32_t g;       /* f32 [rows, cols] */
  int32_t m1;      /* f32 [rows, cols], or 0 */
  int32_t m2;      /* f32 [rows, cols], or 0 */
  int32_t hyper;   /* f32 [16] */
  int32_t theta;   /* f32 [rows, cols], or 0 */
  int32_t entries; /* struct entry [rows][cols], or 0 */
  int32_t counts;  /* i32 [rows] */
  int32_t changed; /* i32 [rows] */
  int32_t rows, cols, move, follow, write_back, penalty;
};

INLINE float magnitude(float x) { return __builtin_fabsf(x); }

/* |x| of one row. Squares are summed in float64: they overflow no float32. */
INLINE float row_norm(const float *x, int n) {
  double sum = 0;
  for (int c = 0; c < n; c++) sum += (double)x[c] * x[c];
  return (float)__builtin_sqrt(sum);
}

/* sign(x) max(|x| - t, 0) */
INLINE float shrink(float x, float t) {
  return magnitude(x) <= t ? 0 : x - __builtin_copysignf(t, x);
}

KERNEL(update) {
  const struct update_args *a = (const void *)args;
  const struct hyper h = *(const struct hyper *)at(memory, a->hyper);
  int n = a->cols;
  int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  for (int r = begin; r < end; r++) {
    size_t start = (size_t)r * n;
    float *v = (float *)at(memory, a->v) + start;
    const float *gradient = (const float *)at(memory, a->g) + start;
    float *m1 = a->m1 ? (float *)at(memory, a->m1) + start : NULL;
    float *m2 = a->m2 ? (float *)at(memory, a->m2) + start : NULL;
    float *theta = a->theta ? (float *)at(memory, a->theta) + start : NULL;
    struct entry *out = a->entries ? (struct entry *)at(memory, a->entries) + start : NULL;

    float unit = 0; /* penalty / |v_row| */
    if (a->penalty == PENALTY_ROW_GROUP) {
      float norm = row_norm(v, n);
      unit = norm == 0 ? 0 : h.penalty / norm;
    }
    for (int c = 0; c < n; c++) {
      float g = gradient[c];
      if (a->penalty == PENALTY_L1) g += v[c] == 0 ? 0 : __builtin_copysignf(h.penalty, v[c]);
      if (a->penalty == PENALTY_ROW_GROUP) g += unit * v[c];
      if (a->move == MOVE_PLAIN) v[c] -= h.tau * g;
      else if (a->move == MOVE_MOMENTUM) {
        m1[c] = h.beta1 * m1[c] + h.gain1 * (h.tau * g);
        v[c] -= m1[c];
      } else {
        m1[c] = h.beta1 * m1[c] + h.gain1 * g;
        m2[c] = h.beta2 * m2[c] + h.gain2 * (g * g);
        v[c] -= h.tau * (h.correction1 * m1[c]) / (__builtin_sqrtf(h.correction2 * m2[c]) + h.eps);
      }
    }

    float scale = h.delta, threshold = a->follow == FOLLOW_SPARSE_ROW_GROUP ? h.threshold : 0;
    if (a->follow == FOLLOW_ROW_GROUP || a->follow == FOLLOW_SPARSE_ROW_GROUP) {
      double sum = 0;
      for (int c = 0; c < n; c++) {
        double x = shrink(v[c], threshold);
        sum += x * x;
      }
      float norm = (float)__builtin_sqrt(sum);
      scale = norm <= h.group_threshold ? 0 : h.delta * (1 - h.group_threshold / norm);
    }
    int count = 0, moved = 0;
    for (int c = 0; c < n; c++) {
      float x;
      if (a->follow == FOLLOW_L1) x = h.delta * shrink(v[c], h.threshold);
      else if (a->follow == FOLLOW_NON_NEGATIVE) x = v[c] <= h.threshold ? 0 : h.delta * (v[c] - h.threshold);
      else if (a->follow == FOLLOW_NONE) x = h.delta * v[c];
      else x = scale == 0 ? 0 : scale * shrink(v[c], threshold);
      if (a->write_back) v[c] = x;
      if (theta) theta[c] = x;
      if (x != 0) {
        if (out) {
          moved |= out[count].offset ^ c * T * 4;
          out[count] = (struct entry){c * T * 4, x};
        }
        count++;
      }
    }
    changed[r] = out && (moved != 0 || count != counts[r]);
    counts[r] = count;
  }
}
