/** Inputs in a file of one array that are more than memory is to hold: they are read as needed. */
import type { AnyInputs } from "../inputs.js";
import { size } from "../shape-size.js";
import type { SampleArray } from "./channels.js";
import type { Rows } from "./read-headed.js";

/** What the inputs of a file will be once they are read. */
export interface ArrayKind {
  /** [count, ...]. */
  readonly shape: readonly number[];
  readonly kind: "bytes" | "numbers";
  /** Of one element. */
  readonly bytes: number;
}

export interface ArrayFile {
  /** Undefined where rows can't be read alone: the file is packed. */
  header(): ArrayKind | undefined;
  read(rows: Rows | undefined): SampleArray;
  /** Brings samples into their order. */
  arranged(array: SampleArray): SampleArray;
  /** Bytes that may be in memory; default: all. */
  readonly memory: number | undefined;
  /** The samples in use; default: all. */
  readonly rows: Rows | undefined;
}

/** The inputs of a file, in memory if they may be there. */
export function storedOrRead(file: ArrayFile): SampleArray<AnyInputs> {
  const { read, arranged, memory = Infinity } = file;
  const said = memory === Infinity ? undefined : file.header();
  const count = said?.shape[0] ?? 0;
  if (!said || count === 0) return arranged(read(file.rows));
  const picked = file.rows?.(count);
  const [, ...sample] = said.shape;
  const length = (picked?.length ?? count) * size(sample);
  if (length * said.bytes <= memory) return arranged(read(picked ? () => picked : undefined));
  const { kind, bytes: BYTES_PER_ELEMENT } = said;
  const { shape } = arranged({
    shape: [length / size(sample), ...sample],
    data: new Uint8Array(0),
  });
  return {
    shape,
    data: {
      kind,
      length,
      BYTES_PER_ELEMENT,
      rows: (places) =>
        arranged(read(() => (picked ? places.map((place) => picked[place]) : places))).data,
    },
  };
}
