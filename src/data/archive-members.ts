/** Takes files out of a .tar.gz archive, no more of it than there may be. */
import { createReadStream } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { UnusableFileError } from "../errors.js";

/** A regular file in an archive. */
export interface Member {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The wanted members of a .tar.gz file.
 *
 * @param nameOf - under which a member is given; undefined: it is not wanted
 * @param most - bytes of the archive, unpacked
 * @throws UnusableFileError if it is damaged, or has more bytes
 */
export async function readMembers(
  part: string,
  nameOf: (member: Member) => string | undefined,
  most: number,
): Promise<Map<string, Uint8Array>> {
  const { Parser } = await import("../bundled/tar.js");
  const members = new Map<string, Uint8Array>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry(entry) {
        const name = entry.type === "File" ? nameOf(entry) : undefined;
        if (name === undefined) {
          entry.resume();
          return;
        }
        const chunks: Uint8Array[] = [];
        entry.on("data", (chunk) => void chunks.push(chunk));
        entry.on("end", () => void members.set(name, Buffer.concat(chunks)));
      },
    });
    const damaged = (cause: Error) =>
      reject(
        new UnusableFileError(
          `expected a .tar.gz archive, found a damaged one (${cause.message})`,
          {
            cause,
          },
        ),
      );
    parser.on("error", damaged);
    parser.on("end", () => resolve());
    let size = 0;
    const toParser = new Writable({
      write(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size > most) return done(new UnusableFileError(`more than ${most} bytes unpacked`));
        parser.write(chunk);
        done();
      },
      final(done) {
        parser.end();
        done();
      },
    });
    pipeline(createReadStream(part), createGunzip(), toParser).catch(damaged);
  });
  return members;
}
