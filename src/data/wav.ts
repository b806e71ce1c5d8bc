/**
 * Reads WAV files: sound as numbers, one channel.
 *
 *     "RIFF", size, "WAVE"
 *     chunks      name (4 letters), size (4 bytes, little-endian), content, filled up to an even size
 *     "fmt "      kind, channels, rate, bytes a second, bytes of a frame, bits of a sample
 *     "data"      frames: a sample of each channel, and so on
 *
 * Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), and
 * for kind 65534 WAVEFORMATEXTENSIBLE in Microsoft's documentation.
 */
import { UnusableFileError } from "../errors.js";
import { at } from "../placed.js";
import { readBytes } from "../read-file.js";

export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  /** The mean of its channels, from -1 to 1. */
  readonly samples: Float64Array;
}

/** How the names of such files end. */
export const SOUND_ENDING = /\.wav$/i;

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];
/** Kinds that are named in an error. */
const OTHERS: Readonly<Record<number, string>> = { 2: "ADPCM", 6: "A-law", 7: "mu-law", 85: "MP3" };

/**
 * Reads the sound at `path`.
 *
 * @throws UnusableFileError if the file can't be read; otherwise as {@link decodeWav}, with the
 *   path
 */
export function readWav(path: string): Sound {
  const bytes = readBytes(path);
  return at(path, () => decodeWav(bytes));
}

/** Whether bytes begin as a WAV file does. */
export function isWav(bytes: Uint8Array): boolean {
  return textAt(bytes, 0) === "RIFF" && textAt(bytes, 8) === "WAVE";
}

/**
 * The sound of a WAV file, from its bytes: whole numbers of 8, 16, 24 or 32 bits, or float32 or
 * float64. Several channels become their mean.
 *
 * @throws UnusableFileError if it is none, damaged, packed, or without a sample; also for a number
 *   that is not finite
 */
export function decodeWav(bytes: Uint8Array): Sound {
  if (!isWav(bytes)) {
    const found = JSON.stringify(textAt(bytes, 0));
    throw new UnusableFileError(`expected a WAV file, found ${found}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let form: Form | undefined;
  for (let place = 12; place + 8 <= bytes.length;) {
    const size = view.getUint32(place + 4, true);
    const [name, begin] = [textAt(bytes, place), place + 8];
    if (begin + size > bytes.length) {
      throw new UnusableFileError(
        `damaged WAV file: ${JSON.stringify(name)} has ${size} bytes, found ${bytes.length - begin}`,
      );
    }
    if (name === "fmt ") form = formOf(view, begin, size);
    if (name === "data") {
      if (!form) throw new UnusableFileError("damaged WAV file: its data come before their form");
      return { rate: form.rate, samples: meanOfChannels(view, begin, size, form) };
    }
    place = begin + size + (size % 2);
  }
  throw new UnusableFileError("damaged WAV file: it has no data");
}

interface Form {
  readonly isFloat: boolean;
  readonly channels: number;
  readonly rate: number;
  /** Bytes of a sample. */
  readonly size: number;
}

function formOf(view: DataView, begin: number, length: number): Form {
  const u16 = (place: number) => view.getUint16(begin + place, true);
  if (length < 16) throw new UnusableFileError(`damaged WAV file: "fmt " has ${length} bytes`);
  const kind = u16(0) === EXTENSIBLE && length >= 26 ? u16(24) : u16(0);
  const [channels, rate, frame, bits] = [u16(2), view.getUint32(begin + 4, true), u16(12), u16(14)];
  if (kind !== PCM && kind !== FLOAT) {
    throw new UnusableFileError(
      `expected a WAV file of plain numbers, found ${OTHERS[kind] ?? `kind ${kind}`}; convert it first`,
    );
  }
  if (!(kind === PCM ? [8, 16, 24, 32] : [32, 64]).includes(bits))
    throw new UnusableFileError(`expected samples of 8, 16, 24 or 32 bits, found ${bits}`);
  if (channels === 0 || rate === 0 || frame !== (channels * bits) / 8) {
    throw new UnusableFileError(
      `damaged WAV file: it says ${channels} channels, ${rate} Hz, ${frame} bytes of ${bits} bits`,
    );
  }
  return { isFloat: kind === FLOAT, channels, rate, size: bits / 8 };
}

function meanOfChannels(
  view: DataView,
  begin: number,
  length: number,
  { isFloat, channels, size }: Form,
): Float64Array {
  const count = Math.floor(length / (channels * size));
  if (count === 0)
    throw new UnusableFileError("expected a sound, found a WAV file without samples");
  const read = isFloat ? FLOATS[size] : WHOLES[size];
  const samples = new Float64Array(count);
  for (let k = 0, place = begin; k < count; k++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, place += size) sum += read(view, place);
    if (!Number.isFinite(sum))
      throw new UnusableFileError(`damaged WAV file: sample ${k} is not finite`);
    samples[k] = sum / channels;
  }
  return samples;
}

type Read = (view: DataView, place: number) => number;

/** By the bytes of a sample. */
const WHOLES: Readonly<Record<number, Read>> = {
  1: (view, place) => (view.getUint8(place) - 128) / 2 ** 7,
  2: (view, place) => view.getInt16(place, true) / 2 ** 15,
  3: (view, place) => (view.getInt8(place + 2) * 2 ** 16 + view.getUint16(place, true)) / 2 ** 23,
  4: (view, place) => view.getInt32(place, true) / 2 ** 31,
};
const FLOATS: Readonly<Record<number, Read>> = {
  4: (view, place) => view.getFloat32(place, true),
  8: (view, place) => view.getFloat64(place, true),
};

function textAt(bytes: Uint8Array, place: number): string {
  return Buffer.from(bytes.subarray(place, place + 4)).toString("latin1");
}
