/** How many threads there may be, in Node and in a browser. */
import { InputError } from "../errors.js";
import { nodeModule } from "./node.js";

/** More threads than this rarely help layers of a few hundred rows. */
const DEFAULT_MAX_THREADS = 8;
const MAX_THREADS = 256;

/** What a browser says of itself. */
interface Scope {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly window?: unknown;
}

/** As many as there are cores, at most 8; 1 where a browser allows no more. */
export function defaultThreads(): number {
  if (obstacle()) return 1;
  const cores =
    nodeModule("node:os")?.availableParallelism() ??
    (globalThis as Scope).navigator?.hardwareConcurrency ??
    1;
  return Math.min(cores, DEFAULT_MAX_THREADS);
}

/** Throws an InputError unless so many threads can work together here. */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new InputError(
      `cannot start a pool: threads must be an integer from 1 to ${MAX_THREADS}, found ${threads}`,
    );
  }
  const problem = threads > 1 ? obstacle() : undefined;
  if (problem)
    throw new InputError(`cannot start a pool: ${threads} threads, but ${problem}; use threads: 1`);
}

/** Why one thread only is allowed here, as browsers may. */
function obstacle(): string | undefined {
  if (nodeModule("node:os")) return undefined;
  const { crossOriginIsolated, window } = globalThis as Scope;
  if (window !== undefined) return "a page may not wait for others: that takes a web worker";
  if (crossOriginIsolated) return undefined;
  return (
    "the page is not cross-origin isolated: that takes the headers " +
    "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: " +
    "require-corp"
  );
}
