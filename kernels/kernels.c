/* All kernels in one translation unit, and the table that finds one by its id.
 *
 * Compiled once for wasm and, natively, once per instruction set, with VARIANT=_base, _avx2,
 * _avx512, the ending of the names it exports (see program.c). Everything else is static, so the
 * builds don't clash and the compiler sees through every call. For predict.wasm, with SINGLE_ONLY,
 * the kernels of one sample alone are in the table, and what they don't need falls away.
 */
#include "kernels.h"

#include "sources.h"

/* Runs one kernel on the rows [begin, end); 0, or -1 if there is no kernel of that id. A switch,
 * since an array of pointers would be data, which the wasm build has none of. */
static int call(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  switch (id) {
#define CASE(number, name) \
  case number: name(memory, args, begin, end); return 0;
    SINGLE_TABLE(CASE)
#ifndef SINGLE_ONLY
    OTHER_TABLE(CASE)
#endif
#undef CASE
    default: return -1;
  }
}

#ifdef __wasm__
/* Exported: by these names who loads a module sees which kernels it has. */
void predicts(void) {}
#ifndef SINGLE_ONLY
void trains(void) {}
#endif
#endif

#include "program.c"
