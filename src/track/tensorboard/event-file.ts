/**
 * TensorBoard's event files: records of the kind TFRecord, each an Event.
 *
 *     length    uint64, little endian
 *     checksum  of the length: CRC-32C, masked
 *     Event     so many bytes
 *     checksum  of them
 *
 * Source: record_writer.cc and crc32c.h of TensorFlow. The files of a folder are one run, read in
 * the order of their names.
 */
import { appendFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../../crc32.js";
import { UnusableFileError } from "../../errors.js";
import { encodeMessage } from "../../export/protobuf.js";
import {
  EVENT,
  FILE_VERSION,
  SESSION_START,
  type EventMessage,
  type SummaryValue,
} from "./event-proto.js";

const NAME = /^events\.out\.tfevents\.(\d+)\./;

/** Names of the event files in a folder, in order; none if it is not there. */
export function eventFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** One more event file. */
export interface EventFile {
  readonly path: string;
  /**
   * Appends values of a step.
   *
   * @param wallTime - when they were, in seconds since 1970; default: now
   */
  add(step: number, values: readonly SummaryValue[], wallTime?: number): void;
}

/**
 * Begins an event file, whose name comes after those that are there.
 *
 * @param from - step that its events begin with: what earlier files have of it counts no more
 * @param wallTime - when that is; default: now
 * @throws UnusableFileError if it can't be written
 */
export function createEventFile(folder: string, from: number, wallTime = now()): EventFile {
  const before = Number(NAME.exec(eventFiles(folder).at(-1) ?? "")?.[1] ?? 0);
  // Ten digits, as other writers have them: then the order of names is that of numbers.
  const second = String(Math.max(Math.floor(now()), before + 1)).padStart(10, "0");
  const path = join(folder, `events.out.tfevents.${second}.bregman`);
  const append = (...events: EventMessage[]) => {
    try {
      appendFileSync(path, Buffer.concat(events.map(record)));
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  append(
    { wallTime, fileVersion: FILE_VERSION },
    { wallTime, step: from, sessionLog: { status: SESSION_START } },
  );
  return {
    path,
    add(step, value, time = now()) {
      if (value.length > 0) append({ wallTime: time, step, summary: { value } });
    },
  };
}

/** An Event as a record. */
export function record(event: EventMessage): Uint8Array {
  const payload = encodeMessage(EVENT, event);
  const bytes = new Uint8Array(16 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(payload, 12);
  view.setUint32(12 + payload.length, masked(payload), true);
  return bytes;
}

/** A checksum that may stand among the bytes that another one is of. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function now(): number {
  return Date.now() / 1000;
}

function unwritable(path: string, cause: unknown): UnusableFileError {
  const { message } = cause as Error;
  return new UnusableFileError(`could not write ${path}: ${message}`, { cause });
}
