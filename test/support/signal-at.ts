/**
 * A signal that is raised when the training loop looks at it for the k-th time: it looks before
 * each epoch and after each step.
 */
export function signalAt(k: number): AbortSignal {
  let looks = 0;
  return {
    get aborted() {
      return ++looks >= k;
    },
  } as AbortSignal;
}
