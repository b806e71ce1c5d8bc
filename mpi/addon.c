/* What data parallel training needs of MPI, as a Node-API module. `npm run build:mpi` builds it.
 *
 *     require("bregman_mpi.node") -> { version, start, exchange, counters, finish, abort }
 *     start() -> [rank, ranks]
 *     exchange(bytes: Uint8Array, messages: Float64Array of [receive, peer, offset, length]...)
 *     counters() -> [bytes sent, bytes received, messages sent]
 *     finish()                    once all ranks are here
 *     abort(code)                 ends all ranks
 */
#define NAPI_VERSION 8
#include <mpi.h>
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* MPI counts in int. */
#define LONGEST ((size_t)1 << 30)
/* Looks before a rank that waits begins to sleep: it may have the core of one that computes. */
#define LOOKS 2000
#define SLEEP_NS 50000

static double sent, received, messages_sent;

/* 0, with an error pending, if MPI has returned one. */
static int good(napi_env env, int code) {
  char text[MPI_MAX_ERROR_STRING + 8] = "MPI: ";
  int length;
  if (code == MPI_SUCCESS) return 1;
  if (MPI_Error_string(code, text + 5, &length) != MPI_SUCCESS) text[5] = 0;
  napi_throw_error(env, NULL, text);
  return 0;
}

static napi_value numbers(napi_env env, const double *values, int count) {
  napi_value array, number;
  if (napi_create_array_with_length(env, (size_t)count, &array) != napi_ok) return NULL;
  for (int i = 0; i < count; i++) {
    if (napi_create_double(env, values[i], &number) != napi_ok) return NULL;
    if (napi_set_element(env, array, (uint32_t)i, number) != napi_ok) return NULL;
  }
  return array;
}

static napi_value start(napi_env env, napi_callback_info info) {
  int began = 0, level, rank, ranks;
  if (!good(env, MPI_Initialized(&began))) return NULL;
  if (!began && !good(env, MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level))) return NULL;
  if (!good(env, MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN)) ||
      !good(env, MPI_Comm_rank(MPI_COMM_WORLD, &rank)) ||
      !good(env, MPI_Comm_size(MPI_COMM_WORLD, &ranks)))
    return NULL;
  return numbers(env, (double[]){rank, ranks}, 2);
}

/* Waits for all requests, first by looking, then with short sleeps. */
static int wait_for(int count, MPI_Request *requests) {
  const struct timespec sleep = {.tv_nsec = SLEEP_NS};
  for (int looks = 0;; looks++) {
    int done;
    const int code = MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS || done) return code;
    if (looks > LOOKS) nanosleep(&sleep, NULL);
  }
}

/* All messages at once; returns when all of them are through. Those between two ranks arrive in the
 * order in which they were sent. */
static napi_value exchange(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  size_t argc = 2, size, words;
  void *bytes, *list;
  napi_typedarray_type kind;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc != 2 ||
      napi_get_typedarray_info(env, argv[0], NULL, &size, &bytes, NULL, NULL) != napi_ok ||
      napi_get_typedarray_info(env, argv[1], &kind, &words, &list, NULL, NULL) != napi_ok ||
      kind != napi_float64_array || words % 4 != 0) {
    napi_throw_type_error(env, NULL, "exchange: expected a Uint8Array and a Float64Array of fours");
    return NULL;
  }
  const double(*message)[4] = list;
  const size_t count = words / 4;
  size_t pieces = 0, used = 0;
  for (size_t k = 0; k < count; k++) {
    if (message[k][2] < 0 || message[k][3] < 0 || message[k][2] + message[k][3] > (double)size) {
      napi_throw_range_error(env, NULL, "exchange: a message lies outside of the bytes");
      return NULL;
    }
    pieces += ((size_t)message[k][3] + LONGEST - 1) / LONGEST;
  }
  MPI_Request *requests = malloc((pieces + 1) * sizeof *requests);
  if (!requests) {
    napi_throw_error(env, NULL, "exchange: no memory");
    return NULL;
  }
  int code = MPI_SUCCESS;
  /* What is to be received first: it then has a place when it comes. */
  for (int receives = 1; receives >= 0; receives--) {
    for (size_t k = 0; k < count && code == MPI_SUCCESS; k++) {
      if ((message[k][0] != 0) != receives) continue;
      const int peer = (int)message[k][1];
      char *place = (char *)bytes + (size_t)message[k][2];
      for (size_t left = (size_t)message[k][3]; left > 0 && code == MPI_SUCCESS;) {
        const size_t length = left < LONGEST ? left : LONGEST;
        MPI_Request *request = &requests[used++];
        code = receives ? MPI_Irecv(place, (int)length, MPI_BYTE, peer, 0, MPI_COMM_WORLD, request)
                        : MPI_Isend(place, (int)length, MPI_BYTE, peer, 0, MPI_COMM_WORLD, request);
        place += length;
        left -= length;
      }
      *(receives ? &received : &sent) += message[k][3];
      if (!receives) messages_sent++;
    }
  }
  if (code == MPI_SUCCESS) code = wait_for((int)used, requests);
  free(requests);
  good(env, code);
  return NULL;
}

static napi_value counters(napi_env env, napi_callback_info info) {
  return numbers(env, (double[]){sent, received, messages_sent}, 3);
}

static napi_value finish(napi_env env, napi_callback_info info) {
  good(env, MPI_Finalize());
  return NULL;
}

static napi_value stop_all(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  size_t argc = 1;
  int32_t code = 1;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) == napi_ok && argc == 1)
    napi_get_value_int32(env, argv[0], &code);
  fflush(NULL);
  MPI_Abort(MPI_COMM_WORLD, code);
  return NULL;
}

static void add(napi_env env, napi_value object, const char *name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok)
    napi_set_named_property(env, object, name, function);
}

NAPI_MODULE_INIT() {
  napi_value version;
  if (napi_create_int32(env, 1, &version) != napi_ok) return NULL;
  napi_set_named_property(env, exports, "version", version);
  add(env, exports, "start", start);
  add(env, exports, "exchange", exchange);
  add(env, exports, "counters", counters);
  add(env, exports, "finish", finish);
  add(env, exports, "abort", stop_all);
  return exports;
}
