/* Batch norm: y = gamma xhat + beta with xhat = (x - mean) invstd, invstd = 1 / sqrt(variance + eps), mean and (biased)
 * variance of each channel over the positions of all samples that are present (Ioffe and Szegedy 2015, arXiv 1502.03167).
 *
 * Statistics take one read of x. Positions are summed in chunks, lane by lane in float32, about the chunk's first
 * position, and the chunks in float64. That is safe for any data: a sum of n squares about one of the n numbers is at
 * most n times larger than about their mean, so float32 loses no more than n * 6e-8 of a chunk's variance.
 */
#include "planes.h"

/* Positions in a chunk, at least (whole rows; a single row may be longer). */
#define CHUNK 64
/* Vectors summed side by side, to hide the latency of the additions. */
#define CHAINS 4

/* Positions of one channel in one tile, from row h on: `rows` rows of `length` floats. */
INLINE int chunk_rows(int h, int height, int width) {
  const int rows = (CHUNK + width - 1) / width;
  return h + rows <= height ? rows : height - h;
}

struct batch_norm_stats_args {
  int32_t x;        /* f32 */
  int32_t stats;    /* f32 [2][channels]: mean, invstd */
  int32_t running;  /* f32 [2][channels]: mean, unbiased variance; or 0 */
  int32_t settings; /* f32 [2]: momentum, eps */
  int32_t counts;   /* i32 [1]: samples present */
  int32_t tiles, channels, height, width;
  int32_t x_tile, x_plane, x_row;
};

/* Sums of (x - origin) and of its square, in float64. */
struct moments {
  dvec sum, square;
};

/* Adds rows of a chunk, of which n positions, to m. Lanes that are not present are left out at the end: lanes don't mix. */
INLINE void add_chunk(struct moments *m, const float *x, size_t row, int rows, int width, double origin,
                      const struct lanes *lanes) {
  const size_t length = (size_t)width * T;
  vec shift[TV], sum[CHAINS], square[CHAINS];
  UNROLL for (int i = 0; i < TV; i++) shift[i] = load(x + i * VL);
  UNROLL for (int q = 0; q < CHAINS; q++) sum[q] = square[q] = splat(0);
  for (int r = 0; r < rows; r++, x += row) {
    size_t i = 0;
    for (; i + CHAINS * VL <= length; i += CHAINS * VL)
      UNROLL for (int q = 0; q < CHAINS; q++) {
        const vec d = load(x + i + q * VL) - shift[q % TV];
        sum[q] += d;
        square[q] += d * d;
      }
    for (; i < length; i += T)
      UNROLL for (int q = 0; q < TV; q++) {
        const vec d = load(x + i + q * VL) - shift[q];
        sum[q] += d;
        square[q] += d * d;
      }
  }
  const double n = (double)rows * width;
  UNROLL for (int i = 0; i < TV; i++) {
    UNROLL for (int q = i + TV; q < CHAINS; q += TV) {
      sum[i] += sum[q];
      square[i] += square[q];
    }
    const ivec present = lanes->present[i];
    const vec s = where(present, sum[i]), s2 = where(present, square[i]);
    const vec k = choose(present, shift[i], splat((float)origin));
#define ADD(half)                                                              \
  {                                                                            \
    const dvec d = __builtin_convertvector(HALF(k, half), dvec) - origin;      \
    const dvec d1 = __builtin_convertvector(HALF(s, half), dvec);              \
    const dvec d2 = __builtin_convertvector(HALF(s2, half), dvec);             \
    m->sum += d1 + n * d;                                                      \
    m->square += d2 + d * (2 * d1 + n * d);                                    \
  }
    ADD(0)
    ADD(VL / 2)
#undef ADD
  }
}

KERNEL(batch_norm_stats) {
  const struct batch_norm_stats_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x, a->x_tile, a->x_plane, a->x_row);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *settings = at(memory, a->settings);
  float *mean = at(memory, a->stats), *invstd = mean + a->channels, *running = at_or_null(memory, a->running);
  for (int c = begin; c < end; c++) {
    const double origin = *plane_of(x, 0, c);
    struct moments m = {{0}, {0}};
    for (int tile = 0; tile < a->tiles; tile++) {
      const struct lanes lanes = lanes_of(count - tile * T);
      const float *plane = plane_of(x, tile, c);
      for (int h = 0, rows; h < a->height; h += rows) {
        rows = chunk_rows(h, a->height, a->width);
        add_chunk(&m, plane + h * x.row, x.row, rows, a->width, origin, &lanes);
      }
    }
    const double n = (double)count * a->height * a->width;
    const double offset = total_of(m.sum) / n, centred = total_of(m.square) - offset * offset * n;
    const double squares = centred < 0 ? 0 : centred; /* NaN stays NaN */
    mean[c] = (float)(origin + offset);
    invstd[c] = (float)(1 / __builtin_sqrt(squares / n + settings[1]));
    if (running) {
      float *variance = running + a->channels;
      running[c] += settings[0] * (float)(origin + offset - running[c]);
      variance[c] += settings[0] * (float)(squares / (n > 1 ? n - 1 : 1) - variance[c]);
    }
  }
}

struct batch_norm_fold_args {
  int32_t running;  /* f32 [2][channels]: mean, variance */
  int32_t stats;    /* f32 [2][channels]: mean, invstd */
  int32_t settings; /* f32 [2]: momentum, eps */
  int32_t channels;
};

KERNEL(batch_norm_fold) {
  const struct batch_norm_fold_args *a = (const void *)args;
  const float *running = at(memory, a->running), *settings = at(memory, a->settings);
  float *stats = at(memory, a->stats);
  for (int c = begin; c < end; c++) {
    stats[c] = running[c];
    stats[a->channels + c] = (float)(1 / __builtin_sqrt((double)running[a->channels + c] + settings[1]));
  }
}

struct batch_norm_apply_args {
  int32_t x;           /* f32 */
  int32_t stats;       /* f32 [2][channels] */
  int32_t gamma, beta; /* f32 [channels] */
  int32_t residual;    /* f32, or 0 */
  int32_t y;           /* f32; may be x or the residual */
  int32_t tiles, channels, height, width;
  int32_t epilogue; /* 1 = relu */
  int32_t x_tile, x_plane, x_row, residual_tile, residual_plane, residual_row, y_tile, y_plane, y_row;
};

INLINE void apply(char *memory, const struct batch_norm_apply_args *a, int begin, int end, int has_residual, int relu) {
  const struct tensor x = tensor_at(memory, a->x, a->x_tile, a->x_plane, a->x_row);
  const struct tensor z = tensor_at(memory, a->residual, a->residual_tile, a->residual_plane, a->residual_row);
  const struct tensor y = tensor_at(memory, a->y, a->y_tile, a->y_plane, a->y_row);
  const struct runs runs = runs_of(a->height, a->width, x, z, y);
  const float *mean = at(memory, a->stats), *gamma = at(memory, a->gamma), *beta = at(memory, a->beta);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const vec m = splat(mean[c]), scale = splat(gamma[c] * mean[a->channels + c]), shift = splat(beta[c]);
    const float *from = plane_of(x, tile, c), *add = plane_of(z, tile, c);
    float *to = plane_of(y, tile, c);
    for (int h = 0; h < runs.count; h++, from += x.row, to += y.row) {
      for (size_t i = 0; i < runs.length; i += VL) {
        vec value = (load(from + i) - m) * scale + shift;
        if (has_residual) value += load(add + i);
        store(to + i, relu ? rectify(value) : value);
      }
      if (has_residual) add += z.row;
    }
  }
}

KERNEL(batch_norm_apply) {
  const struct batch_norm_apply_args *a = (const void *)args;
  if (a->residual && a->epilogue) apply(memory, a, begin, end, 1, 1);
  else if (a->residual) apply(memory, a, begin, end, 1, 0);
  else if (a->epilogue) apply(memory, a, begin, end, 0, 1);
  else apply(memory, a, begin, end, 0, 0);
}

struct batch_norm_grad_reduce_args {
  int32_t dy;            /* f32 */
  int32_t mask;          /* f32, or 0: dy counts where mask > 0 */
  int32_t x;             /* f32 */
  int32_t stats;         /* f32 [2][channels] */
  int32_t dgamma, dbeta; /* f32 [channels] */
  int32_t counts;        /* i32 [1]: samples present */
  int32_t tiles, channels, height, width;
  int32_t dy_tile, dy_plane, dy_row, mask_tile, mask_plane, mask_row, x_tile, x_plane, x_row;
};

/* Sums of dy, and of dy (x - mean), in float64. */
struct grad_sums {
  dvec dy, product;
};

struct grad_rows {
  const float *dy, *mask, *x;
  size_t dy_row, mask_row, x_row;
};

INLINE void add_grad_chunk(struct grad_sums *g, struct grad_rows p, int rows, int width, vec mean,
                           const struct lanes *lanes, int has_mask) {
  const size_t length = (size_t)width * T;
  vec sum[CHAINS], product[CHAINS];
  UNROLL for (int q = 0; q < CHAINS; q++) sum[q] = product[q] = splat(0);
#define ADD(count)                                               \
  UNROLL for (int q = 0; q < count; q++) {                       \
    vec d = load(p.dy + i + q * VL);                             \
    if (has_mask) d = masked(d, load(p.mask + i + q * VL));      \
    sum[q] += d;                                                 \
    product[q] += d * (load(p.x + i + q * VL) - mean);           \
  }
  for (int r = 0; r < rows; r++) {
    size_t i = 0;
    for (; i + CHAINS * VL <= length; i += CHAINS * VL) ADD(CHAINS)
    for (; i < length; i += T) ADD(TV)
    p.dy += p.dy_row, p.x += p.x_row;
    if (has_mask) p.mask += p.mask_row;
  }
#undef ADD
  UNROLL for (int i = 0; i < TV; i++) {
    UNROLL for (int q = i + TV; q < CHAINS; q += TV) {
      sum[i] += sum[q];
      product[i] += product[q];
    }
    g->dy += widened(where(lanes->present[i], sum[i]));
    g->product += widened(where(lanes->present[i], product[i]));
  }
}

INLINE void grad_reduce(char *memory, const struct batch_norm_grad_reduce_args *a, int begin, int end, int has_mask) {
  const struct tensor dy = tensor_at(memory, a->dy, a->dy_tile, a->dy_plane, a->dy_row);
  const struct tensor mask = tensor_at(memory, a->mask, a->mask_tile, a->mask_plane, a->mask_row);
  const struct tensor x = tensor_at(memory, a->x, a->x_tile, a->x_plane, a->x_row);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *mean = at(memory, a->stats);
  float *dgamma = at(memory, a->dgamma), *dbeta = at(memory, a->dbeta);
  for (int c = begin; c < end; c++) {
    struct grad_sums g = {{0}, {0}};
    for (int tile = 0; tile < a->tiles; tile++) {
      const struct lanes lanes = lanes_of(count - tile * T);
      for (int h = 0, rows; h < a->height; h += rows) {
        rows = chunk_rows(h, a->height, a->width);
        const struct grad_rows p = {row_of(plane_of(dy, tile, c), dy, h),
                                    row_of(plane_of(mask, tile, c), mask, h),
                                    row_of(plane_of(x, tile, c), x, h),
                                    dy.row,
                                    mask.row,
                                    x.row};
        add_grad_chunk(&g, p, rows, a->width, splat(mean[c]), &lanes, has_mask);
      }
    }
    dgamma[c] = (float)(total_of(g.product) * mean[a->channels + c]);
    dbeta[c] = (float)total_of(g.dy);
  }
}

KERNEL(batch_norm_grad_reduce) {
  const struct batch_norm_grad_reduce_args *a = (const void *)args;
  if (a->mask) grad_reduce(memory, a, begin, end, 1);
  else grad_reduce(memory, a, begin, end, 0);
}

struct batch_norm_grad_apply_args {
  int32_t dy;                   /* f32 */
  int32_t mask;                 /* f32, or 0 */
  int32_t x;                    /* f32 */
  int32_t stats;                /* f32 [2][channels] */
  int32_t gamma, dgamma, dbeta; /* f32 [channels] */
  int32_t dx;                   /* f32, or 0; may be dy */
  int32_t d_residual;           /* f32, or 0 */
  int32_t accumulate;           /* 1 = the masked dy is added to d_residual */
  int32_t counts;               /* i32 [1]: samples present */
  int32_t tiles, channels, height, width;
  int32_t geometry; /* struct geometry [5]: dy, mask, x, dx, d_residual */
};

/* What to do with a result. */
enum result { NONE, WRITE, ADD };

/* dx = scale (dy - (x - mean) slope - offset), all but dy and x known per channel. */
INLINE void grad_apply(char *memory, const struct batch_norm_grad_apply_args *a, int begin, int end, int has_mask,
                       enum result input, enum result residual) {
  const struct geometry *g = at(memory, a->geometry);
  const struct tensor dy = shaped(memory, a->dy, g), mask = shaped(memory, a->mask, g + 1);
  const struct tensor x = shaped(memory, a->x, g + 2), dx = shaped(memory, a->dx, g + 3);
  const struct tensor dz = shaped(memory, a->d_residual, g + 4);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *mean = at(memory, a->stats), *gamma = at(memory, a->gamma);
  const float *dgamma = at(memory, a->dgamma), *dbeta = at(memory, a->dbeta);
  const double inverse_n = 1 / ((double)count * a->height * a->width);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const struct lanes lanes = lanes_of(count - tile * T);
    const float invstd = mean[a->channels + c];
    const vec m = splat(mean[c]), scale = splat(gamma[c] * invstd);
    const vec slope = splat((float)(dgamma[c] * inverse_n * invstd)), offset = splat((float)(dbeta[c] * inverse_n));
    const float *dy_row = plane_of(dy, tile, c), *mask_row = plane_of(mask, tile, c), *x_row = plane_of(x, tile, c);
    float *dx_row = plane_of(dx, tile, c), *dz_row = plane_of(dz, tile, c);
    for (int h = 0; h < a->height; h++) {
      for (size_t j = 0; j < (size_t)a->width * T; j += T)
        UNROLL for (int q = 0; q < TV; q++) {
          const size_t i = j + q * VL;
          vec d = load(dy_row + i);
          if (has_mask) d = masked(d, load(mask_row + i));
          const vec value = scale * ((d - offset) - (load(x_row + i) - m) * slope);
          if (input != NONE) store(dx_row + i, where(lanes.present[q], value));
          if (residual != NONE) put(dz_row + i, where(lanes.present[q], d), residual == ADD);
        }
      dy_row += dy.row, x_row += x.row;
      if (has_mask) mask_row += mask.row;
      if (input != NONE) dx_row += dx.row;
      if (residual != NONE) dz_row += dz.row;
    }
  }
}

INLINE void grad_apply_masked(char *memory, const struct batch_norm_grad_apply_args *a, int begin, int end,
                              int has_mask) {
  if (!a->d_residual) grad_apply(memory, a, begin, end, has_mask, WRITE, NONE);
  else if (!a->dx) grad_apply(memory, a, begin, end, has_mask, NONE, a->accumulate ? ADD : WRITE);
  else if (a->accumulate) grad_apply(memory, a, begin, end, has_mask, WRITE, ADD);
  else grad_apply(memory, a, begin, end, has_mask, WRITE, WRITE);
}

KERNEL(batch_norm_grad_apply) {
  const struct batch_norm_grad_apply_args *a = (const void *)args;
  if (a->mask) grad_apply_masked(memory, a, begin, end, 1);
  else grad_apply_masked(memory, a, begin, end, 0);
}
