/** Probabilities of the classes, from the logits of samples: a list of numbers for each sample. */
export function probabilities(logits, classes) {
  return Array.from({ length: logits.length / classes }, (_, k) => {
    const sample = [...logits.subarray(k * classes, (k + 1) * classes)];
    const largest = Math.max(...sample);
    const shares = sample.map((logit) => Math.exp(logit - largest));
    const sum = shares.reduce((all, share) => all + share, 0);
    return shares.map((share) => share / sum);
  });
}

/** The likeliest class in words, such as "7 (99.97 %)". */
export function likeliest(shares) {
  const best = shares.indexOf(Math.max(...shares));
  return `${best} (${(100 * shares[best]).toFixed(2)} %)`;
}
