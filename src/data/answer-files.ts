/** Which files stand beside those of the inputs: of labels, or of targets. */
import { InputError } from "../errors.js";
import type { IdxSource, NpySource } from "./source.js";

/**
 * The files of what is to be told.
 *
 * @param key - of the test inputs
 * @throws InputError if there are files of both kinds, of none, or for one part only
 */
export function answersOf(
  key: string,
  testInputs: string | undefined,
  { trainLabels, testLabels, trainTargets, testTargets }: IdxSource | NpySource,
): { readonly train: string; readonly test: string | undefined; readonly targets: boolean } {
  const train = trainLabels ?? trainTargets;
  if (train === undefined || (trainLabels !== undefined && trainTargets !== undefined)) {
    const found = train === undefined ? "neither" : "both";
    throw new InputError(`data: expected trainLabels or trainTargets, found ${found}`);
  }
  const targets = trainTargets !== undefined;
  const [name, test, other] = targets
    ? ["testTargets", testTargets, testLabels]
    : ["testLabels", testLabels, testTargets];
  if (other !== undefined) {
    const wanted = targets ? "testTargets" : "testLabels";
    throw new InputError(`data: expected ${wanted}, as for training, found the other kind`);
  }
  checkPair(key, testInputs, name!, test);
  return { train, test, targets };
}

/** @throws InputError if one of two files that belong together is missing */
export function checkPair(
  one: string,
  first: string | undefined,
  other: string,
  second: string | undefined,
): void {
  if ((first === undefined) === (second === undefined)) return;
  const [there, absent] = first === undefined ? [other, one] : [one, other];
  throw new InputError(`data.${absent}: missing; expected it beside data.${there}`);
}
