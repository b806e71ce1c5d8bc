/**
 * What must be the same for a run to go on with its own bits: the model, the data and the options, each as a short text
 * or a hash. A checkpoint holds it, so that a resumed run can say what has changed.
 *
 * The number of epochs, the backend and the threads are not part of it. Functions (a regularizer or a schedule of your
 * own) can't be compared: of them only the plain values count.
 */
import { createHash } from "node:crypto";
import type { Inputs } from "../inputs.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../nn/model.js";

/** Of inputs and targets so many bytes at the start are compared, of the labels all. */
const INPUT_BYTES = 1 << 20;

/**
 * The identity of a run, by key.
 *
 * @param options - with their defaults filled in
 */
export function identityOf(
  model: Model,
  data: Dataset,
  options: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const parts = { model: short(JSON.stringify(model)), data: dataHash(data), ...options };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([key, value]) => (value === undefined ? [] : [[key, textOf(value)]])),
  );
}

/** Keys in which two identities differ. */
export function differences(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
}

function dataHash({ shape, classes, mean, std, train, test }: Dataset): string {
  const hash = createHash("sha256").update(JSON.stringify([shape, classes, mean, std]));
  for (const { inputs, labels, targets, count } of [train, test]) {
    hash.update(`${count}`).update(labels).update(start(inputs));
    if (targets) hash.update(start(targets));
  }
  return hash.digest("hex").slice(0, 16);
}

function start({ buffer, byteOffset, byteLength }: Inputs): Uint8Array {
  return new Uint8Array(buffer, byteOffset, Math.min(byteLength, INPUT_BYTES));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
