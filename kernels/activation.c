/* Elementwise functions over planes: ReLU, leaky ReLU, tanh, sigmoid, SiLU, ELU, their gradients,
 * and dropout. */
#include "planes.h"

/* tanh(x), to about 1 ulp; NaN stays NaN. Near 0: x + x^3 P(x^2), P the minimax polynomial of
 * degree 4 for x^2 < 0.4 (relative error below 5e-9); elsewhere 1 - 2 t / (1 + t) with t = exp(-2
 * |x|), which is below 0.3 there, so that its errors count less than half.
 */
INLINE vec hyperbolic_tangent(vec x) {
  const vec size = magnitude(x), z = x * x;
  vec p = splat(-0.005704985f);
  p = p * z + splat(0.020639084f);
  p = p * z + splat(-0.053739715f);
  p = p * z + splat(0.133314416f);
  p = p * z + splat(-0.333332807f);
  const vec near = x + x * (z * p);
  const vec t = exp_negative(splat(-2) * size);
  const vec far = splat(1) - (t + t) / (splat(1) + t);
  return choose(size < splat(0.625f), near, with_sign(far, x));
}

/* x where it is positive, elsewhere exp(x) - 1 = 2 t / (1 - t) with t = tanh(x / 2), by which no
 * digit is lost near 0; nearer than float32 can tell it is x, whose half may be too small. */
INLINE vec elu(vec x) {
  const vec t = hyperbolic_tangent(splat(0.5f) * x);
  return choose(x > splat(-0x1p-25f), x, (t + t) / (splat(1) - t));
}

/* f(x). The kind is a constant where this is used, so that one case is left. */
INLINE vec activated(int kind, vec x, vec slope) {
  switch (kind) {
  case ACTIVATION_RELU: return rectify(x);
  case ACTIVATION_LEAKY_RELU: return choose(x <= 0, x * slope, x);
  case ACTIVATION_TANH: return hyperbolic_tangent(x);
  case ACTIVATION_SIGMOID: return logistic(x);
  case ACTIVATION_SILU: return x * logistic(x);
  case ACTIVATION_ELU: return elu(x);
  }
  __builtin_unreachable();
}

/* s (1 + x (1 - s)) dy with s = logistic(x). SiLU is not monotonic: its gradient needs x. */
INLINE vec silu_derived(vec x, vec dy) {
  const vec s = logistic(x);
  return where(dy != 0, dy * (s * (splat(1) + x * (splat(1) - s))));
}

/* f'(x) dy from y = f(x), or from x where the kind needs it. Where dy is 0 (an absent lane) so is
 * the result, whatever y is. */
INLINE vec derived(int kind, vec y, vec dy, vec slope) {
  switch (kind) {
  case ACTIVATION_RELU: return masked(dy, y);
  case ACTIVATION_LEAKY_RELU: return choose(y > 0, dy, dy * slope);
  case ACTIVATION_TANH: return where(dy != 0, dy * (splat(1) - y * y));
  case ACTIVATION_SIGMOID: return where(dy != 0, dy * (y * (splat(1) - y)));
  case ACTIVATION_SILU: return silu_derived(y, dy);
  case ACTIVATION_ELU: return where(dy != 0, choose(y > 0, dy, dy * (y + splat(1))));
  }
  __builtin_unreachable();
}

INLINE void activate(char *memory, const struct activation_args *a, int begin, int end, int kind) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const struct runs runs = runs_of(a->height, a->width, x, y, y);
  const vec slope = splat(kind == ACTIVATION_LEAKY_RELU ? *(const float *)at(memory, a->slope) : 0);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const element *from = plane_of(x, tile, c);
    element *to = plane_of(y, tile, c);
    for (int h = 0; h < runs.count; h++, from += x.row, to += y.row)
      for (size_t i = 0; i < length; i += VL) store(to + i, activated(kind, load(from + i), slope));
  }
}

KERNEL(activation) {
  const struct activation_args *a = (const void *)args;
#define CASE(name, code) case code: activate(memory, a, begin, end, code); break;
  switch (a->kind) { ACTIVATIONS(CASE) }
#undef CASE
}

INLINE void activate_grad(char *memory, const struct activation_grad_args *a, int begin, int end,
                          int kind, int add) {
  const struct tensor y = tensor_at(memory, a->y), dy = tensor_at(memory, a->dy),
                      dx = tensor_at(memory, a->dx);
  const struct runs runs = runs_of(a->height, a->width, y, dy, dx);
  const vec slope = splat(kind == ACTIVATION_LEAKY_RELU ? *(const float *)at(memory, a->slope) : 0);
  for (int unit = begin, next; unit < end; unit = next) {
    const int tile = unit / a->channels, c = unit % a->channels;
    next = next_unit(runs, unit, end, a->channels);
    const size_t length = runs.length * (next - unit);
    const element *value = plane_of(y, tile, c), *grad = plane_of(dy, tile, c);
    element *to = plane_of(dx, tile, c);
    for (int h = 0; h < runs.count; h++, value += y.row, grad += dy.row, to += dx.row)
      for (size_t i = 0; i < length; i += VL)
        put(to + i, derived(kind, load(value + i), load(grad + i), slope), add);
  }
}

INLINE void activate_grad_of(char *memory, const struct activation_grad_args *a, int begin, int end,
                             int kind) {
  if (a->accumulate) activate_grad(memory, a, begin, end, kind, 1);
  else activate_grad(memory, a, begin, end, kind, 0);
}

KERNEL(activation_grad) {
  const struct activation_grad_args *a = (const void *)args;
#define CASE(name, code) case code: activate_grad_of(memory, a, begin, end, code); break;
  switch (a->kind) { ACTIVATIONS(CASE) }
#undef CASE
}

/* 32 random bits for a counter, by two rounds of multiplication and shift (constants: C. Wellons,
 * "Prospecting for hash functions", nullprogram.com, 2018, lowbias32). A bijection of the counter,
 * so every value is as frequent as any other. A key enters before each round: with one alone, other
 * seeds would only shift the same sequence. The final shift of that hash is left out: it changes
 * the lower half only, which next to no comparison with a threshold looks at. */

struct key {
  uint32_t first, second;
};

INLINE uvec random_bits(struct key key, uvec x) {
  x += key.first;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x += key.second;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x;
}

/* Two unrelated numbers for a seed. */
INLINE struct key key_of(uint32_t seed) {
  const struct key golden = {0x9e3779b9u, 0x3c6ef372u};
  const uvec twice = {seed * 2u, seed * 2u + 1};
  uvec bits = random_bits(golden, twice);
  bits ^= bits >> 16;
  bits = random_bits(golden, bits);
  return (struct key){bits[0], bits[1]};
}

INLINE void drop(char *memory, const struct dropout_args *a, int begin, int end, int add) {
  const struct tensor x = tensor_at(memory, a->x);
  const struct tensor y = tensor_at(memory, a->y);
  const uint32_t *settings = at(memory, a->settings), threshold = settings[1];
  const struct key key = key_of(settings[0]);
  const vec scale = splat(*(const float *)at(memory, a->scale));
  const uint32_t length = (uint32_t)a->width * T;
  uvec lane;
  for (int j = 0; j < VL; j++) lane[j] = j;
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / a->channels, c = unit % a->channels;
    const element *from = plane_of(x, tile, c);
    element *to = plane_of(y, tile, c);
    /* Counts floats of the tensor without its borders, so a mask depends on no stride. */
    uint32_t counter = (uint32_t)unit * a->height * length;
    for (int h = 0; h < a->height; h++, from += x.row, to += y.row, counter += length)
      for (uint32_t i = 0; i < length; i += VL) {
        const uvec bits = random_bits(key, lane + (counter + i));
        put(to + i, where((ivec)(bits >= threshold), load(from + i) * scale), add);
      }
  }
}

KERNEL(dropout) {
  const struct dropout_args *a = (const void *)args;
  if (a->accumulate) drop(memory, a, begin, end, 1);
  else drop(memory, a, begin, end, 0);
}
