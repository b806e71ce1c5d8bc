/* Elementwise passes over whole tiles: the ReLU and its derivative. */

/* y = max(x, 0); NaN stays NaN, -0 becomes 0. args: x, y, length */
KERNEL(relu) {
  const size_t length = (uint32_t)args[2];
  const float *x = (const float *)at(memory, args[0]);
  float *y = (float *)at(memory, args[1]);
  for (size_t i = begin * length; i < end * length; i += VL) {
    const vec v = load(x + i);
    store(y + i, select(v <= splat(0), splat(0), v));
  }
}

/* dx = dy where y > 0, else 0. args: dy, y, dx, length */
KERNEL(relu_grad) {
  const size_t length = (uint32_t)args[3];
  const float *dy = (const float *)at(memory, args[0]), *y = (const float *)at(memory, args[1]);
  float *dx = (float *)at(memory, args[2]);
  for (size_t i = begin * length; i < end * length; i += VL)
    store(dx + i, select(load(y + i) > splat(0), load(dy + i), splat(0)));
}
