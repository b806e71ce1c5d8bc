/* Runs a program, a list of ops in shared memory, on n_threads threads.
 *
 * Every thread calls `run` with the same program and walks the whole list. Of each op it first computes its own share of
 * the rows, in chunks, then takes chunks that are left of the other threads' shares; then all meet at a barrier. Own
 * share first, so that the same rows stay in the same core's cache from op to op; the rest by demand, because rows of a
 * sparse weight differ in cost and a core may be busy with something else. Which thread computes a row never matters:
 * a row's result depends on nothing but its inputs.
 *
 * An op: { kernel id, rows, grain, reserved, arguments ... } as int32, see src/runtime/kernel-table.ts.
 */

#include "kernels.h"

/* Names of the exported functions: run and linger for wasm, run_avx2 and so on natively. */
#ifdef VARIANT
#define PASTE(name, variant) name##variant
#define EXPAND(name, variant) PASTE(name, variant)
#define EXPORT(name) EXPAND(name, VARIANT)
#else
#define EXPORT(name) name
#endif

#define OP_WORDS 32
#define OP_ARGS 4
/* Chunks a thread's share is cut into. */
#define CHUNKS 4

/* Shared by the threads of a pool; src/runtime/pool.ts makes it, zeroed. A cache line for what changes together. */
struct sync {
  _Alignas(64) int32_t arrived; /* threads that have reached the current barrier */
  _Alignas(64) int32_t generation; /* barriers passed, modulo 2^32 */
  int32_t sleepers; /* threads asleep, or about to be */
  _Alignas(64) int32_t aborted; /* not 0: a thread has failed, all leave */
  struct {
    _Alignas(64) int32_t next; /* first unit of this thread's share that nobody has taken, relative to the share */
  } share[];
};

/* A thread waits for another first by looking, which is what makes a launch cheap: SPINS times with a pause between, then
 * some times more, between which any other thread may have this core. Then it sleeps, a millisecond at most, until woken:
 * that keeps a pool with more threads than free cores going. */
#if defined(__wasm__)
#define SPINS 5000
#define LINGER 50000
static void pause_cpu(void) {}
static void yield_cpu(void) {}
static void sleep_while(int32_t *word, int32_t seen) { __builtin_wasm_memory_atomic_wait32(word, seen, 1000000); }
static void wake_all(int32_t *word) { __builtin_wasm_memory_atomic_notify(word, -1); }
#else
#include <sched.h>
#define SPINS 100
#define LINGER 500
static void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
static void yield_cpu(void) { sched_yield(); }
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static void sleep_while(int32_t *word, int32_t seen) {
  const struct timespec limit = {0, 1000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &limit, NULL, 0);
}
static void wake_all(int32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }
#else
static void sleep_while(int32_t *word, int32_t seen) { (void)word, (void)seen, sched_yield(); }
static void wake_all(int32_t *word) { (void)word; }
#endif
#endif

/* Looks at a word that another thread will change; 1 as soon as it is no longer `seen`, 0 after SPINS + more looks. */
static int changes(const int32_t *word, int32_t seen, int more) {
  for (int look = 0; look < SPINS + more; look++) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != seen) return 1;
    if (look < SPINS) pause_cpu();
    else yield_cpu();
  }
  return 0;
}

/* Returns when all threads have come here: 0, or 1 if one of them has failed. */
static int barrier(struct sync *sync, int n_threads) {
  int32_t seen = __atomic_load_n(&sync->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&sync->arrived, 1, __ATOMIC_ACQ_REL) == n_threads) {
    /* The last one in: nobody else touches the shares now. */
    sync->arrived = 0;
    for (int t = 0; t < n_threads; t++) sync->share[t].next = 0;
    __atomic_store_n(&sync->generation, (int32_t)((uint32_t)seen + 1), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&sync->sleepers, __ATOMIC_SEQ_CST)) wake_all(&sync->generation);
    return 0;
  }
  if (changes(&sync->generation, seen, 100)) return 0;
  while (__atomic_load_n(&sync->generation, __ATOMIC_ACQUIRE) == seen) {
    if (__atomic_load_n(&sync->aborted, __ATOMIC_RELAXED)) return 1;
    __atomic_fetch_add(&sync->sleepers, 1, __ATOMIC_SEQ_CST);
    sleep_while(&sync->generation, seen);
    __atomic_fetch_sub(&sync->sleepers, 1, __ATOMIC_SEQ_CST);
  }
  return 0;
}

/* Takes chunks of the op until none is left. */
static int take(char *memory, const int32_t *op, struct sync *sync, int thread, int n_threads) {
  const int rows = op[1], grain = op[2];
  const int units = (rows + grain - 1) / grain;
  const int per_chunk = (units + CHUNKS * n_threads - 1) / (CHUNKS * n_threads);
  for (int k = 0; k < n_threads; k++) {
    const int owner = thread + k < n_threads ? thread + k : thread + k - n_threads;
    const int first = (int)((int64_t)units * owner / n_threads), last = (int)((int64_t)units * (owner + 1) / n_threads);
    int32_t *next = &sync->share[owner].next;
    while (__atomic_load_n(next, __ATOMIC_RELAXED) < last - first) {
      const int from = first + __atomic_fetch_add(next, per_chunk, __ATOMIC_RELAXED);
      if (from >= last) break;
      const int to = from + per_chunk < last ? from + per_chunk : last;
      const int end = (int64_t)to * grain < rows ? to * grain : rows;
      if (call(op[0], memory, op + OP_ARGS, from * grain, end)) return -1;
    }
  }
  return 0;
}

/* Runs the n_ops ops at `program`. 0; 1 if another thread has failed; -1 - i if op i names no kernel. */
int EXPORT(run)(char *memory, uint32_t program, int n_ops, int thread, int n_threads, uint32_t sync_offset) {
  const int32_t *op = (const int32_t *)(memory + program);
  struct sync *sync = (struct sync *)(memory + sync_offset);
  for (int i = 0; i < n_ops; i++, op += OP_WORDS) {
    if (n_threads == 1) {
      if (op[1] > 0 && call(op[0], memory, op + OP_ARGS, 0, op[1])) return -1 - i;
      continue;
    }
    if (take(memory, op, sync, thread, n_threads)) return -1 - i;
    if (barrier(sync, n_threads)) return 1;
  }
  return 0;
}

/* What an idle thread does before it goes to sleep in JavaScript, where it can be interrupted: looks for some 200 us, the
 * pause between two training steps, whether the word changes. */
void EXPORT(linger)(char *memory, uint32_t word, int32_t seen) {
  changes((const int32_t *)(memory + word), seen, LINGER);
}
