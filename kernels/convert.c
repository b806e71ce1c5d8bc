/* Planes of float32 made planes of bf16, and back. */
#include "planes.h"

INLINE vec load_either(const char *p, int is_half) {
  return is_half ? load((const bf16 *)p) : load((const float *)p);
}

INLINE void store_either(char *p, vec x, int is_half) {
  if (is_half) store((bf16 *)p, x);
  else store((float *)p, x);
}

/* Both sides' kinds are constants where this is used. */
INLINE void convert(char *memory, const struct convert_planes_args *a, int begin, int end,
                    const int to_half) {
  const size_t from_size = to_half ? sizeof(float) : sizeof(bf16),
               to_size = to_half ? sizeof(bf16) : sizeof(float);
  const size_t length = (size_t)a->width * T;
  for (int unit = begin; unit < end; unit++) {
    const size_t tile = unit / a->channels, c = unit % a->channels;
    for (int h = 0; h < a->height; h++) {
      const size_t x = tile * (uint32_t)a->x.tile + c * (uint32_t)a->x.plane + h * (size_t)a->x.row;
      const size_t y = tile * (uint32_t)a->y.tile + c * (uint32_t)a->y.plane + h * (size_t)a->y.row;
      const char *from = (const char *)at(memory, a->x.at) + x * from_size;
      char *to = (char *)at(memory, a->y.at) + y * to_size;
      for (size_t i = 0; i < length; i += VL) {
        vec value = load_either(from + i * from_size, !to_half);
        if (a->accumulate) value += load_either(to + i * to_size, to_half);
        store_either(to + i * to_size, value, to_half);
      }
    }
  }
}

KERNEL(convert_planes) {
  const struct convert_planes_args *a = (const void *)args;
  if (a->to_half) convert(memory, a, begin, end, 1);
  else convert(memory, a, begin, end, 0);
}
