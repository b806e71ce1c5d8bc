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
#include "lanes.h"
#include "row_pattern.h"

enum { MOVE_PLAIN, MOVE_MOMENTUM, MOVE_ADAM };
enum {
  FOLLOW_NONE,
  FOLLOW_L1,
  FOLLOW_NON_NEGATIVE,
  FOLLOW_ROW_GROUP,
  FOLLOW_SPARSE_ROW_GROUP,
  FOLLOW_KERNEL_GROUP,
  FOLLOW_SPARSE_KERNEL_GROUP
};
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
  int32_t columns; /* i32 [cols]: offset of each column in entries, ascending; or 0: column * T * 4 */
  int32_t group;   /* columns in a kernel group */
};

/* One row of the parameter. */
struct row {
  int n;
  float *v, *m1, *m2, *theta;
  const float *g;
  struct entry *entries;
  const int32_t *columns;
};

/* sign(v) max(|v| - t, 0) */
INLINE vec shrink(vec v, vec t) { return where(~(magnitude(v) <= t), v - with_sign(t, v)); }

/* |shrink(v_row; t)| */
INLINE float row_norm(const struct row *w, float t) {
  dvec sum[2] = {{0}, {0}};
  for (int c = 0; c < w->n; c += VL) add_squares(sum, shrink(load_part(w->v + c, w->n - c), splat(t)));
  return norm_of(sum);
}

/* v of one vector (of `left` floats that belong to the row) after its move; the moments are moved in memory.
 * `unit` = penalty / |v_row|. */
INLINE vec moved(const struct row *w, const struct hyper *h, int c, int left, const int move, const int penalty,
                 float unit) {
  const vec v = load_part(w->v + c, left);
  vec g = load_part(w->g + c, left);
  if (penalty == PENALTY_L1) g += where(v != 0, with_sign(splat(h->penalty), v));
  if (penalty == PENALTY_ROW_GROUP) g += unit * v;
  if (move == MOVE_PLAIN) return v - h->tau * g;
  vec m1 = load_part(w->m1 + c, left);
  if (move == MOVE_MOMENTUM) {
    m1 = h->beta1 * m1 + h->gain1 * (h->tau * g);
    store_part(w->m1 + c, m1, left);
    return v - m1;
  }
  vec m2 = load_part(w->m2 + c, left);
  m1 = h->beta1 * m1 + h->gain1 * g;
  m2 = h->beta2 * m2 + h->gain2 * (g * g);
  store_part(w->m1 + c, m1, left);
  store_part(w->m2 + c, m2, left);
  return v - h->tau * (h->correction1 * m1) / (square_root(h->correction2 * m2) + h->eps);
}

/* Where theta is 0 for certain, by v alone; a NaN is not. And theta elsewhere, before its scale. */
INLINE ivec dead(vec v, const int follow, float threshold) {
  if (follow == FOLLOW_NONE || follow == FOLLOW_ROW_GROUP) return v == 0;
  return (follow == FOLLOW_NON_NEGATIVE ? v : magnitude(v)) <= threshold;
}

INLINE vec shortened(vec v, const int follow, float threshold) {
  if (follow == FOLLOW_NONE || follow == FOLLOW_ROW_GROUP) return v;
  return v - (follow == FOLLOW_NON_NEGATIVE ? splat(threshold) : with_sign(splat(threshold), v));
}

/* What the vectors of a row share. */
struct plan {
  int move, follow, penalty, write_back, grouped;
  float unit;  /* penalty / |v_row| */
  float scale; /* theta = scale * shrink(v) */
};

/* The move of one vector; a row that is a group has moved before. */
INLINE vec next_v(const struct row *w, const struct hyper *h, const struct plan p, int c, int left) {
  if (p.grouped) return load_part(w->v + c, left);
  const vec v = moved(w, h, c, left, p.move, p.penalty, p.unit);
  store_part(w->v + c, v, left);
  return v;
}

/* The step for n <= BLOCK weights of a row, from column c on. */
INLINE void update_block(const struct row *w, const struct hyper *h, const struct plan p, int c, int n,
                         struct row_pattern *pattern) {
  ivec zero = splat(0) == 0;
  UNROLL for (int i = 0; i < BLOCK; i += VL)
    if (i < n) zero &= dead(next_v(w, h, p, c + i, n - i), p.follow, h->threshold);
  const int none = p.scale == 0 || bits(zero) == ALL_BITS; /* a NaN is not 0 */
  if (none && !w->theta && !p.write_back) return; /* in a sparse layer most blocks end here */

  float buffer[BLOCK], *theta = w->theta ? w->theta + c : buffer;
  for (int i = 0; i < n; i += VL) {
    const vec v = load_part(w->v + c + i, n - i);
    vec x = splat(0);
    if (!none) x = where(~dead(v, p.follow, h->threshold), p.scale * shortened(v, p.follow, h->threshold));
    store_part(theta + i, x, n - i);
    if (p.write_back) store_part(w->v + c + i, x, n - i);
  }
  if (!none) add_to_pattern(pattern, w->entries, w->columns, c, theta, n);
}

/* The move of a whole row, before its groups are looked at. */
INLINE void move_row(const struct row *w, const struct hyper *h, const struct plan p) {
  for (int c = 0; c < w->n; c += VL)
    store_part(w->v + c, moved(w, h, c, w->n - c, p.move, p.penalty, p.unit), w->n - c);
}

/* The whole step for one row; what is constant in `p` costs no test. */
INLINE struct row_pattern update_row(const struct row *w, const struct hyper *h, struct plan p) {
  if (p.penalty == PENALTY_ROW_GROUP) {
    const float norm = row_norm(w, 0);
    p.unit = norm == 0 ? 0 : h->penalty / norm;
  }
  if (p.grouped) {
    move_row(w, h, p);
    const float norm = row_norm(w, p.follow == FOLLOW_SPARSE_ROW_GROUP ? h->threshold : 0);
    p.scale = norm <= h->group_threshold ? 0 : h->delta * (1 - h->group_threshold / norm);
  }
  struct row_pattern pattern = {0, 0};
  int c = 0;
  for (; c + BLOCK <= w->n; c += BLOCK) update_block(w, h, p, c, BLOCK, &pattern);
  if (c < w->n) update_block(w, h, p, c, w->n - c, &pattern);
  return pattern;
}

/* Column c of a row on: v shrunk by t, and zeros in the lanes that do not belong to the `left` columns of the group. */
INLINE vec group_part(const struct row *w, int c, int left, float t) {
  return where(LANE_NUMBERS < left, shrink(load_part(w->v + c, w->n - c), splat(t)));
}

/* The whole step for a row of kernels, groups of `group` columns each. Only theta is written: its pairs are made from it
 * (conv_pairs.c). Returns the number of non-zeros. */
static int32_t update_kernels(const struct row *w, const struct hyper *h, const struct plan p, int group) {
  const float threshold = p.follow == FOLLOW_SPARSE_KERNEL_GROUP ? h->threshold : 0;
  int32_t count = 0;
  move_row(w, h, p);
  for (int first = 0; first < w->n; first += group) {
    const int end = first + group;
    dvec sum[2] = {{0}, {0}};
    for (int c = first; c < end; c += VL) add_squares(sum, group_part(w, c, end - c, threshold));
    const float norm = norm_of(sum);
    const float scale = norm <= h->group_threshold ? 0 : h->delta * (1 - h->group_threshold / norm);
    for (int c = first; c < end; c += VL) {
      vec x = splat(0);
      if (scale != 0) { /* a NaN is not 0 */
        const vec v = group_part(w, c, end - c, threshold);
        x = where(v != 0, scale * v);
        count += __builtin_popcount(bits(x != 0));
      }
      if (p.write_back) store_part(w->v + c, x, end - c);
      /* What is written beyond the group's end is written again with the next one. */
      store_part(w->theta + c, x, w->n - c < VL ? end - c : VL);
    }
  }
  return count;
}

KERNEL(update) {
  const struct update_args *a = (const void *)args;
  const struct hyper hyper = *(const struct hyper *)at(memory, a->hyper), *h = &hyper;
  int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  for (int r = begin; r < end; r++) {
    const size_t start = (size_t)r * a->cols;
    const struct row w = {
        .n = a->cols,
        .v = (float *)at(memory, a->v) + start,
        .m1 = (float *)at(memory, a->m1) + start,
        .m2 = (float *)at(memory, a->m2) + start,
        .theta = a->theta ? (float *)at(memory, a->theta) + start : NULL,
        .g = (const float *)at(memory, a->g) + start,
        .entries = a->entries ? (struct entry *)at(memory, a->entries) + start : NULL,
        .columns = at_or_null(memory, a->columns),
    };
    if (a->follow == FOLLOW_KERNEL_GROUP || a->follow == FOLLOW_SPARSE_KERNEL_GROUP) {
      counts[r] = update_kernels(&w, h, (struct plan){a->move, a->follow, a->penalty, a->write_back, 1, 0, 0}, a->group);
      changed[r] = 0;
      continue;
    }
    /* LinBreg has code of its own, without tests in its loop. */
    const int lin_breg = a->move == MOVE_PLAIN && a->follow == FOLLOW_L1 && a->penalty == PENALTY_NONE && !a->write_back;
    const int grouped = a->follow == FOLLOW_ROW_GROUP || a->follow == FOLLOW_SPARSE_ROW_GROUP;
    const struct row_pattern pattern =
        lin_breg ? update_row(&w, h, (struct plan){MOVE_PLAIN, FOLLOW_L1, PENALTY_NONE, 0, 0, 0, h->delta})
                 : update_row(&w, h, (struct plan){a->move, a->follow, a->penalty, a->write_back, grouped, 0, h->delta});
    changed[r] = w.entries && (pattern.moved || pattern.count != counts[r]);
    counts[r] = pattern.count;
  }
}
