/* What data parallel training needs of MPI, as a Node-API module. `npm run build:mpi` builds it.
 *
 *     require("bregman_mpi.node") -> { version, start, begin, through, counters, finish, abort }
 *     start() -> [rank, ranks]
 *     begin(bytes: Uint8Array, messages: Float64Array of [receive, peer, offset, length]..., tag)
 *       -> number                 at once; the bytes have to stay, and to be left alone
 *     through(number, wait) -> boolean
 *     counters() -> [bytes sent, bytes received, messages sent]
 *     finish()                    once all ranks are here
 *     abort(code)                 ends all ranks
 */
#define NAPI_VERSION 8
#include <mpi.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* MPI counts in int. */
#define LONGEST ((size_t)1 << 30)
/* Looks before a rank that waits begins to sleep: it may have the core of one that computes. */
#define LOOKS 2000
#define SLEEP_NS 50000
/* Every MPI has tags up to here. */
#define LAST_TAG 32767
/* As much may be under way at once. */
#define MOST 4096

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

/* What is under way: its requests, and their number; -1 where none is. */
static struct {
  MPI_Request *requests;
  int count;
} begun[MOST] = {[0 ... MOST - 1] = {NULL, -1}};

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

/* Posts all messages. What is to be received first: it then has a place when it comes. */
static int post(char *bytes, const double (*message)[4], size_t count, int tag,
                MPI_Request *requests, int *used) {
  for (int receives = 1; receives >= 0; receives--) {
    for (size_t k = 0; k < count; k++) {
      if ((message[k][0] != 0) != receives) continue;
      const int peer = (int)message[k][1];
      char *place = bytes + (size_t)message[k][2];
      for (size_t left = (size_t)message[k][3]; left > 0;) {
        const size_t length = left < LONGEST ? left : LONGEST;
        MPI_Request *request = &requests[(*used)++];
        const int code =
            receives
                ? MPI_Irecv(place, (int)length, MPI_BYTE, peer, tag, MPI_COMM_WORLD, request)
                : MPI_Isend(place, (int)length, MPI_BYTE, peer, tag, MPI_COMM_WORLD, request);
        if (code != MPI_SUCCESS) return code;
        place += length;
        left -= length;
      }
      *(receives ? &received : &sent) += message[k][3];
      if (!receives) messages_sent++;
    }
  }
  return MPI_SUCCESS;
}

/* Begins with all messages. Those of a tag between two ranks arrive in the order in which they were
 * sent. */
static napi_value begin(napi_env env, napi_callback_info info) {
  napi_value argv[3], result = NULL;
  size_t argc = 3, size, words;
  void *bytes, *list;
  int32_t tag;
  napi_typedarray_type kind;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc != 3 ||
      napi_get_typedarray_info(env, argv[0], NULL, &size, &bytes, NULL, NULL) != napi_ok ||
      napi_get_typedarray_info(env, argv[1], &kind, &words, &list, NULL, NULL) != napi_ok ||
      kind != napi_float64_array || words % 4 != 0 ||
      napi_get_value_int32(env, argv[2], &tag) != napi_ok || tag < 0 || tag > LAST_TAG) {
    napi_throw_type_error(env, NULL,
                          "begin: expected a Uint8Array, a Float64Array of fours, and a tag");
    return NULL;
  }
  const double(*message)[4] = list;
  const size_t count = words / 4;
  size_t pieces = 0;
  for (size_t k = 0; k < count; k++) {
    if (message[k][2] < 0 || message[k][3] < 0 || message[k][2] + message[k][3] > (double)size) {
      napi_throw_range_error(env, NULL, "begin: a message lies outside of the bytes");
      return NULL;
    }
    pieces += ((size_t)message[k][3] + LONGEST - 1) / LONGEST;
  }
  int slot = 0, used = 0;
  while (slot < MOST && begun[slot].count >= 0) slot++;
  MPI_Request *requests = slot < MOST ? malloc((pieces + 1) * sizeof *requests) : NULL;
  if (!requests) {
    napi_throw_error(env, NULL, slot < MOST ? "begin: no memory" : "begin: too much under way");
    return NULL;
  }
  const int code = post(bytes, message, count, tag, requests, &used);
  if (code == MPI_SUCCESS) {
    begun[slot].requests = requests;
    begun[slot].count = used;
  }
  if (code != MPI_SUCCESS) free(requests);
  if (good(env, code)) napi_create_int32(env, slot, &result);
  return result;
}

/* Whether all of its messages are through. Each look lets MPI go on with all that is under way.
 * Waits, if it is to, first by looking, then with short sleeps. */
static napi_value through(napi_env env, napi_callback_info info) {
  const struct timespec sleep = {.tv_nsec = SLEEP_NS};
  napi_value argv[2], result = NULL;
  size_t argc = 2;
  int32_t slot;
  bool wait;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc != 2 ||
      napi_get_value_int32(env, argv[0], &slot) != napi_ok || slot < 0 || slot >= MOST ||
      napi_get_value_bool(env, argv[1], &wait) != napi_ok || begun[slot].count < 0) {
    napi_throw_type_error(env, NULL, "through: expected the number of what has begun, and whether "
                                     "to wait");
    return NULL;
  }
  int code = MPI_SUCCESS, done = 0;
  for (int looks = 0;; looks++) {
    code = MPI_Testall(begun[slot].count, begun[slot].requests, &done, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS || done) {
      free(begun[slot].requests);
      begun[slot].count = -1;
      }
    if (code != MPI_SUCCESS || done || !wait) break;
    if (looks > LOOKS) nanosleep(&sleep, NULL);
  }
  if (good(env, code)) napi_get_boolean(env, done, &result);
  return result;
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
  if (napi_create_int32(env, 2, &version) != napi_ok) return NULL;
  napi_set_named_property(env, exports, "version", version);
  add(env, exports, "start", start);
  add(env, exports, "begin", begin);
  add(env, exports, "through", through);
  add(env, exports, "counters", counters);
  add(env, exports, "finish", finish);
  add(env, exports, "abort", stop_all);
  return exports;
}
