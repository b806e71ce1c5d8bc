/* Convolution of one sample: a non-zero weight is a run of multiply-adds over a plane.
 *
 * A block of vectors of positions stays in registers over all entries of an output channel, or of
 * a few output channels where the weight is dense: then each vector of x is loaded once for them
 * all. In small planes, where there are few vectors, several sums are kept of each, of every
 * second or fourth entry: one sum alone would wait for its own additions. The outer loop goes over
 * the positions, since what a block of them reads of all the planes is small.
 */
#include "single.h"

/* Vectors of positions that are summed together, of one output channel and of SINGLE_BLOCK. */
#if VL == 16
#define SINGLE_MOST 16
#define SINGLE_MOST_BLOCK 4
#elif VL == 8 || defined(__aarch64__)
#define SINGLE_MOST 12
#define SINGLE_MOST_BLOCK 3
#else
#define SINGLE_MOST 8
#define SINGLE_MOST_BLOCK 2
#endif

#define SINGLE_SUMS 16

struct single_sum {
  const int32_t *starts;
  const uint32_t *offsets;
  const float *weights;
  const char *x;
  struct image y, residual;
  const float *bias;
  const int32_t *mask;
  int channels, relu;
};

/* Block `row` of output channels at `vectors` vectors of positions from `q` on. All numbers but
 * these two are constants once inlined. */
INLINE void single_block(const int outs, const int vectors, const struct single_sum *s, int row,
                         size_t q) {
  const int chains = outs * vectors >= 6 ? 1 : outs * vectors >= 3 ? 2 : 4;
  vec sum[SINGLE_SUMS];
#define EACH_SUM UNROLL for (int o = 0; o < outs; o++) UNROLL for (int v = 0; v < vectors; v++)
#define SUM(chain, o, v) sum[((chain) * outs + (o)) * vectors + (v)]
  UNROLL for (int k = 0; k < chains; k++) EACH_SUM SUM(k, o, v) = splat(0);
  int e = s->starts[row];
  const int end = s->starts[row + 1];
  const char *x = s->x + q * sizeof(float);
  for (; e + chains <= end; e += chains)
    UNROLL for (int k = 0; k < chains; k++) {
      const float *in = (const float *)(x + s->offsets[e + k]);
      const float *w = s->weights + (size_t)(e + k) * outs;
      BASE(in);
      if (outs == 1) {
        const vec factor = splat(w[0]);
        UNROLL for (int v = 0; v < vectors; v++) SUM(k, 0, v) += factor * load(in + v * VL);
      } else {
        vec part[SINGLE_MOST_BLOCK];
        UNROLL for (int v = 0; v < vectors; v++) part[v] = load(in + v * VL);
        EACH_SUM SUM(k, o, v) += splat(w[o]) * part[v];
      }
    }
  for (; e < end; e++) {
    const float *in = (const float *)(x + s->offsets[e]);
    EACH_SUM SUM(0, o, v) += splat(s->weights[(size_t)e * outs + o]) * load(in + v * VL);
  }
  UNROLL for (int o = 0; o < outs; o++) {
    const int channel = row * outs + o;
    if (channel >= s->channels) return;
    float *y = s->y.data + channel * s->y.plane + q;
    const float *residual =
        s->residual.data ? s->residual.data + channel * s->residual.plane + q : NULL;
    const vec bias = splat(s->bias ? s->bias[channel] : 0);
    UNROLL for (int v = 0; v < vectors; v++) {
      vec out = SUM(0, o, v);
      if (chains == 2) out += SUM(1, o, v);
      if (chains == 4) out = (out + SUM(1, o, v)) + (SUM(2, o, v) + SUM(3, o, v));
      out += bias;
      if (residual) out += load(residual + v * VL);
      if (s->relu) out = rectify(out);
      store(y + v * VL, where(*(const ivec *)(s->mask + q + v * VL), out));
    }
  }
#undef EACH_SUM
#undef SUM
}

/* Rows [begin, end) at a number of vectors that is a constant in each case. */
#define SINGLE_CASE(outs, n) \
  case n: \
    for (int row = begin; row < end; row++) single_block(outs, n, s, row, q); \
    break;

static __attribute__((noinline)) void single_channels(const struct single_sum *s, int begin,
                                                      int end, size_t q, int vectors) {
  switch (vectors) {
    SINGLE_CASE(1, 1)
    SINGLE_CASE(1, 2)
    SINGLE_CASE(1, 3)
    SINGLE_CASE(1, 4)
    SINGLE_CASE(1, 5)
    SINGLE_CASE(1, 6)
    SINGLE_CASE(1, 7)
    SINGLE_CASE(1, 8)
#if SINGLE_MOST > 8
    SINGLE_CASE(1, 9)
    SINGLE_CASE(1, 10)
    SINGLE_CASE(1, 11)
    SINGLE_CASE(1, 12)
#endif
#if SINGLE_MOST > 12
    SINGLE_CASE(1, 13)
    SINGLE_CASE(1, 14)
    SINGLE_CASE(1, 15)
    SINGLE_CASE(1, 16)
#endif
  }
}

static __attribute__((noinline)) void single_blocks(const struct single_sum *s, int begin, int end,
                                                    size_t q, int vectors) {
  switch (vectors) {
    SINGLE_CASE(SINGLE_BLOCK, 1)
    SINGLE_CASE(SINGLE_BLOCK, 2)
#if SINGLE_MOST_BLOCK > 2
    SINGLE_CASE(SINGLE_BLOCK, 3)
#endif
#if SINGLE_MOST_BLOCK > 3
    SINGLE_CASE(SINGLE_BLOCK, 4)
#endif
  }
}
#undef SINGLE_CASE

KERNEL(single_conv) {
  const struct single_conv_args *a = (const void *)args;
  const struct single_sum s = {
      .starts = at(memory, a->starts),
      .offsets = at(memory, a->offsets),
      .weights = at(memory, a->weights),
      .x = at(memory, a->x),
      .y = image_at(memory, a->y),
      .residual = image_at(memory, a->residual),
      .bias = at_or_null(memory, a->bias),
      .mask = at(memory, a->mask),
      .channels = a->channels,
      .relu = a->relu,
  };
  const int dense = a->block > 1, most = dense ? SINGLE_MOST_BLOCK : SINGLE_MOST;
  const int vectors = (a->span + VL - 1) / VL, parts = (vectors + most - 1) / most;
  for (int k = 0; k < parts; k++) {
    /* Parts of one size, or one vector less. */
    const int from = (int)((int64_t)vectors * k / parts),
              to = (int)((int64_t)vectors * (k + 1) / parts);
    if (dense) single_blocks(&s, begin, end, (size_t)from * VL, to - from);
    else single_channels(&s, begin, end, (size_t)from * VL, to - from);
  }
}
