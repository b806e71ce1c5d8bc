/**
 * The runs of a folder, as they come, change and go. What is known of a run is kept as long as its
 * folder is not touched, so that a look at thousands of them is quick.
 */
import { type FSWatcher, watch } from "node:fs";
import { findRuns } from "./find-runs.js";
import { pathInside } from "./inside.js";
import type { RunChanges, RunSummary } from "./messages.js";
import { summaryOf, touchedAt } from "./summary.js";

export interface RunList {
  /** A run that is known. */
  find(id: string): RunSummary | undefined;
  /** Grows with every change. */
  readonly version: number;
  /** What has changed since a version; of one that is not known, all runs. */
  since(version: number | undefined): RunChanges;
  /** Looks at the folder: at what is new, was touched, or is running. */
  refresh(): void;
  /** Looks at one run though nothing in its folder was touched: its log was. */
  again(id: string): void;
  /** Calls `work` after each change, until what it returns is called. */
  onChange(work: () => void): () => void;
  close(): void;
}

interface KnownRun {
  readonly summary: RunSummary;
  /** When the folder was touched: by every file that is made, replaced or removed in it. */
  readonly touched: number;
  /** Of the list, when it changed. */
  readonly version: number;
  /** While it is running. */
  readonly watcher: FSWatcher | undefined;
}

/** The runs of a folder. @param root - as rootOf has it */
export function createRunList(root: string): RunList {
  const known = new Map<string, KnownRun>();
  const removed = new Map<string, number>();
  const listeners = new Set<() => void>();
  let version = 0;

  const telling = (work: () => void) => {
    const before = version;
    work();
    if (version > before) for (const listener of listeners) listener();
  };
  const watcher = createWatcher((id) => telling(() => update(id)));
  const forget = (id: string) => {
    known.get(id)?.watcher?.close();
    if (known.delete(id)) removed.set(id, ++version);
  };
  const update = (id: string): void => {
    const before = known.get(id);
    const path = pathInside(root, id);
    const touched = path === undefined ? undefined : touchedAt(path);
    if (path === undefined || touched === undefined) return forget(id);
    if (before?.touched === touched && before.summary.state !== "running") return;
    const summary = summaryOf(root, id);
    const isSame = JSON.stringify(summary) === JSON.stringify(before?.summary);
    const isRunning = summary.state === "running";
    if (!isRunning) before?.watcher?.close();
    removed.delete(id);
    known.set(id, {
      summary,
      touched,
      version: isSame ? before!.version : ++version,
      watcher: isRunning ? (before?.watcher ?? watcher.watch(id, path)) : undefined,
    });
  };
  const isKnown = (id: string, path: string) => {
    const run = known.get(id);
    return run !== undefined && run.summary.state !== "running" && run.touched === touchedAt(path);
  };

  return {
    find: (id) => known.get(id)?.summary,
    get version() {
      return version;
    },
    since(from) {
      const all = from === undefined || !(from <= version);
      const runs = [...known.values()].filter((one) => all || one.version > from);
      const gone = [...removed].filter(([, at]) => !all && at > from);
      return { all, runs: runs.map(({ summary }) => summary), removed: gone.map(([id]) => id) };
    },
    refresh: () =>
      telling(() => {
        const seen = new Set<string>();
        const see = (id: string) => {
          seen.add(id);
          update(id);
        };
        findRuns(root, see, isKnown);
        for (const id of known.keys()) if (!seen.has(id)) forget(id);
      }),
    again(id) {
      const run = known.get(id);
      if (run) known.set(id, { ...run, touched: Number.NaN });
      telling(() => update(id));
    },
    onChange(work) {
      listeners.add(work);
      return () => void listeners.delete(work);
    },
    close() {
      watcher.close();
      for (const run of known.values()) run.watcher?.close();
      listeners.clear();
    },
  };
}

/** Milliseconds for which what happens in a run's folder counts as one change. */
const PAUSE = 200;

/** Watches folders of running runs: they say themselves when there is more. */
function createWatcher(onChange: (id: string) => void) {
  const due = new Map<string, NodeJS.Timeout>();
  const soon = (id: string) => {
    const now = () => {
      due.delete(id);
      onChange(id);
    };
    if (!due.has(id)) due.set(id, setTimeout(now, PAUSE));
  };
  return {
    watch(id: string, path: string): FSWatcher | undefined {
      try {
        return watch(path, { persistent: false }, () => soon(id)).on("error", () => {});
      } catch {
        // Too many of them: the next look at the folder sees it.
        return undefined;
      }
    },
    close() {
      for (const timer of due.values()) clearTimeout(timer);
    },
  };
}
