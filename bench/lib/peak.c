/* 
 * The two roofs of a machine: multiply-adds from registers, and streams through memory. Compiled
 * for this machine, with a main that runs them on so many threads, and for wasm, where peak.mjs
 * calls the same two loops.
 */
typedef float vec __attribute__((vector_size(WIDTH * 4)));

/* Independent chains: enough to hide the latency of a multiply-add on two ports, few enough to stay
 * in registers. */
#define CHAINS 12

/* 2 x WIDTH x CHAINS operations a turn; the result keeps the compiler from leaving them out. */
__attribute__((noinline)) float multiply_add(long turns, float by) {
  vec sums[CHAINS], factor, term;
  for (int k = 0; k < WIDTH; k++) factor[k] = by, term[k] = 1 - by;
  for (int c = 0; c < CHAINS; c++)
    for (int k = 0; k < WIDTH; k++) sums[c][k] = c + k;
  for (long turn = 0; turn < turns; turn++)
    for (int c = 0; c < CHAINS; c++) sums[c] = sums[c] * factor + term;
  float total = 0;
  for (int c = 0; c < CHAINS; c++)
    for (int k = 0; k < WIDTH; k++) total += sums[c][k];
  return total;
}

/* Reads two arrays, writes a third: 12 bytes an element. */
__attribute__((noinline)) void triad(float *restrict a, const float *restrict b,
                                     const float *restrict c, long n) {
  for (long k = 0; k < n; k++) a[k] = b[k] + 3.0f * c[k];
}

#ifndef __wasm__
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURNS = 20 * 1000 * 1000, ELEMENTS = 16 * 1024 * 1024, SAMPLES = 9 };

static pthread_barrier_t barrier;
static float *arrays[64][3];
static double flops[SAMPLES], bytes[SAMPLES];
static int threads;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *work(void *at) {
  long id = (long)at;
  for (int a = 0; a < 3; a++) {
    arrays[id][a] = aligned_alloc(64, ELEMENTS * sizeof(float));
    for (long k = 0; k < ELEMENTS; k++) arrays[id][a][k] = a;
  }
  volatile float keep = 0;
  for (int s = 0; s < SAMPLES; s++) {
    pthread_barrier_wait(&barrier);
    double start = now();
    keep += multiply_add(TURNS, 0.999f);
    pthread_barrier_wait(&barrier);
    if (id == 0) flops[s] = 2.0 * WIDTH * CHAINS * TURNS * threads / (now() - start) / 1e9;
    pthread_barrier_wait(&barrier);
    start = now();
    triad(arrays[id][0], arrays[id][1], arrays[id][2], ELEMENTS);
    pthread_barrier_wait(&barrier);
    if (id == 0) bytes[s] = 12.0 * ELEMENTS * threads / (now() - start) / 1e9;
  }
  return 0;
}

int main(int count, char **values) {
  threads = count > 1 ? atoi(values[1]) : 1;
  if (threads < 1 || threads > 64) return 1;
  pthread_t handles[64];
  pthread_barrier_init(&barrier, 0, threads);
  for (long id = 1; id < threads; id++) pthread_create(&handles[id], 0, work, (void *)id);
  work(0);
  for (long id = 1; id < threads; id++) pthread_join(handles[id], 0);
  printf("{\"gflops\":[");
  for (int s = 0; s < SAMPLES; s++) printf("%s%.1f", s ? "," : "", flops[s]);
  printf("],\"gbytes\":[");
  for (int s = 0; s < SAMPLES; s++) printf("%s%.2f", s ? "," : "", bytes[s]);
  printf("]}\n");
}
#endif
