/* One optimizer step: v moves by the gradient, theta follows v, and theta's new pattern is written
 * in the same pass.
 *
 *     plain     v <- v - tau g
 *     momentum  m1 <- beta1 m1 + (1 - beta1) tau g,  v <- v - m1
 *     nesterov  m1 as in momentum,                   v <- v - (beta1 m1 + (1 - beta1) tau g)
 *     adam      m1 <- beta1 m1 + (1 - beta1) g,  m2 <- beta2 m2 + (1 - beta2) g^2,
 *               v <- v - tau c1 m1 / (sqrt(c2 m2) + eps)
 *     follow    theta <- delta shrink(v)   (prox_{delta J}(delta v); see src/optim/optimizer.ts)
 *
 * Zeros are decided by "not (|v| <= threshold)", so that a NaN in the gradient reaches theta and
 * stops the training.
 */
#include "update.h"

/* |shrink(v_row; t)| */
INLINE float row_norm(const struct row *w, float t) {
  dvec sum[2] = {{0}, {0}};
  for (int c = 0; c < w->n; c += VL)
    add_squares(sum, shrink(load_part(w->v + c, w->n - c), splat(t)));
  return norm_of(sum);
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
INLINE vec next_v(const struct row *w, const struct hyper *h, const struct plan p, int c,
                  int left) {
  if (p.grouped) return load_part(w->v + c, left);
  const vec v = moved(w, h, c, left, p.move, p.penalty, p.unit);
  store_part(w->v + c, v, left);
  return v;
}

/* The step for n <= BLOCK weights of a row, from column c on. */
INLINE void update_block(const struct row *w, const struct hyper *h, const struct plan p, int c,
                         int n, struct row_pattern *pattern) {
  ivec zero = splat(0) == 0;
  UNROLL for (int i = 0; i < BLOCK; i += VL)
    if (i < n) zero &= dead(next_v(w, h, p, c + i, n - i), p.follow, h->threshold);
  const int none = p.scale == 0 || bits(zero) == ALL_BITS; /* a NaN is not 0 */
  if (none && !w->theta && !p.write_back) return; /* in a sparse layer most blocks end here */

  float buffer[BLOCK], *theta = w->theta ? w->theta + c : buffer;
  for (int i = 0; i < n; i += VL) {
    const vec v = load_part(w->v + c + i, n - i);
    vec x = splat(0);
    if (!none)
      x = where(~dead(v, p.follow, h->threshold), p.scale * shortened(v, p.follow, h->threshold));
    store_part(theta + i, x, n - i);
    if (p.write_back) store_part(w->v + c + i, x, n - i);
  }
  if (!none) add_to_pattern(pattern, w->entries, w->columns, c, theta, n);
}

#if VL == 16
/* Columns of a row that are moved before the non-zeros among them are written. */
#define SPAN 512

/* Moves one vector, and writes the columns of it where theta is not 0 to `alive`; returns how many.
 * */
INLINE int list_alive(const struct row *w, const struct hyper *h, const struct plan p, int c,
                      int left, int32_t *alive) {
  const uint32_t set = ALL_BITS & ~bits(dead(next_v(w, h, p, c, left), p.follow, h->threshold));
  store((float *)alive, (vec)_mm512_maskz_compress_epi32(set, (__m512i)(LANE_NUMBERS + c)));
  return __builtin_popcount(set);
}

/* The step for a row of which only the pattern is kept. Its columns are listed first, so that no
 * branch depends on where they are: it would be mispredicted about once a non-zero. (Without an
 * instruction that lists them, nothing is gained.) */
INLINE void update_sparse(const struct row *w, const struct hyper *h, const struct plan p,
                          struct row_pattern *pattern) {
  int32_t alive[SPAN + VL];
  for (int first = 0; first < w->n; first += SPAN) {
    const int end = first + SPAN < w->n ? first + SPAN : w->n;
    int count = 0, c = first;
    for (; c + VL <= end; c += VL) count += list_alive(w, h, p, c, VL, alive + count);
    if (c < end) count += list_alive(w, h, p, c, end - c, alive + count);
    for (int k = 0; k < count; k++) {
      const vec x = p.scale * shortened(splat(w->v[alive[k]]), p.follow, h->threshold);
      add_entry_to_pattern(pattern, w->entries, w->columns, alive[k], x[0]);
    }
  }
}
#endif

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
    p.scale = group_scale(h, norm);
  }
  struct row_pattern pattern = {0, 0};
#if VL == 16
  if (w->entries && !w->theta && !p.write_back && !p.grouped) {
    update_sparse(w, h, p, &pattern);
    return pattern;
  }
#endif
  int c = 0;
  for (; c + BLOCK <= w->n; c += BLOCK) update_block(w, h, p, c, BLOCK, &pattern);
  if (c < w->n) update_block(w, h, p, c, w->n - c, &pattern);
  return pattern;
}

/* The whole step for a row of kernels, groups of `group` columns each. Only theta is written: its
 * pairs are made from it (conv_pairs.c). Returns the number of non-zeros. */
static int32_t update_kernels(const struct row *w, const struct hyper *h, const struct plan p,
                              int group) {
  int32_t count = 0;
  move_row(w, h, p);
  for (int first = 0; first < w->n; first += group)
    count += follow_kernel(w, h, p.follow, p.write_back, first, group, 1);
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
      counts[r] = update_kernels(
          &w, h, (struct plan){a->move, a->follow, a->penalty, a->write_back, 1, 0, 0}, a->group);
      changed[r] = 0;
      continue;
    }
    /* LinBreg has code of its own, without tests in its loop. */
    const int lin_breg = a->move == MOVE_PLAIN && a->follow == FOLLOW_L1 &&
                         a->penalty == PENALTY_NONE && !a->write_back;
    const int grouped = a->follow == FOLLOW_ROW_GROUP || a->follow == FOLLOW_SPARSE_ROW_GROUP;
    const struct row_pattern pattern =
        lin_breg ? update_row(&w, h,
                              (struct plan){MOVE_PLAIN, FOLLOW_L1, PENALTY_NONE, 0, 0, 0, h->delta})
                 : update_row(&w, h,
                              (struct plan){a->move, a->follow, a->penalty, a->write_back, grouped,
                                            0, h->delta});
    changed[r] = w.entries && (pattern.moved || pattern.count != counts[r]);
    counts[r] = pattern.count;
  }
}
