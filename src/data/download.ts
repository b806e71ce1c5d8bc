/**
 * Downloads one file, goes on where it broke off, and leaves it under its name only when it is
 * whole and right.
 *
 * While it comes in it is called `<name>.part`. A connection that breaks or stalls is taken up
 * again from there by an HTTP Range request; so is a download that an earlier process began.
 * Whatever the server makes of the request (it may send everything again, or nothing), the
 * content's check decides, and a `.part` that fails it is never kept.
 *
 * No server can keep it for ever: a file has a largest size, and a connection a lowest rate.
 */
import { open, rm, stat, truncate } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { UnusableFileError } from "../errors.js";
import {
  downloadError,
  httpFault,
  isTooLong,
  mayPass,
  networkReason,
  tooLongFault,
} from "./network.js";
import { createFetcher, type Fetcher } from "./proxy.js";
import { LOWEST_RATE, type RateOptions, watchRate } from "./watch-rate.js";

export interface DownloadOptions extends RateOptions {
  /** Called as bytes come in; `total` is unknown if the server does not tell. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
  /** Called before the download goes on after a fault, with what happened, in words. */
  readonly onRetry?: ((reason: string) => void) | undefined;
  /** Gives up; what has come in stays for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that the file has at most. Default: any number. */
  readonly most?: number | undefined;
  /**
   * Faults without getting further, at the lowest rate or faster, after which it gives up. Default
   * 5.
   */
  readonly attempts?: number | undefined;
  /** Wait before the first of them, doubled for each further one. Default 1000 ms. */
  readonly retryDelay?: number | undefined;
}

/**
 * Downloads `url` to `<path>.part`.
 *
 * @param check - throws if the file is not what it should be
 * @returns when the file is complete and checked; renaming it is the caller's
 * @throws UnusableFileError (`code` ERR_DOWNLOAD) with one line that names the address and the
 * reason: an answer such as 404, a connection that stays broken, more bytes than the file can have,
 * or what `check` throws for content that was fetched in one go. Nothing but a `.part` that can be
 * gone on with is left. The signal's reason after an abort. InputError as `createFetcher`.
 */
export async function downloadPart(
  url: string,
  path: string,
  check: (part: string) => Promise<void>,
  options: DownloadOptions = {},
): Promise<void> {
  const fetcher = await createFetcher();
  try {
    await downloadWith(fetcher, url, `${path}.part`, check, options);
  } finally {
    await fetcher.end();
  }
}

async function downloadWith(
  fetcher: Fetcher,
  url: string,
  part: string,
  check: (part: string) => Promise<void>,
  options: DownloadOptions,
): Promise<void> {
  const {
    onRetry,
    signal,
    most = Infinity,
    attempts = 5,
    retryDelay = 1000,
    lowestRate = LOWEST_RATE,
  } = options;
  let faults = 0;
  let startedAnew = false;
  if ((await sizeOf(part)) > most) await rm(part);
  let furthest = { bytes: await sizeOf(part), at: performance.now() };
  for (;;) {
    let resumed: boolean;
    try {
      resumed = await fetchRest(fetcher, url, part, await sizeOf(part), options);
    } catch (fault) {
      signal?.throwIfAborted();
      const reason = networkReason(fault) + (fetcher.named && ` (by way of ${fetcher.named})`);
      if (isTooLong(fault)) await rm(part, { force: true });
      if (!mayPass(fault)) throw downloadError(url, reason, fault);
      const now = { bytes: await sizeOf(part), at: performance.now() };
      const gained = now.bytes - furthest.bytes;
      const isFurther = gained > 0 && gained >= (lowestRate * (now.at - furthest.at)) / 1000;
      faults = isFurther ? 1 : faults + 1;
      if (gained > 0) furthest = now;
      if (faults >= attempts) {
        const kept = now.bytes > 0 ? "; run it again to go on from here" : "";
        throw downloadError(url, `${reason} (tried ${attempts} times)${kept}`, fault);
      }
      onRetry?.(reason);
      await wait(retryDelay * 2 ** (faults - 1), undefined, signal ? { signal } : {});
      continue;
    }
    try {
      await check(part);
      return;
    } catch (fault) {
      await rm(part, { force: true });
      const reason = (fault as Error).message;
      // Pieces of different versions may have been put together: once more, from the beginning.
      if (!resumed || startedAnew) throw downloadError(url, reason, fault);
      startedAnew = true;
      onRetry?.(`${reason}; starting anew`);
    }
  }
}

/** Fetches what is missing of the part; returns whether it was put together of pieces. */
async function fetchRest(
  fetcher: Fetcher,
  url: string,
  part: string,
  have: number,
  options: DownloadOptions,
): Promise<boolean> {
  const { onProgress, signal, most = Infinity } = options;
  const watch = watchRate(options);
  try {
    const response = await fetcher.fetch(url, {
      signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
      // A body packed for the way could not be gone on with.
      headers: { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
    });
    const begin = beginOf(response, have);
    if (response.status === 416 && begin === have) {
      await response.body?.cancel();
      return true; // Nothing is missing.
    }
    if (!response.ok || begin === undefined) {
      await response.body?.cancel();
      // A server that can't give the rest can give the whole.
      if (have > 0 && [206, 416].includes(response.status)) {
        await truncate(part, 0);
        watch.end();
        return await fetchRest(fetcher, url, part, 0, options);
      }
      throw httpFault(response.status, response.statusText);
    }
    const rest = response.headers.has("content-encoding")
      ? null
      : response.headers.get("content-length");
    const total = rest === null ? undefined : begin + Number(rest);
    if (total !== undefined && total > most) {
      await response.body?.cancel();
      throw tooLongFault(total, most);
    }
    let received = begin;
    onProgress?.(received, total);
    const file = await open(part, begin > 0 ? "a" : "w");
    try {
      // Each chunk is written before the next is waited for: a connection that breaks takes none of
      // them along.
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        watch.came(chunk.length);
        received += chunk.length;
        if (received > most) throw tooLongFault(undefined, most);
        await file.appendFile(chunk);
        onProgress?.(received, total);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== undefined && received !== total)
      throw new UnusableFileError("the connection broke off");
    return begin > 0;
  } catch (fault) {
    if (watch.signal.aborted) throw watch.signal.reason;
    throw fault;
  } finally {
    watch.end();
  }
}

/** The offset that the answer's body begins at; undefined if it is none of ours. */
function beginOf({ status, headers }: Response, have: number): number | undefined {
  if (status === 200) return 0;
  const range = headers.get("content-range") ?? "";
  if (status === 416)
    return Number(/^bytes \*\/(\d+)$/.exec(range)?.[1] ?? Number.NaN) === have ? have : undefined;
  const begin = Number(/^bytes (\d+)-/.exec(range)?.[1] ?? Number.NaN);
  const isPlain = !headers.has("content-encoding");
  return status === 206 && begin === have && isPlain ? have : undefined;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
