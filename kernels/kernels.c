/* All kernels in one translation unit, and the table that finds one by its id.
 *
 * Compiled once for wasm and, natively, once per instruction set, with VARIANT=_base, _avx2, _avx512, the ending of
 * the names it exports (see program.c). Everything else is static, so the builds don't clash and the compiler sees
 * through every call.
 */
#include "kernels.h"

#include "activation.c"
#include "batch_norm.c"
#include "columns.c"
#include "conv_dense.c"
#include "conv_dense_grad.c"
#include "conv_pairs.c"
#include "conv_sparse.c"
#include "conv_sparse_grad.c"
#include "data.c"
#include "gradient.c"
#include "linear_dense.c"
#include "linear_sparse.c"
#include "loss.c"
#include "pairs.c"
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
  X(9, cross_entropy)            \
  X(10, mean_squared_error)      \
  X(11, update)                  \
  X(12, compress)                \
  X(13, expand)                  \
  X(14, transpose)               \
  X(15, conv_dense)              \
  X(16, conv_sparse)             \
  X(17, conv_pairs)              \
  X(18, conv_dense_weight_grad)  \
  X(19, conv_sparse_weight_grad) \
  X(20, conv_pairs_weight_grad)  \
  X(21, conv_bias_grad)          \
  X(22, compress_pairs)          \
  X(23, transpose_pairs)         \
  X(24, transpose_conv)          \
  X(25, copy_planes)             \
  X(26, gather_images_u8)        \
  X(27, batch_norm_stats)        \
  X(28, batch_norm_fold)         \
  X(29, batch_norm_apply)        \
  X(30, batch_norm_grad_reduce)  \
  X(31, batch_norm_grad_apply)   \
  X(32, max_pool)                \
  X(33, max_pool_grad)           \
  X(34, avg_pool)                \
  X(35, avg_pool_grad)           \
  X(36, activation)              \
  X(37, activation_grad)         \
  X(38, dropout)                 \
  X(39, add_scaled)              \
  X(40, dot_planes)              \
  X(41, sum_partial)             \
  X(42, plane_moments)           \
  X(43, batch_norm_grad_sum)     \
  X(44, update_pattern)          \
  X(45, gradient_norms)          \
  X(46, clip_gradient)           \
  X(47, sum_gradient)            \
  X(48, sample_norms)            \
  X(49, draw_samples)            \
  X(50, gather_samples)          \
  X(51, sampled_weight_grad)     \
  X(52, decay_gradient)          \
  X(53, find_columns)            \
  X(54, pack_columns)

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
