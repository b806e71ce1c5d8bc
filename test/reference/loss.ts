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
  weights?: ArrayLike<number>, // [classes]
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
    const weight = weights ? weights[labels[b]!]! : 1;
    loss += weight * (Math.log(sum) + top - x.reduce((total, v, k) => total + target[k]! * v, 0));
    correct += x.indexOf(top) === labels[b] ? 1 : 0;
    x.forEach((v, k) => {
      grad[b * classes + k] = (weight * (Math.exp(v - top) / sum - target[k]!)) / samples;
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

/** Absolute error, or with a delta above 0 the loss of Huber. */
export function absoluteError(
  y: ArrayLike<number>,
  target: ArrayLike<number>,
  _features: number,
  delta: number,
): LossResult {
  const grad = new Float64Array(y.length);
  let loss = 0;
  for (let i = 0; i < y.length; i++) {
    const d = y[i]! - target[i]!;
    const isNear = Math.abs(d) <= delta;
    if (delta === 0) loss += Math.abs(d);
    else loss += isNear ? d ** 2 / 2 : delta * (Math.abs(d) - delta / 2);
    grad[i] = (isNear && delta > 0 ? d : Math.sign(d) * (delta || 1)) / y.length;
  }
  return { loss, correct: 0, grad };
}

/** Binary cross-entropy of logits: a sample is correct if all its features are. */
export function binaryCrossEntropy(
  z: ArrayLike<number>,
  target: ArrayLike<number>,
  features: number,
): LossResult {
  const grad = new Float64Array(z.length);
  let loss = 0;
  let correct = 0;
  for (let b = 0; b * features < z.length; b++) {
    let isRight = true;
    for (let i = b * features; i < (b + 1) * features; i++) {
      const share = 1 / (1 + Math.exp(-z[i]!));
      loss -= target[i]! * Math.log(share) + (1 - target[i]!) * Math.log(1 - share);
      grad[i] = (share - target[i]!) / z.length;
      if (z[i]! > 0 !== target[i]! > 0.5) isRight = false;
    }
    if (isRight) correct++;
  }
  return { loss, correct, grad };
}
