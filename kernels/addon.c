/* The native backend: a Node-API module around the kernels, one function per instruction set this CPU has.
 *
 *     require("bregman_native.node") -> { avx512?, avx2?, base }, best first
 *     each: (bytes: Uint8Array over the shared memory, program, nOps, thread, nThreads, sync) -> int, see program.c
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
#endif

static napi_value call(napi_env env, napi_callback_info info) {
  napi_value argv[6], result;
  size_t argc = 6;
  void *run, *bytes;
  int64_t word[6];
  if (napi_get_cb_info(env, info, &argc, argv, NULL, &run) != napi_ok) return NULL;
  int ok = argc == 6 && napi_get_typedarray_info(env, argv[0], NULL, NULL, &bytes, NULL, NULL) == napi_ok;
  for (int i = 1; ok && i < 6; i++) ok = napi_get_value_int64(env, argv[i], &word[i]) == napi_ok;
  if (!ok) {
    napi_throw_type_error(env, NULL, "cannot run a program: expected a Uint8Array and five integers");
    return NULL;
  }
  int status = ((runner *)run)(bytes, (uint32_t)word[1], (int)word[2], (int)word[3], (int)word[4], (uint32_t)word[5]);
  return napi_create_int32(env, status, &result) == napi_ok ? result : NULL;
}

static void add(napi_env env, napi_value exports, const char *name, runner *run) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, (void *)run, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma"))
    add(env, exports, "avx512", run_avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(env, exports, "avx2", run_avx2);
#endif
  add(env, exports, "base", run_base);
  return exports;
}
