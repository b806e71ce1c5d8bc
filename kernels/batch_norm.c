/* Batch norm: y = gamma xhat + beta with xhat = (x - mean) invstd, invstd = 1 / sqrt(variance +
 * eps), mean and (biased) variance of each channel over the positions of all samples that are
 * present (Ioffe and Szegedy 2015, arXiv 1502.03167).
 *
 * Statistics take one read of x, plane by plane, so that whoever writes a plane can have it summed
 * while it is in cache; the planes of a channel are put together afterwards. The gradient is made
 * alike. Within a plane positions are summed in chunks, lane by lane in float32, about the chunk's
 * first position, and the chunks in float64. That is safe for any data: a sum of n squares about
 * one of the n numbers is at most n times larger than about their mean, so float32 loses no more
 * than n * 6e-8 of a chunk's variance.
 *
 * Of a ReLU behind the batch norm the forward pass keeps the signs, a bit an element (bit j of a
 * position: lane j), so that the gradient needs not read y again.
 */
#include "planes.h"

/* Positions in a chunk, at least (whole rows; a single row may be longer). */
#define CHUNK 64
/* Vectors summed side by side, to hide the latency of the additions. */
#define CHAINS 4

/* Positions of one channel in one tile, from row h on: `rows` rows of `length` elements. */
INLINE int chunk_rows(int h, int height, int width) {
  const int rows = (CHUNK + width - 1) / width;
  return h + rows <= height ? rows : height - h;
}

/* Sums of (x - origin) and of its square, in float64. */
struct moments {
  dvec sum, square;
};

/* Adds rows of a chunk, of which n positions, to m. Lanes that are not present are left out at the
 * end: lanes don't mix. */
INLINE void add_chunk(struct moments *m, const element *x, size_t row, int rows, int width,
                      double origin, const struct lanes *lanes) {
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

/* Samples of a tile that are present. */
INLINE int present_in(int32_t count, int tile) {
  const int left = count - tile * T;
  return left < 0 ? 0 : left < T ? left : T;
}

KERNEL(plane_moments) {
  const struct plane_moments_args *a = (const void *)args;
  const struct tensor x = tensor_at(memory, a->x);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  double(*moments)[2] = at(memory, a->moments);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels, samples = present_in(count, tile);
    const struct lanes lanes = lanes_of(samples);
    const element *plane = plane_of(x, tile, c);
    const double origin = number(plane);
    struct moments m = {{0}, {0}};
    if (samples == 0) {
      moments[unit][0] = moments[unit][1] = 0;
      continue;
    }
    for (int h = 0, rows; h < a->height; h += rows) {
      rows = chunk_rows(h, a->height, a->width);
      add_chunk(&m, plane + h * x.row, x.row, rows, a->width, origin, &lanes);
    }
    const double n = (double)samples * a->height * a->width;
    const double offset = total_of(m.sum) / n, centred = total_of(m.square) - offset * offset * n;
    moments[unit][0] = origin + offset;
    moments[unit][1] = centred < 0 ? 0 : centred; /* NaN stays NaN */
  }
}

/* The moments of all tiles together, tile after tile: mean, and the sum of squares about it (Chan,
 * Golub, LeVeque 1979). */
KERNEL(batch_norm_stats) {
  const struct batch_norm_stats_args *a = (const void *)args;
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *settings = at(memory, a->settings);
  double(*moments)[2] = at(memory, a->moments);
  float *means = at(memory, a->stats), *invstd = means + a->channels;
  float *running = at(memory, a->running), *variance = running + a->channels;
  for (int c = begin; c < end; c++) {
    double n = 0, mean = 0, squares = 0;
    for (int tile = 0; tile < a->tiles; tile++) {
      const double *m = moments[tile * a->channels + c],
                   added = (double)present_in(count, tile) * a->positions;
      if (added == 0) break;
      const double gap = m[0] - mean, all = n + added;
      squares += m[1] + gap * gap * (n * added / all);
      mean += gap * (added / all);
      n = all;
    }
    means[c] = (float)mean;
    invstd[c] = (float)(1 / __builtin_sqrt(squares / n + settings[1]));
    running[c] += settings[0] * (float)(mean - running[c]);
    variance[c] += settings[0] * (float)(squares / (n > 1 ? n - 1 : 1) - variance[c]);
    moments[c][0] = mean;
    moments[c][1] = squares;
  }
}

KERNEL(batch_norm_fold) {
  const struct batch_norm_fold_args *a = (const void *)args;
  const float *running = at(memory, a->running), *settings = at(memory, a->settings);
  float *stats = at(memory, a->stats);
  for (int c = begin; c < end; c++) {
    stats[c] = running[c];
    stats[a->channels + c] =
        (float)(1 / __builtin_sqrt((double)running[a->channels + c] + settings[1]));
  }
}

/* What follows the normalisation. */
enum behind { NOTHING, RELU_ALONE, RELU_AND_SIGNS };

INLINE void apply(char *memory, const struct batch_norm_apply_args *a, int begin, int end,
                  int has_residual, enum behind behind) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor z = tensor_at(memory, a->residual);
  const struct tensor y = tensor_at(memory, a->y);
  const float *mean = at(memory, a->stats), *gamma = at(memory, a->gamma),
              *beta = at(memory, a->beta);
  const size_t length = (size_t)a->width * T;
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const vec m = splat(mean[c]), scale = splat(gamma[c] * mean[a->channels + c]),
              shift = splat(beta[c]);
    const element *from = plane_of(x, tile, c), *add = plane_of(z, tile, c);
    element *to = plane_of(y, tile, c);
    uint16_t *signs = (uint16_t *)at(memory, a->signs) + (size_t)unit * a->height * a->width;
    for (int h = 0; h < a->height; h++, from += x.row, to += y.row) {
      for (size_t i = 0; i < length; i += T) {
        uint32_t positive = 0;
        UNROLL for (int q = 0; q < TV; q++) {
          vec value = (load(from + i + q * VL) - m) * scale + shift;
          if (has_residual) value += load(add + i + q * VL);
          if (behind == RELU_AND_SIGNS) positive |= bits(value > 0) << q * VL;
          store(to + i + q * VL, behind != NOTHING ? rectify(value) : value);
        }
        if (behind == RELU_AND_SIGNS) *signs++ = (uint16_t)positive;
      }
      if (has_residual) add += z.row;
    }
  }
}

INLINE void apply_with(char *memory, const struct batch_norm_apply_args *a, int begin, int end,
                       int has_residual) {
  if (!a->epilogue) apply(memory, a, begin, end, has_residual, NOTHING);
  else if (!a->signs) apply(memory, a, begin, end, has_residual, RELU_ALONE);
  else apply(memory, a, begin, end, has_residual, RELU_AND_SIGNS);
}

KERNEL(batch_norm_apply) {
  const struct batch_norm_apply_args *a = (const void *)args;
  if (a->residual.at) apply_with(memory, a, begin, end, 1);
  else apply_with(memory, a, begin, end, 0);
}

/* Sums of dy, and of dy (x - mean), in float64. */
struct grad_sums {
  dvec dy, product;
};

struct grad_rows {
  element *dy;
  const element *x;
  const uint16_t *signs;
  size_t dy_row, x_row;
};

/* `here`: the lanes that are present, as bits. */
INLINE void add_grad_chunk(struct grad_sums *g, struct grad_rows p, int rows, int width, vec mean,
                           const struct lanes *lanes, uint32_t here, int has_signs) {
  const size_t length = (size_t)width * T;
  vec sum[CHAINS], product[CHAINS];
  UNROLL for (int q = 0; q < CHAINS; q++) sum[q] = product[q] = splat(0);
#define ADD(count)                                               \
  {                                                              \
    UNROLL for (int q = 0; q < count; q++) {                     \
      vec d = load(p.dy + i + q * VL);                           \
      if (has_signs) {                                            \
        d = where_bits(p.signs[q / TV] & here, q % TV, d);       \
        store(p.dy + i + q * VL, d);                             \
      }                                                          \
      sum[q] += d;                                               \
      product[q] += d * (load(p.x + i + q * VL) - mean);         \
    }                                                            \
    if (has_signs) p.signs += count / TV;                          \
  }
  for (int r = 0; r < rows; r++) {
    size_t i = 0;
    for (; i + CHAINS * VL <= length; i += CHAINS * VL) ADD(CHAINS)
    for (; i < length; i += T) ADD(TV)
    p.dy += p.dy_row, p.x += p.x_row;
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

INLINE void grad_reduce(char *memory, const struct batch_norm_grad_reduce_args *a, int begin,
                        int end, int has_signs) {
  const struct tensor dy = tensor_at(memory, a->dy);
  const struct tensor x = tensor_at(memory, a->x);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *mean = at(memory, a->stats);
  double(*sums)[2] = at(memory, a->sums);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const struct lanes lanes = lanes_of(count - tile * T);
    const uint32_t here = (1u << present_in(count, tile)) - 1;
    const uint16_t *signs =
        (const uint16_t *)at(memory, a->signs) + (size_t)unit * a->height * a->width;
    struct grad_sums g = {{0}, {0}};
    for (int h = 0, rows; h < a->height; h += rows) {
      rows = chunk_rows(h, a->height, a->width);
      const struct grad_rows p = {row_of(plane_of(dy, tile, c), dy, h),
                                  row_of(plane_of(x, tile, c), x, h), signs + (size_t)h * a->width,
                                  dy.row, x.row};
      add_grad_chunk(&g, p, rows, a->width, splat(mean[c]), &lanes, here, has_signs);
    }
    sums[unit][0] = total_of(g.dy);
    sums[unit][1] = total_of(g.product);
  }
}

KERNEL(batch_norm_grad_reduce) {
  const struct batch_norm_grad_reduce_args *a = (const void *)args;
  if (a->signs) grad_reduce(memory, a, begin, end, 1);
  else grad_reduce(memory, a, begin, end, 0);
}

/* The sums of all tiles, tile after tile. */
KERNEL(batch_norm_grad_sum) {
  const struct batch_norm_grad_sum_args *a = (const void *)args;
  const double(*sums)[2] = at(memory, a->sums);
  const float *invstd = (const float *)at(memory, a->stats) + a->channels;
  float *dgamma = at(memory, a->dgamma), *dbeta = at(memory, a->dbeta);
  for (int c = begin; c < end; c++) {
    double dy = 0, product = 0;
    for (int tile = 0; tile < a->tiles; tile++) {
      dy += sums[tile * a->channels + c][0];
      product += sums[tile * a->channels + c][1];
    }
    dgamma[c] = (float)(product * invstd[c]);
    dbeta[c] = (float)dy;
  }
}

/* dx = scale (dy - (x - mean) slope - offset), all but dy and x known per channel. */
KERNEL(batch_norm_grad_apply) {
  const struct batch_norm_grad_apply_args *a = (const void *)args;
  const struct tensor dy = tensor_at(memory, a->dy);
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor dx = tensor_at(memory, a->dx);
  const int32_t count = *(const int32_t *)at(memory, a->counts);
  const float *mean = at(memory, a->stats), *gamma = at(memory, a->gamma);
  const float *dgamma = at(memory, a->dgamma), *dbeta = at(memory, a->dbeta);
  const double inverse_n = 1 / ((double)count * a->height * a->width);
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const struct lanes lanes = lanes_of(count - tile * T);
    const float invstd = mean[a->channels + c];
    const vec m = splat(mean[c]), scale = splat(gamma[c] * invstd);
    const vec slope = splat((float)(dgamma[c] * inverse_n * invstd)),
              offset = splat((float)(dbeta[c] * inverse_n));
    const element *dy_row = plane_of(dy, tile, c), *x_row = plane_of(x, tile, c);
    element *dx_row = plane_of(dx, tile, c);
    for (int h = 0; h < a->height; h++, dy_row += dy.row, x_row += x.row, dx_row += dx.row)
      for (size_t j = 0; j < (size_t)a->width * T; j += T)
        UNROLL for (int q = 0; q < TV; q++) {
          const size_t i = j + q * VL;
          const vec value = scale * ((load(dy_row + i) - offset) - (load(x_row + i) - m) * slope);
          store(dx_row + i, where(lanes.present[q], value));
        }
  }
}
