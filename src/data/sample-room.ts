/**
 * Room for samples that are read one by one: an array, or a file without a name where they are more
 * than memory is to hold.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ofFile, UnusableFileError } from "../errors.js";
import type { AnyInputs, Inputs, StoredInputs } from "../inputs.js";
import { runsOf } from "../pick-rows.js";
import { readFully } from "../read-file.js";
import { roomFor } from "../room-for.js";
import { cacheFolder } from "./data-dir.js";

/** What samples become, bytes or numbers. */
type RoomKind = Uint8ArrayConstructor | Float32ArrayConstructor;

export interface SampleRoom<I extends AnyInputs = AnyInputs> {
  readonly inputs: I;
  /** Keeps a sample; a shorter one ends in zeros. */
  put(place: number, values: ArrayLike<number>): void;
}

export interface RoomOptions {
  readonly count: number;
  /** Of a sample. */
  readonly features: number;
  /** What they are and where they are from, for messages. */
  readonly what: string;
  readonly where: string;
  /** Bytes that may be in memory; default: all. */
  readonly memory?: number | undefined;
}

/**
 * Room for samples.
 *
 * @throws UnusableFileError if there is none
 */
export function sampleRoom(
  Kind: RoomKind,
  options: RoomOptions & { readonly memory?: undefined },
): SampleRoom<Inputs>;
export function sampleRoom(Kind: RoomKind, options: RoomOptions): SampleRoom;
export function sampleRoom(Kind: RoomKind, options: RoomOptions): SampleRoom {
  const { count, features, what, where, memory = Infinity } = options;
  const length = count * features;
  if (length * Kind.BYTES_PER_ELEMENT > memory) return roomOnDisk(Kind, options);
  const inputs = ofFile(
    () => roomFor(Kind as Uint8ArrayConstructor, length, `${count} ${what}`),
    (message) => `${where}: ${message}`,
  );
  return { inputs, put: (place, values) => inputs.set(values, place * features) };
}

function roomOnDisk(Kind: RoomKind, { count, features, what, where }: RoomOptions): SampleRoom {
  const kind = Kind === Uint8Array ? "bytes" : "numbers";
  const { BYTES_PER_ELEMENT } = Kind;
  const rowBytes = features * BYTES_PER_ELEMENT;
  const file = namelessFile();
  const one = new Kind(features);
  const inputs: StoredInputs = {
    kind,
    BYTES_PER_ELEMENT,
    length: count * features,
    rows(places) {
      const read = new Kind(places.length * features);
      const bytes = new Uint8Array(read.buffer);
      for (const { from, to } of runsOf(places))
        readFully(file, places[from] * rowBytes, bytes.subarray(from * rowBytes, to * rowBytes));
      return read;
    },
  };
  closeWhenUnused.register(inputs, file);
  const put = (place: number, values: ArrayLike<number>) => {
    one.fill(0);
    one.set(values);
    try {
      writeAll(file, new Uint8Array(one.buffer), place * rowBytes);
    } catch (cause) {
      throw new UnusableFileError(
        `${where}: there is no room in ${cacheFolder()} for ${count} ${what} ` +
          `(${count * rowBytes} bytes): ${(cause as Error).message}; XDG_CACHE_HOME names another`,
        { cause },
      );
    }
  };
  return { inputs, put };
}

const closeWhenUnused = new FinalizationRegistry<number>((file) => closeSync(file));

/** An open file that is gone with the process, whatever ends it. */
function namelessFile(): number {
  // Not the folder of temporary files, which may be memory.
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "samples-"));
  const file = openSync(join(folder, "samples"), "wx+");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    remove();
  } catch {
    // Windows keeps the name of an open file.
    process.once("exit", () => {
      closeSync(file);
      remove();
    });
  }
  return file;
}

function writeAll(file: number, bytes: Uint8Array, place: number): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, bytes.length - at, place + at);
}
