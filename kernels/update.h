/* What one optimizer step consists of, for a whole row (update.c) and for the weights of a pattern
 * (update_pattern.c). */
#ifndef BREGMAN_UPDATE_H
#define BREGMAN_UPDATE_H

#include "kernels.h"
#include "lanes.h"
#include "row_pattern.h"

/* One row of the parameter. */
struct row {
  int n;
  float *v, *m1, *m2, *theta;
  const float *g;
  struct entry *entries;
  const uint32_t *columns;
};

/* sign(v) max(|v| - t, 0) */
INLINE vec shrink(vec v, vec t) { return where(~(magnitude(v) <= t), v - with_sign(t, v)); }

/* v of one vector (of `left` floats that belong to the row) after its move; the moments are moved
 * in memory. `unit` = penalty / |v_row|. */
INLINE vec moved(const struct row *w, const struct hyper *h, int c, int left, const int move,
                 const int penalty, float unit) {
  const vec v = load_part(w->v + c, left);
  vec g = load_part(w->g + c, left);
  if (penalty == PENALTY_L1) g += where(v != 0, with_sign(splat(h->penalty), v));
  if (penalty == PENALTY_ROW_GROUP) g += unit * v;
  if (move == MOVE_PLAIN) return v - h->tau * g;
  vec m1 = load_part(w->m1 + c, left);
  if (move != MOVE_ADAM) {
    const vec gained = h->gain1 * (h->tau * g);
    m1 = h->beta1 * m1 + gained;
    store_part(w->m1 + c, m1, left);
    if (move == MOVE_MOMENTUM) return v - m1;
    return v - (h->beta1 * m1 + gained);
  }
  vec m2 = load_part(w->m2 + c, left);
  m1 = h->beta1 * m1 + h->gain1 * g;
  m2 = h->beta2 * m2 + h->gain2 * (g * g);
  store_part(w->m1 + c, m1, left);
  store_part(w->m2 + c, m2, left);
  return v - h->tau * (h->correction1 * m1) / (square_root(h->correction2 * m2) + h->eps);
}

/* Column c of a row on: v shrunk by t, and zeros in the lanes that do not belong to the `left`
 * columns of the group. */
INLINE vec group_part(const struct row *w, int c, int left, float t) {
  return where(LANE_NUMBERS < left, shrink(load_part(w->v + c, w->n - c), splat(t)));
}

/* theta of a group = its shrunk v times this, by the norm of the latter: 0 where the whole group
 * is. */
INLINE float group_scale(const struct hyper *h, float norm) {
  return norm <= h->group_threshold ? 0 : h->delta * (1 - h->group_threshold / norm);
}

/* theta of a kernel, the `group` columns from `first` on, after its v has moved. Returns the number
 * of non-zeros. overrun: what lies beyond the kernel's end may be overwritten, as it is written
 * again with the next one. */
INLINE int32_t follow_kernel(const struct row *w, const struct hyper *h, int follow, int write_back,
                             int first, int group, const int overrun) {
  const float threshold = follow == FOLLOW_SPARSE_KERNEL_GROUP ? h->threshold : 0;
  const int end = first + group;
  int32_t count = 0;
  dvec sum[2] = {{0}, {0}};
  for (int c = first; c < end; c += VL) add_squares(sum, group_part(w, c, end - c, threshold));
  const float norm = norm_of(sum);
  const float scale = group_scale(h, norm);
  for (int c = first; c < end; c += VL) {
    vec x = splat(0);
    if (scale != 0) { /* a NaN is not 0 */
      const vec v = group_part(w, c, end - c, threshold);
      x = where(v != 0, scale * v);
      count += __builtin_popcount(bits(x != 0));
    }
    if (write_back) store_part(w->v + c, x, end - c);
    store_part(w->theta + c, x, overrun && w->n - c >= VL ? VL : end - c);
  }
  return count;
}

#endif
