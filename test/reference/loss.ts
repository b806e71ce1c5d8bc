/**
 * The truth for the losses, in float64, one sample at a time.
 */
export interface LossResult {
  /** Sum over the samples, not the mean. */
  readonly loss: number;
  readonly correct: number;
  /** Gradient of the mean: [samples, classes]. */
  readonly grad: Float64Array;
}

/**
 * Softmax cross-entropy: loss_b = log sum_k exp(x_bk) - sum_k p_k x_bk, p = (1 - s) onehot + s /
 * classes.
 */
export function crossEntropy(
  logits: ArrayLike<number>, // [samples, classes]
  labels: ArrayLike<number>, // [samples]
  classes: number,
  smoothing = 0,
): LossResult {
  const samples = labels.length;
  const grad = new Float64Array(samples * classes);
  let loss = 0;
  let correct = 0;
  for (let b = 0; b < samples; b++) {
    const x = Array.from({ length: classes }, (_, k) => logits[b * classes + k]!);
    const top = Math.max(...x);
    const sum = x.reduce((total, v) => total + Math.exp(v - top), 0);
    const target = x.map((_, k) => smoothing / classes + (k === labels[b] ? 1 - smoothing : 0));
    loss += Math.log(sum) + top - x.reduce((total, v, k) => total + target[k]! * v, 0);
    correct += x.indexOf(top) === labels[b] ? 1 : 0;
    x.forEach((v, k) => {
      grad[b * classes + k] = (Math.exp(v - top) / sum - target[k]!) / samples;
    });
  }
  return { loss, correct, grad };
}

/** Squared error: the sum of (y - target)^2; the gradient of its mean over all elements. */
export function meanSquaredError(y: ArrayLike<number>, target: ArrayLike<number>): LossResult {
  const grad = new Float64Array(y.length);
  let loss = 0;
  for (let i = 0; i < y.length; i++) {
    const difference = y[i]! - target[i]!;
    loss += difference ** 2;
    grad[i] = (2 * difference) / y.length;
  }
  return { loss, correct: 0, grad };
}
