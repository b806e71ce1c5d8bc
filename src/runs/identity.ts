/**
 * What must be the same for a run to go on with its own bits: the model, the data and the options,
 * each as a short text or a hash. A checkpoint holds it, so that a resumed run can say what has
 * changed.
 *
 * The number of epochs, the backend and the threads are not part of it. Functions (a regularizer or
 * a schedule of your own) can't be compared: of them only the plain values count.
 */
import { sha256 } from "../data/checksum.js";
import type { AnyDataset, AnySamples } from "../data/dataset.js";
import type { StartOptions } from "../engine/given-start.js";
import { inPieces } from "../inputs.js";
import type { Model } from "../nn/model.js";

/** Texts by key. */
export type Identity = Readonly<Record<string, string>>;

/**
 * The identity of a run, by key.
 *
 * @param options - with their defaults filled in
 */
export function identityOf(
  model: Model,
  data: AnyDataset,
  options: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const { start, ...plainOptions } = options;
  const parts = {
    model: short(textBytes(JSON.stringify(model))),
    data: dataHash(data),
    ...plainOptions,
    start: start ? startHash(start as StartOptions) : undefined,
  };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, textOf(value)]],
    ),
  );
}

/** Characters of a value that are shown. */
const LONGEST = 40;

/**
 * What differs between two identities: keys, and where their texts are JSON the places within, with
 * both values.
 *
 * @example
 * const before = { optimizer: '{"tau":0.1}', model: "a1" };
 * differences(before, { optimizer: '{"tau":0.2}', model: "b2" });
 * // ["optimizer.tau (0.1, now 0.2)", "model"]
 */
export function differences(before: Identity, now: Identity): string[] {
  return keysOf(before, now).flatMap((key) => {
    if (before[key] === now[key]) return [];
    try {
      return differing(plain(key), valueOf(before[key]), valueOf(now[key]));
    } catch {
      // A hash, or a text of the caller's.
      return [plain(key)];
    }
  });
}

/**
 * What a text says as JSON; undefined if there is none. @throws UnusableFileError if it is no JSON
 */
function valueOf(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

/** Places below `place` in which two JSON values differ, in words. */
function differing(place: string, before: unknown, now: unknown): string[] {
  const show = (text: string | undefined) =>
    text === undefined ? "none" : text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return jsonDifferences(place, before, now).map(
    ({ place: where, before: a, now: b }) => `${where} (${show(a)}, now ${show(b)})`,
  );
}

/** A place at which two JSON values differ, and what stands there as JSON, if something does. */
export interface JsonDifference {
  readonly place: string;
  readonly before: string | undefined;
  readonly now: string | undefined;
}

/**
 * Places below `place` ("": from the top) in which two JSON values differ.
 *
 * @example
 * jsonDifferences("", { a: { b: 1 } }, { a: { b: 2 } });
 * // [{ place: "a.b", before: "1", now: "2" }]
 */
export function jsonDifferences(place: string, before: unknown, now: unknown): JsonDifference[] {
  const isTree = (value: unknown): value is object => typeof value === "object" && value !== null;
  if (isTree(before) && isTree(now) && Array.isArray(before) === Array.isArray(now)) {
    return keysOf(before, now).flatMap((key) =>
      jsonDifferences(
        place === "" ? plain(key) : `${place}.${plain(key)}`,
        (before as Record<string, unknown>)[key],
        (now as Record<string, unknown>)[key],
      ),
    );
  }
  const [a, b] = [JSON.stringify(before), JSON.stringify(now)];
  return a === b ? [] : [{ place, before: a, now: b }];
}

/** A key for a message of one line: that of a file may be anything. */
function plain(key: string): string {
  return /^[\w.$-]{1,80}$/.test(key) ? key : JSON.stringify(key.slice(0, LONGEST));
}

function keysOf(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

/** All that training and evaluation see of the data. */
function dataHash(data: AnyDataset): string {
  const { shape, classes, mean, std, preparation, targetNormalization, train, test } = data;
  const added = [preparation, targetNormalization].filter((one) => one !== undefined);
  const said = [shape, classes, mean, std, ...added];
  function* parts() {
    yield textBytes(JSON.stringify(said));
    yield* bytesOfSamples(train);
    yield* bytesOfSamples(test);
  }
  return short(parts());
}

function* bytesOfSamples({ inputs, labels, targets, count }: AnySamples): Iterable<Uint8Array> {
  yield textBytes(`${count} ${inputs.BYTES_PER_ELEMENT}`);
  yield bytesOf(labels);
  for (const piece of inPieces(inputs, inputs.length / (count || 1))) yield bytesOf(piece.inputs);
  if (targets) yield bytesOf(targets);
}

/** The numbers that a run was given to start from. */
function startHash({ network, fresh = [] }: StartOptions): string {
  const { parameters, buffers } = network;
  const parts = [...parameters, ...buffers].flatMap(([name, { shape, data }]) => [
    textBytes(JSON.stringify([name, shape])),
    bytesOf(data),
  ]);
  return short([textBytes(JSON.stringify(fresh)), ...parts]);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** How an identity says a value. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function short(bytes: Uint8Array | Iterable<Uint8Array>): string {
  return sha256(bytes).slice(0, 16);
}
