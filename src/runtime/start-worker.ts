/**
 * Starts a worker thread, in Node or in a browser, and tells when it is ready and if it dies.
 */
import { InputError } from "../errors.js";
import { KEEP_EXTERNAL, packageFile } from "../package-file.js";
import type { Backend, MemoryHandle } from "./backend.js";
import { nodeModule } from "./node.js";

/** What a worker needs to know to take part. */
export interface WorkerTask {
  readonly backend: Backend;
  readonly memory: MemoryHandle;
  readonly control: number;
  readonly thread: number;
  readonly threads: number;
}

export interface WorkerHandle {
  terminate(): Promise<unknown>;
}

/** A worker could not start: here are fewer threads than were asked for. */
export class WorkerError extends InputError {
  constructor({ thread }: WorkerTask, why: string) {
    super(`cannot start worker ${thread}: ${why}`);
  }
}

/**
 * Resolves once the worker is bound to the memory and waits; rejects if it can't start. `died` is
 * told if it ends later.
 */
export function startWorker(task: WorkerTask, died: (why: string) => void): Promise<WorkerHandle> {
  const threads = nodeModule("node:worker_threads");
  return threads ? startNodeWorker(threads, task, died) : startWebWorker(task, died);
}

function startNodeWorker(
  { Worker }: typeof import("node:worker_threads"),
  task: WorkerTask,
  died: (why: string) => void,
): Promise<WorkerHandle> {
  const file = packageFile("dist/runtime/pool-worker.js");
  if (!file || !nodeModule("node:fs")!.existsSync(file)) {
    const where = file ? `there is no ${file.href}` : "its file can't be found from here";
    return Promise.reject(new WorkerError(task, `${where}; ${KEEP_EXTERNAL}`));
  }
  // Flags of the process, such as --input-type, may make no sense for a file.
  const worker = new Worker(file, { execArgv: [] });
  return new Promise((resolve, reject) => {
    let closing = false;
    const fail = (why: string): void => {
      if (closing) return;
      closing = true;
      reject(new WorkerError(task, why));
      died(`worker ${task.thread} died: ${why}`);
    };
    worker.on("error", (error) => fail(error.message));
    worker.on("exit", (code) => fail(`it ended with code ${code}`));
    worker.once("message", () => {
      worker.unref();
      resolve({
        terminate() {
          closing = true;
          return worker.terminate();
        },
      });
    });
    worker.postMessage(task);
  });
}

/** The part of a browser's Worker that is used. */
interface WebWorker {
  onmessage: (() => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** A file that does not come is an error without a word. */
const NO_FILE =
  "its file, pool-worker.js, is not where the bundler says; use threads: 1, or make it a file beside this one";

declare const Worker: new (url: URL, options: { type: "module" }) => WebWorker;

/** The same without Node. */
export async function startWebWorker(
  task: WorkerTask,
  died: (why: string) => void,
): Promise<WorkerHandle> {
  if (typeof Worker === "undefined") throw new WorkerError(task, "there are no web workers here");
  // Written in one expression, which is what bundlers look for.
  const worker = new Worker(new URL("./pool-worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = ({ message }) => {
      reject(new WorkerError(task, message || NO_FILE));
      died(`worker ${task.thread} died: ${message}`);
    };
    worker.onmessage = () => resolve({ terminate: async () => worker.terminate() });
    worker.postMessage(task);
  });
}
