/* Runs a program, a list of ops in shared memory, on n_threads threads.
 *
 * Every thread calls `run` with the same program and walks the whole list. Of each op it first
 * computes its own share of the rows, in chunks, then takes chunks that are left of the other
 * threads' shares; then all meet at a barrier. Own share first, so that the same rows stay in the
 * same core's cache from op to op; the rest by demand, because rows of a sparse weight differ in
 * cost and a core may be busy with something else. Which thread computes a row never matters: a
 * row's result depends on nothing but its inputs.
 *
 * Ops may be joined to a chain: each is cut into the same number of parts, part k of an op needs of
 * the ops before it in the chain only their parts k, and a thread that takes a part runs it through
 * the whole chain. So what one op writes is still in the caches when the next one reads it. A chain
 * of too few parts for the threads there are is run op by op.
 *
 * An op: { kernel id, rows, grain, parts, arguments ... } as int32, see
 * src/runtime/kernel-table.ts; parts is not 0 if this op is joined to the one before it.
 */

#include "kernels.h"

#define OP_PARTS 3
/* Chunks a thread's share is cut into. */
#define CHUNKS 4

/* Shared by the threads of a pool; src/runtime/pool.ts makes it, zeroed. A cache line for what
 * changes together. */
struct sync {
  _Alignas(64) int32_t arrived; /* threads that have reached the current barrier */
  _Alignas(64) int32_t generation; /* barriers passed, modulo 2^32 */
  int32_t sleepers; /* threads asleep, or about to be */
  _Alignas(64) int32_t aborted; /* not 0: a thread has failed, all leave */
  struct {
    _Alignas(64) int32_t
        next; /* first unit of this thread's share that nobody has taken, relative to the share */
  } share[];
};

/* A thread waits for another first by looking, which is what makes a launch cheap: SPINS times with
 * a pause between, then some times more, between which any other thread may have this core. Then it
 * sleeps, a millisecond at most, until woken: that keeps a pool with more threads than free cores
 * going. */
#if defined(__wasm__)
#define SPINS 5000
#define LINGER 50000
static void pause_cpu(void) {}
static void yield_cpu(void) {}
static void sleep_while(int32_t *word, int32_t seen) {
  __builtin_wasm_memory_atomic_wait32(word, seen, 1000000);
}
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
static void wake_all(int32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}
#else
static void sleep_while(int32_t *word, int32_t seen) { (void)word, (void)seen, sched_yield(); }
static void wake_all(int32_t *word) { (void)word; }
#endif
#endif

/* Looks at a word that another thread will change; 1 as soon as it is no longer `seen`, 0 after
 * SPINS + more looks. */
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

/* Ops from `op` on that are run together, at least 1; *parts: into how many parts each is cut. */
static int chain_length(const int32_t *op, int n_ops, int n_threads, int *parts) {
  int length = 1;
  *parts = n_ops > 1 ? op[OP_WORDS + OP_PARTS] : 0;
  /* Less than three quarters of the threads would have work. */
  if (4 * (int64_t)*parts < 3 * (int64_t)((*parts + n_threads - 1) / n_threads) * n_threads)
    return 1;
  while (length < n_ops && op[length * OP_WORDS + OP_PARTS]) length++;
  return length;
}

/* What threads share out: `length` ops, cut into units. */
struct work {
  const int32_t *op;
  int length, units, grain;
};

INLINE struct work work_at(const int32_t *op, int n_ops, int n_threads) {
  int parts;
  const int length = chain_length(op, n_ops, n_threads, &parts);
  if (length > 1) return (struct work){op, length, parts, 0};
  const int rows = op[1],
            grain = op[2] == WHOLE_SHARES ? (rows + n_threads - 1) / n_threads : op[2];
  return (struct work){op, 1, rows == 0 ? 0 : (rows + grain - 1) / grain, grain};
}

/* Units [from, to): of a single op all at once, of a chain one after the other. */
static int run_units(char *memory, struct work work, int from, int to) {
  const int32_t *op = work.op;
  if (work.length == 1) {
    const int64_t end = (int64_t)to * work.grain;
    return call(op[0], memory, op + OP_ARGS, from * work.grain, end < op[1] ? (int)end : op[1]);
  }
  for (int part = from; part < to; part++)
    for (int k = 0; k < work.length; k++) {
      const int32_t *one = op + k * OP_WORDS;
      const int rows = one[1] / work.units;
      if (call(one[0], memory, one + OP_ARGS, part * rows, (part + 1) * rows)) return -1;
    }
  return 0;
}

/* Takes chunks of the work until none is left. */
static int take(char *memory, struct work work, struct sync *sync, int thread, int n_threads) {
  const int units = work.units, per_chunk = (units + CHUNKS * n_threads - 1) / (CHUNKS * n_threads);
  for (int k = 0; k < n_threads; k++) {
    const int owner = thread + k < n_threads ? thread + k : thread + k - n_threads;
    const int first = (int)((int64_t)units * owner / n_threads),
              last = (int)((int64_t)units * (owner + 1) / n_threads);
    int32_t *next = &sync->share[owner].next;
    while (__atomic_load_n(next, __ATOMIC_RELAXED) < last - first) {
      const int from = first + __atomic_fetch_add(next, per_chunk, __ATOMIC_RELAXED);
      if (from >= last) break;
      if (run_units(memory, work, from, from + per_chunk < last ? from + per_chunk : last))
        return -1;
    }
  }
  return 0;
}

/* Runs the n_ops ops at `program`. 0; 1 if another thread has failed; -1 - i if op i, or one joined
 * to it, names no kernel. */
int EXPORT(run)(char *memory, uint32_t program, int n_ops, int thread, int n_threads,
                uint32_t sync_offset) {
  const int32_t *op = (const int32_t *)(memory + program);
  struct sync *sync = (struct sync *)(memory + sync_offset);
  for (int i = 0; i < n_ops;) {
    const struct work work = work_at(op + i * OP_WORDS, n_ops - i, n_threads);
    if (n_threads == 1) {
      if (work.units > 0 && run_units(memory, work, 0, work.units)) return -1 - i;
    } else {
      if (take(memory, work, sync, thread, n_threads)) return -1 - i;
      if (barrier(sync, n_threads)) return 1;
    }
    i += work.length;
  }
  return 0;
}

/* What an idle thread does before it goes to sleep in JavaScript, where it can be interrupted:
 * looks for some 200 us, the pause between two training steps, whether the word changes. */
void EXPORT(linger)(char *memory, uint32_t word, int32_t seen) {
  changes((const int32_t *)(memory + word), seen, LINGER);
}
