/**
 * Ranks that MPI has started: `mpirun -np 4 bregman ...`, or `srun --mpi=pmix bregman ...`. The
 * addon (mpi/addon.c) is built by `npm run build:mpi`, and loaded only by a process that has been
 * started so.
 */
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.js";
import { packageFile } from "../package-file.js";
import { createRanks, type Link, type RankMessage, type Ranks } from "./ranks.js";
import { startedRanks } from "./started.js";

interface MpiAddon {
  readonly version: number;
  start(): [rank: number, count: number];
  begin(bytes: Uint8Array, messages: Float64Array, tag: number): number;
  through(begun: number, wait: boolean): boolean;
  counters(): [sent: number, received: number, messages: number];
  finish(): void;
  abort(code: number): never;
}

const ADDON = "build/Release/bregman_mpi.node";
/** Of mpi/addon.c. */
const VERSION = 2;

/**
 * Joins the ranks that this process was started with.
 *
 * @throws InputError if the addon is missing, or of another version
 */
export function joinRanks(): Ranks {
  const url = packageFile(ADDON);
  const build = "`npm run build:mpi` builds it (docs/many-machines.md)";
  if (!url || !existsSync(url)) {
    throw new InputError(
      `MPI has started ${startedRanks()} processes, and the addon by which they talk is missing; ${build}`,
    );
  }
  const module = { exports: {} as MpiAddon };
  try {
    // MPI loads parts of itself, which have to find it.
    const { RTLD_GLOBAL, RTLD_NOW } = constants.dlopen;
    process.dlopen(module, fileURLToPath(url), RTLD_NOW | RTLD_GLOBAL);
  } catch (cause) {
    const [why] = String((cause as Error).message).split("\n");
    throw new InputError(`the addon for MPI can't be loaded (${why}); ${build}`, { cause });
  }
  const addon = module.exports;
  if (addon.version !== VERSION)
    throw new InputError(`the addon for MPI is of another version; ${build}`);
  const [rank, count] = addon.start();
  return createRanks(linkOf(addon, rank, count));
}

function linkOf(addon: MpiAddon, rank: number, count: number): Link {
  const begin = (bytes: Uint8Array, messages: readonly RankMessage[], tag: number): number => {
    const words = new Float64Array(4 * messages.length);
    messages.forEach(({ receive, peer, offset, length }, k) =>
      words.set([receive ? 1 : 0, peer, offset, length], 4 * k),
    );
    return addon.begin(bytes, words, tag);
  };
  const through = (begun: number, wait: boolean): boolean => addon.through(begun, wait);
  return {
    rank,
    count,
    exchange(bytes, messages) {
      through(begin(bytes, messages, 0), true);
    },
    begin,
    through,
    traffic() {
      const [sent, received] = addon.counters();
      return { sent, received };
    },
    finish: () => addon.finish(),
    abort: (code) => addon.abort(code),
  };
}
