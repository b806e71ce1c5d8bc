/* All kernels in one translation unit, and the table that finds one by its id.
 *
 * Compiled once for wasm and, natively, once per instruction set, with VARIANT=_base, _avx2,
 * _avx512, the ending of the names it exports (see program.c). Everything else is static, so the
 * builds don't clash and the compiler sees through every call. For predict.wasm, with SINGLE_ONLY,
 * the kernels of one sample alone are in the table, and what they don't need falls away. With
 * HALF_PLANES those over planes are, for planes of bf16; natively, beside the others: an op asks
 * for one by its id + HALF_PLANES_ID.
 */
#include "kernels.h"

/* Names of exported functions: as they are for wasm, run_avx2 and so on natively. */
#ifdef VARIANT
#define PASTE(name, variant) name##variant
#define EXPAND(name, variant) PASTE(name, variant)
#define EXPORT(name) EXPAND(name, VARIANT)
#else
#define EXPORT(name) name
#endif

#include "sources.h"

/* Runs one kernel on the rows [begin, end); 0, or -1 if there is no kernel of that id. A switch,
 * since an array of pointers would be data, which the wasm build has none of. */
#ifdef HALF_PLANES
#if VL == 16
int call_dot(int32_t id, char *memory, const int32_t *args, int begin, int end);
int has_dot(void);
#endif

int EXPORT(call_half)(int32_t id, char *memory, const int32_t *args, int begin, int end) {
#if VL == 16
  if (has_dot() && call_dot(id, memory, args, begin, end) == 0) return 0;
#endif
  switch (id) {
#define CASE(number, name) \
  case number: name(memory, args, begin, end); return 0;
    PLANES_TABLE(CASE)
#undef CASE
    default: return -1;
  }
}

/* What computes products of bf16 here, beside vectors of float32: their bits depend on it. */
const char *EXPORT(half_unit)(void) {
#ifdef HAS_AMX_CODE
  if (has_amx()) return "amx";
#endif
#if VL == 16
  if (has_dot()) return "bf16";
#endif
  return "";
}
#else

#ifdef VARIANT
int EXPORT(call_half)(int32_t id, char *memory, const int32_t *args, int begin, int end);
#define CALL_HALF EXPORT(call_half)(id - HALF_PLANES_ID, memory, args, begin, end)
#else
#define CALL_HALF -1
#endif

static int call(int32_t id, char *memory, const int32_t *args, int begin, int end) {
  switch (id) {
#define CASE(number, name) \
  case number: name(memory, args, begin, end); return 0;
    SINGLE_TABLE(CASE)
#ifndef SINGLE_ONLY
    OTHER_TABLE(CASE)
#endif
#undef CASE
    default: return CALL_HALF;
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
#endif
