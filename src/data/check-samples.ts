/** What samples have to be, and the training and the test part alike. */
import { InputError } from "../errors.js";
import { type AnyInputs, areBytes, inPieces } from "../inputs.js";
import type { AnySamples } from "./dataset.js";

/** @throws InputError for a number that is not finite */
export function checkFinite(what: string, values: AnyInputs, features: number): void {
  if (areBytes(values)) return;
  let before = 0;
  for (const { inputs } of inPieces(values, features)) {
    const bad = inputs.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw notFinite(what, inputs[bad], before + bad, features);
    before += inputs.length;
  }
}

function notFinite(what: string, value: number, bad: number, features: number): InputError {
  const place = `sample ${Math.floor(bad / features)}, feature ${bad % features}`;
  return new InputError(`${what} must be finite, found ${value} at index ${bad} (${place})`);
}

/** @throws InputError if test samples have other kinds of inputs, labels or targets */
export function checkAlike(train: AnySamples, test: AnySamples): void {
  checkInputsAlike(train, test);
  checkTargetsAlike(train, test);
  checkLabelsAlike(train, test);
}

function checkInputsAlike(train: AnySamples, test: AnySamples): void {
  const [wanted, found] = [train, test].map(({ inputs }) =>
    areBytes(inputs) ? "bytes" : "numbers",
  );
  if (test.count === 0 || wanted === found) return;
  throw new InputError(
    `test.inputs must be of the kind of train.inputs: expected ${wanted}, found ${found}`,
  );
}

function checkTargetsAlike(train: AnySamples, test: AnySamples): void {
  if (test.count === 0 && !test.targets?.length) return;
  const [wanted, found] = [targetFeatures(train), targetFeatures(test)];
  if (wanted === found) return;
  throw new InputError(
    "test.targets must have as many features a sample as train.targets: expected " +
      `${wanted}, found ${found} (0: no targets)`,
  );
}

function checkLabelsAlike(train: AnySamples, test: AnySamples): void {
  if (train.count === 0 || test.count === 0) return;
  const [wanted, found] = [train, test].map(({ labels }) =>
    labels.length > 0 ? "labels" : "none",
  );
  if (wanted !== found)
    throw new InputError(`test.labels: expected ${wanted}, as in train, found ${found}`);
}

/** Features of one target; 0 if there are none. */
export function targetFeatures({ targets, count }: AnySamples): number {
  return targets && count ? targets.length / count : 0;
}
