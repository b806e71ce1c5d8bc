/**
 * The stream of changes, as server-sent events. Each has the version of the list that it brings the
 * page to: after a drop the browser says the last it has heard, and gets what it missed.
 */
import { type Context, streamSSE } from "../bundled/hono.js";
import type { RunList } from "./run-list.js";

/** Milliseconds after which a browser tries again, and between two signs of life. */
const AGAIN = 1000;
const BEAT = 15_000;

/** What is told beside the list: a process that failed. */
export interface Told {
  readonly id: string;
  readonly text: string;
}

export interface Announcer {
  tell(told: Told): void;
  /** Answers a request with all that happens from now on, or from where it was heard last. */
  answer(c: Context): Response;
  /** Pages that listen. */
  readonly listeners: number;
  close(): void;
}

/** @param session - no other server has it: versions of another say nothing */
export function createAnnouncer(list: RunList, session: string): Announcer {
  const open = new Map<object, { wake(): void; told: Told[]; end(): void }>();
  return {
    tell(told) {
      for (const one of open.values()) {
        one.told.push(told);
        one.wake();
      }
    },
    get listeners() {
      return open.size;
    },
    close() {
      for (const one of open.values()) one.end();
    },
    answer: (c) =>
      streamSSE(c, async (stream) => {
        const [of, heard] = (c.req.header("Last-Event-ID") ?? "").split(":");
        let version = of === session ? Number(heard) : undefined;
        let wake = () => {};
        const told: Told[] = [];
        const end = () => {
          void stream.close();
          wake();
        };
        open.set(stream, { wake: () => wake(), told, end });
        const off = list.onChange(() => wake());
        stream.onAbort(() => wake());
        try {
          await stream.writeSSE({ event: "hello", data: session, retry: AGAIN });
          while (!stream.aborted && !stream.closed) {
            const now = list.version;
            if (version !== now) {
              const data = JSON.stringify(list.since(version));
              version = now;
              await stream.writeSSE({ event: "runs", id: `${session}:${now}`, data });
            }
            for (const one of told.splice(0))
              await stream.writeSSE({ event: "fault", data: JSON.stringify(one) });
            if (list.version !== version || told.length > 0) continue;
            const isQuiet = await new Promise<boolean>((resolve) => {
              const beat = setTimeout(() => resolve(true), BEAT);
              wake = () => {
                clearTimeout(beat);
                resolve(false);
              };
            });
            if (isQuiet) await stream.write(": still here\n\n");
          }
        } finally {
          off();
          open.delete(stream);
        }
      }),
  };
}
