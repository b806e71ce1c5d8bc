/* One optimizer step with a frozen pattern: only the weights of the pattern move, and it stays as
 * it is. All other weights are zero and keep v and moments. A weight of the pattern may become zero
 * and come back.
 *
 * The formulas are those of update.c. Groups too are of the weights of the pattern alone: a norm
 * counts no other, whatever its v.
 *
 * Entries list the weights of the pattern. Pairs list kernels, and a kernel may have weights
 * outside the pattern. These are zero, and a weight of the pattern that is zero at the moment is
 * minus zero: so theta tells them apart.
 */
#include "conv.h"
#include "pair.h"
#include "update.h"

/* v of one weight after its move. */
INLINE float moved_one(const struct row *w, const struct hyper *h, int c, const int move) {
  const float v = w->v[c], g = w->g[c];
  if (move == MOVE_PLAIN) return v - h->tau * g;
  if (move != MOVE_ADAM) {
    const float gained = h->gain1 * (h->tau * g), m1 = h->beta1 * w->m1[c] + gained;
    w->m1[c] = m1;
    return v - (move == MOVE_MOMENTUM ? m1 : h->beta1 * m1 + gained);
  }
  w->m1[c] = h->beta1 * w->m1[c] + h->gain1 * g;
  w->m2[c] = h->beta2 * w->m2[c] + h->gain2 * (g * g);
  return v - h->tau * (h->correction1 * w->m1[c]) /
                 (__builtin_sqrtf(h->correction2 * w->m2[c]) + h->eps);
}

/* shrink(v), where a NaN stays one. */
INLINE float shrunk_one(float v, const int follow, float threshold) {
  if (follow == FOLLOW_NONE || follow == FOLLOW_ROW_GROUP) return v;
  const float size = follow == FOLLOW_NON_NEGATIVE ? v : __builtin_fabsf(v);
  if (size <= threshold) return 0;
  return v - __builtin_copysignf(threshold,
                                 v); /* a branch would be mispredicted for every other weight */
}

/* A row of single weights. */
INLINE void update_entries(const struct update_pattern_args *a, const struct row *w,
                           const struct hyper *h, int used, const int move, const int follow) {
  const int grouped = follow == FOLLOW_ROW_GROUP || follow == FOLLOW_SPARSE_ROW_GROUP;
  double squares = 0;
  for (int k = 0; k < used; k++) {
    struct entry *e = w->entries + k;
    const int c = entry_column(e->offset, a->kernel);
    const float v = moved_one(w, h, c, move), x = shrunk_one(v, follow, h->threshold);
    w->v[c] = v;
    e->value = grouped ? x : h->delta * x;
    squares += (double)x * x;
    if (w->theta && !grouped) w->theta[c] = e->value;
  }
  if (!grouped) return;
  const float norm = (float)__builtin_sqrt(squares);
  const float scale = group_scale(h, norm);
  for (int k = 0; k < used; k++) {
    struct entry *e = w->entries + k;
    e->value = scale == 0 ? 0 : scale * e->value; /* a NaN is not 0 */
    if (w->theta) w->theta[entry_column(e->offset, a->kernel)] = e->value;
  }
}

/* All bits where a weight of theta belongs to the pattern, of `left` columns from c on. */
INLINE ivec in_pattern(const struct row *w, int c, int left) {
  return (ivec)load_part(w->theta + c, left) != 0;
}

/* Moves v and moments of the weights of the pattern. */
INLINE void move_in_pattern(const struct row *w, const struct hyper *h, int c, int left,
                            const int move) {
  const ivec in = in_pattern(w, c, left);
  const vec v = load_part(w->v + c, left);
  vec m1 = splat(0), m2 = splat(0);
  if (move != MOVE_PLAIN) m1 = load_part(w->m1 + c, left);
  if (move == MOVE_ADAM) m2 = load_part(w->m2 + c, left);
  store_part(w->v + c, choose(in, moved(w, h, c, left, move, PENALTY_NONE, 0), v), left);
  if (move != MOVE_PLAIN) store_part(w->m1 + c, choose(in, load_part(w->m1 + c, left), m1), left);
  if (move == MOVE_ADAM) store_part(w->m2 + c, choose(in, load_part(w->m2 + c, left), m2), left);
}

/* v of the weights of the pattern, shrunk by t; zeros in the other lanes. */
INLINE vec shrunk_in_pattern(const struct row *w, int c, int left, float t) {
  return where(in_pattern(w, c, left), shrink(load_part(w->v + c, left), splat(t)));
}

/* theta from the shrunk v; returns the number of non-zeros. */
INLINE int32_t follow_in_pattern(const struct row *w, int c, int left, float threshold,
                                 float scale) {
  const ivec in = in_pattern(w, c, left);
  const vec v = shrunk_in_pattern(w, c, left, threshold);
  const vec x = scale == 0 ? splat(0) : where(v != 0, scale * v); /* a NaN is not 0 */
  const ivec zero = x == 0;
  store_part(w->theta + c, (vec)((ivec)x | (in & zero & (int32_t)0x80000000)), left);
  return __builtin_popcount(bits(~zero));
}

/* A row of kernels, each a group; returns its non-zeros. */
static int32_t update_pairs(const struct update_pattern_args *a, const struct row *w,
                            const struct hyper *h, const struct pair *pairs, int used,
                            int32_t row_weights) {
  const float threshold = a->follow == FOLLOW_SPARSE_KERNEL_GROUP ? h->threshold : 0;
  int32_t count = 0;
  for (int k = 0; k < used; k++) {
    const int first = pair_column(pairs[k], row_weights);
    dvec sum[2] = {{0}, {0}};
    for (int c = first, left = a->group; left > 0; c += VL, left -= VL) {
      move_in_pattern(w, h, c, left, a->move);
      add_squares(sum, shrunk_in_pattern(w, c, left, threshold));
    }
    const float scale = group_scale(h, norm_of(sum));
    for (int c = first, left = a->group; left > 0; c += VL, left -= VL)
      count += follow_in_pattern(w, c, left, threshold, scale);
  }
  return count;
}

/* The same where the group is the whole row. */
static int32_t update_row_of_pairs(const struct update_pattern_args *a, const struct row *w,
                                   const struct hyper *h, const struct pair *pairs, int used,
                                   int32_t row_weights) {
  const float threshold = a->follow == FOLLOW_SPARSE_ROW_GROUP ? h->threshold : 0;
  dvec sum[2] = {{0}, {0}};
  for (int k = 0; k < used; k++)
    for (int c = pair_column(pairs[k], row_weights), left = a->group; left > 0;
         c += VL, left -= VL) {
      move_in_pattern(w, h, c, left, a->move);
      add_squares(sum, shrunk_in_pattern(w, c, left, threshold));
    }
  const float scale = group_scale(h, norm_of(sum));
  int32_t count = 0;
  for (int k = 0; k < used; k++)
    for (int c = pair_column(pairs[k], row_weights), left = a->group; left > 0; c += VL, left -= VL)
      count += follow_in_pattern(w, c, left, threshold, scale);
  return count;
}

KERNEL(update_pattern) {
  const struct update_pattern_args *a = (const void *)args;
  const struct hyper hyper = *(const struct hyper *)at(memory, a->hyper), *h = &hyper;
  const int32_t *used = at(memory, a->used);
  int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  const int whole_rows = a->follow == FOLLOW_ROW_GROUP || a->follow == FOLLOW_SPARSE_ROW_GROUP;
  for (int r = begin; r < end; r++) {
    const size_t start = (size_t)r * a->cols;
    char *entries =
        (char *)at(memory, a->entries) + (size_t)r * a->entry_stride * sizeof(struct entry);
    const struct row w = {
        .n = a->cols,
        .v = (float *)at(memory, a->v) + start,
        .m1 = (float *)at(memory, a->m1) + start,
        .m2 = (float *)at(memory, a->m2) + start,
        .theta = a->theta ? (float *)at(memory, a->theta) + start : NULL,
        .g = (const float *)at(memory, a->g) + start,
        .entries = (struct entry *)entries,
    };
    changed[r] = 0;
    if (a->pairs) {
      counts[r] = (whole_rows ? update_row_of_pairs : update_pairs)(
          a, &w, h, (const struct pair *)entries, used[r], (int32_t)(a->theta + start * 4));
    } else if (a->move == MOVE_PLAIN &&
               a->follow == FOLLOW_L1) { /* LinBreg: without tests in its loop */
      update_entries(a, &w, h, used[r], MOVE_PLAIN, FOLLOW_L1);
    } else {
      update_entries(a, &w, h, used[r], a->move, a->follow);
    }
  }
}
