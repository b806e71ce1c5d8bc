/* All kernels in one translation unit, and the table that finds one by its id.
 *
 * Compiled once for wasm and, natively, once per instruction set; RUN names the one symbol each build exports (run,
 * run_base, run_avx2, run_avx512). Everything else is static, so the builds don't clash and the compiler sees through
 * every call. Ids are the order of KERNELS in src/runtime/kernel-table.ts.
 */
#include "kernels.h"

#ifndef RUN
#define RUN run
#endif

#include "vector.h"

#include "data.c"
#include "elementwise.c"
#include "loss.c"

#if __has_include("linear_dense.c")
#include "linear_dense.c"
#else
KERNEL(dense_forward) {}
KERNEL(dense_input_grad) {}
KERNEL(dense_weight_grad) {}
KERNEL(bias_grad) {}
#endif
#if __has_include("linear_sparse.c")
#include "linear_sparse.c"
#else
KERNEL(sparse_forward) {}
KERNEL(sparse_weight_grad) {}
#endif
#if __has_include("update.c")
#include "update.c"
#else
KERNEL(update) {}
#endif
#if __has_include("pattern.c")
#include "pattern.c"
#else
KERNEL(compress) {}
KERNEL(expand) {}
KERNEL(transpose) {}
#endif

/* A switch, not an array of pointers: an array would need a data segment in the wasm build. */
#define KERNEL_TABLE(X) \
  X(0, gather_u8)        \
  X(1, gather_f32)       \
  X(2, dense_forward)    \
  X(3, sparse_forward)   \
  X(4, dense_input_grad)  \
  X(5, tiles_to_rows)     \
  X(6, dense_weight_grad) \
  X(7, sparse_weight_grad) \
  X(8, bias_grad)        \
  X(9, relu)            \
  X(10, relu_grad)       \
  X(11, cross_entropy)   \
  X(12, mean_squared_error) \
  X(13, update)         \
  X(14, compress)       \
  X(15, expand)         \
  X(16, transpose)

/* Runs one kernel on the rows [begin, end); 0, or -1 if there is no kernel of that id. */
static int call(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  switch (id) {
#define CASE(number, name)           \
  case number:                       \
    name(memory, args, begin, end);  \
    return 0;
    KERNEL_TABLE(CASE)
#undef CASE
  default: return -1;
  }
}

#include "program.c"
