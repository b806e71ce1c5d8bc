/* The native backend: a Node-API module around the kernels, one function per instruction set this
 * CPU has.
 *
 *     require("bregman_native.node") -> { run: { avx512?, avx2?, base }, linger }, the best variant first
 *     run[variant](bytes: Uint8Array over the shared memory, program, nOps, thread, nThreads, sync) -> int
 *     linger(bytes, word, seen)                                                   both: see program.c
 *     halfUnit -> what computes products of bf16 for avx512: "amx", "bf16" (AVX512-BF16) or ""
 *
 * It keeps no state, so that it may be loaded in any number of worker threads.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdint.h>

typedef int runner(char *, uint32_t, int, int, int, uint32_t);
runner run_base;
#if defined(__x86_64__)
runner run_avx2, run_avx512;
const char *half_unit_avx512(void);
#endif
void linger_base(char *, uint32_t, int32_t);

/* Reads the memory and `count` integers; 0, with a TypeError pending, if the arguments are anything
 * else. */
static int arguments(napi_env env, napi_callback_info info, char **memory, int64_t *integers,
                     int count, void **data) {
  napi_value argv[6];
  size_t argc = 6;
  void *bytes;
  int ok = napi_get_cb_info(env, info, &argc, argv, NULL, data) == napi_ok &&
           argc == (size_t)count + 1 &&
           napi_get_typedarray_info(env, argv[0], NULL, NULL, &bytes, NULL, NULL) == napi_ok;
  for (int i = 0; ok && i < count; i++)
    ok = napi_get_value_int64(env, argv[i + 1], &integers[i]) == napi_ok;
  if (!ok)
    napi_throw_type_error(env, NULL, "cannot call a kernel: expected a Uint8Array and integers");
  else *memory = bytes;
  return ok;
}

static napi_value call_run(napi_env env, napi_callback_info info) {
  char *memory;
  int64_t i[5];
  void *run;
  napi_value result;
  if (!arguments(env, info, &memory, i, 5, &run)) return NULL;
  const int status =
      ((runner *)run)(memory, (uint32_t)i[0], (int)i[1], (int)i[2], (int)i[3], (uint32_t)i[4]);
  return napi_create_int32(env, status, &result) == napi_ok ? result : NULL;
}

static napi_value call_linger(napi_env env, napi_callback_info info) {
  char *memory;
  int64_t i[2];
  void *unused;
  if (arguments(env, info, &memory, i, 2, &unused))
    linger_base(memory, (uint32_t)i[0], (int32_t)i[1]);
  return NULL;
}

static void add(napi_env env, napi_value object, const char *name, napi_callback callback,
                void *data) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function) == napi_ok)
    napi_set_named_property(env, object, name, function);
}

NAPI_MODULE_INIT() {
  napi_value run, unit;
  const char *half_unit = "";
  if (napi_create_object(env, &run) != napi_ok) return NULL;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
    add(env, run, "avx512", call_run, (void *)run_avx512);
    half_unit = half_unit_avx512();
  }
  if (avx2) add(env, run, "avx2", call_run, (void *)run_avx2);
#endif
  add(env, run, "base", call_run, (void *)run_base);
  napi_set_named_property(env, exports, "run", run);
  if (napi_create_string_utf8(env, half_unit, NAPI_AUTO_LENGTH, &unit) == napi_ok)
    napi_set_named_property(env, exports, "halfUnit", unit);
  add(env, exports, "linger", call_linger, NULL);
  return exports;
}
