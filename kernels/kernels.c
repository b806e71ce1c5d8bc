/* All kernels in one translation unit, and the table that finds one by its id.
 *
 * Compiled once for wasm and, natively, once per instruction set, with VARIANT=_base, _avx2, _avx512, the ending of
 * the names it exports (see program.c). Everything else is static, so the builds don't clash and the compiler sees
 * through every call.
 */
#include "kernels.h"

#include "activation.c"
#include "batch_norm.c"
#include "conv_dense.c"
#include "conv_pairs.c"
#include "conv_sparse.c"
#include "data.c"
#include "elementwise.c"
#include "gradient.c"
#include "linear_dense.c"
#include "linear_sparse.c"
#include "loss.c"
#include "pattern.c"
#include "planes.c"
#include "pool.c"
#include "sample.c"
#include "update.c"
#include "update_pattern.c"

/* In the order of KERNELS in src/runtime/kernel-table.ts. */
#define KERNEL_TABLE(X)          \
  X(0, gather_u8)                \
  X(1, gather_f32)               \
  X(2, dense_forward)            \
  X(3, sparse_forward)           \
  X(4, dense_input_grad)         \
  X(5, tiles_to_rows)            \
  X(6, dense_weight_grad)        \
  X(7, sparse_weight_grad)       \
  X(8, bias_grad)                \
  X(9, relu)                     \
  X(10, relu_grad)               \
  X(11, cross_entropy)           \
  X(12, mean_squared_error)      \
  X(13, update)                  \
  X(14, compress)                \
  X(15, expand)                  \
  X(16, transpose)               \
  X(17, conv_dense)              \
  X(18, conv_sparse)             \
  X(19, conv_pairs)              \
  X(20, conv_dense_weight_grad)  \
  X(21, conv_sparse_weight_grad) \
  X(22, conv_pairs_weight_grad)  \
  X(23, conv_bias_grad)          \
  X(24, compress_pairs)          \
  X(25, transpose_pairs)         \
  X(26, transpose_conv)          \
  X(27, zero_border)             \
  X(28, copy_planes)             \
  X(29, gather_images_u8)        \
  X(30, batch_norm_stats)        \
  X(31, batch_norm_fold)         \
  X(32, batch_norm_apply)        \
  X(33, batch_norm_grad_reduce)  \
  X(34, batch_norm_grad_apply)   \
  X(35, max_pool)                \
  X(36, max_pool_grad)           \
  X(37, avg_pool)                \
  X(38, avg_pool_grad)           \
  X(39, activation)              \
  X(40, activation_grad)         \
  X(41, dropout)                 \
  X(42, add_scaled)              \
  X(43, dot_planes)              \
  X(44, sum_partial)             \
  X(45, plane_moments)           \
  X(46, batch_norm_grad_sum)     \
  X(47, update_pattern)          \
  X(48, gradient_norms)          \
  X(49, clip_gradient)           \
  X(50, sum_gradient)            \
  X(51, average)                 \
  X(52, sample_norms)            \
  X(53, draw_samples)            \
  X(54, gather_samples)          \
  X(55, sampled_weight_grad)

/* Runs one kernel on the rows [begin, end); 0, or -1 if there is no kernel of that id. A switch, since an array of
 * pointers would be data, which the wasm build has none of. */
static int call(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  switch (id) {
#define CASE(number, name) \
  case number: name(memory, args, begin, end); return 0;
    KERNEL_TABLE(CASE)
#undef CASE
    default: return -1;
  }
}

#include "program.c"
