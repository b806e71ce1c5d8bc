/**
 * The worker pool: all of the project's parallelism.
 *
 * A pool of n threads is the calling thread, number 0, and n - 1 workers (pool-worker.ts), all over
 * one shared memory.
 *
 * 1. To run a program, thread 0 writes its place into the control block (control.ts), raises the
 *    ticket, wakes the workers, and goes to work itself. The workers wait for the ticket to change:
 *    for some 200 microseconds by looking, then asleep in Atomics.wait.
 * 2. Every thread calls the same C function (kernels/program.c) once. It walks the whole list of
 *    ops; of each op it computes its share of the rows, then what others have left, and waits at a
 *    barrier until all are done.
 * 3. The barrier behind the last op is the end of the run: thread 0 returns when all work is done.
 *
 * So threads meet in two places only, the ticket and the barrier, and share nothing writable but
 * what the ops write. Every row is computed by one thread, in one order: results have the same bits
 * for any number of threads, and thread 0 may run a program alone, while the workers wait
 * (thread-choice.ts).
 *
 * A thread that fails writes its message into the control block and raises `aborted`, which lets
 * all others out of the barrier; `run` then throws that message, and the pool can't be used any
 * more. With one thread there are no workers. Workers don't keep the process alive. In a browser
 * the pool must live in a web worker, since a page may not wait.
 */
import { InputError, InternalError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { bind, loadBackend, memoryHandle, type Backend, type BackendName } from "./backend.js";
import {
  abort,
  abortMessage,
  allocateControl,
  failure,
  viewControl,
  WORD,
  type Control,
} from "./control.js";
import { createMemory, type Memory, type MemoryOptions } from "./memory.js";
import { nodeModule } from "./node.js";
import type { Op } from "./kernel-table.js";
import { writeProgram, type Program } from "./program.js";
import { startWorker, WorkerError, type WorkerHandle, type WorkerTask } from "./start-worker.js";
import { checkThreads, defaultThreads } from "./threads.js";
import type { WasmSource } from "./wasm-source.js";

/** How to compute. */
export interface ComputeOptions {
  /** "native", "wasm" or "auto" (the default): native in Node if its addon is built. */
  readonly backend?: BackendName | "auto" | undefined;
  /**
   * Threads, the calling one included. Default: as many as there are cores, at most 8; one where a
   * browser allows no more, or where a bundle has left out the worker's file.
   */
  readonly threads?: number | undefined;
  /**
   * For wasm: the address of kernels.wasm, or its bytes, of this version of the package. Default:
   * where the package, or a bundler that knows of it, has it. (`bregman/predict` without Node takes
   * predict.wasm.)
   */
  readonly wasm?: WasmSource | undefined;
}

export interface PoolOptions extends MemoryOptions, ComputeOptions {
  /**
   * Native instruction set, for tests: "avx512", "avx2" or "base"; default the best this CPU has.
   */
  readonly isa?: string | undefined;
}

export interface Pool {
  readonly backend: BackendName;
  /** Instruction set in use: "avx512", "avx2", "base" or "simd128". */
  readonly isa: string;
  /** The same for planes of bf16: "avx512+bf16" or "+amx" where the CPU multiplies such numbers. */
  readonly halfIsa: string;
  readonly threads: number;
  /** Why this backend, in one line. */
  readonly reason: string;
  /** Where programs and their tensors live. */
  readonly memory: Memory;
  /** Writes ops into its memory. Throws an InternalError that names the op if one is malformed. */
  write(ops: readonly Op[]): Program;
  /**
   * Runs a program to its end; by the calling thread alone, if that is asked for. Throws an Error
   * if a thread fails, or if the pool is closed.
   */
  run(program: Program, alone?: boolean): void;
  /** Ends the workers. Its memory, and every view of it, may then belong to the next pool. */
  close(): Promise<void>;
}

/** For those who take them among others. */
export const COMPUTE_OPTIONS: OptionKeys<ComputeOptions> = { backend: 1, threads: 1, wasm: 1 };
const OPTIONS: OptionKeys<PoolOptions> = { ...COMPUTE_OPTIONS, isa: 1, maxBytes: 1 };

/**
 * Starts a pool.
 *
 * @throws InputError for a number of threads that is not an integer from 1 to 256, or more than 1
 *   where a browser allows no more; for workers that were asked for and can't start; for a backend,
 *   an instruction set or an amount of memory that can't be had
 */
export async function createPool(options: PoolOptions = {}): Promise<Pool> {
  const {
    backend: wanted = "auto",
    threads = defaultThreads(),
    isa,
    wasm,
    maxBytes,
  } = knownOptions("createPool", options, OPTIONS);
  checkThreads(threads);
  const backend = await loadBackend(wanted, { isa, wasm });
  try {
    return await startPool({ ...HOW, backend, threads, maxBytes });
  } catch (error) {
    if (options.threads !== undefined || !(error instanceof WorkerError)) throw error;
    const reason = `${backend.reason}; one thread: ${error.message}`;
    return startPool({ ...HOW, backend: { ...backend, reason }, threads: 1, maxBytes });
  }
}

/** What a pool is made of. */
export interface PoolParts extends MemoryOptions {
  readonly backend: Backend;
  /** Binds that backend; workers find it by its name. */
  readonly bind: typeof bind;
  /** Writes programs of the kernels that it has. */
  readonly write: typeof writeProgram;
  /** Starts a thread beside the calling one. */
  readonly startWorker: typeof startWorker;
  /** Checked. */
  readonly threads: number;
}

const HOW = { bind, write: writeProgram, startWorker };

/** Starts a pool of a backend that has been loaded. */
export async function startPool(parts: PoolParts): Promise<Pool> {
  const { backend, threads, maxBytes } = parts;
  const memory = createMemory({ maxBytes });
  const offset = allocateControl(memory, threads);
  const control = viewControl(memory.buffer, offset, threads);
  const runner = parts.bind(backend, memoryHandle(memory));
  const tasks = Array.from({ length: threads - 1 }, (_, k): WorkerTask => {
    return { backend, memory: memoryHandle(memory), control: offset, thread: k + 1, threads };
  });
  /** Why the pool can't run any more. */
  let broken: string | undefined;
  const died = (why: string): void => {
    broken ??= why;
    abort(control, why);
  };
  const workers = await startAll(tasks.map((task) => parts.startWorker(task, died)));
  let closing: Promise<void> | undefined;

  return {
    backend: backend.name,
    isa: backend.isa,
    halfIsa: backend.halfIsa,
    reason: backend.reason,
    threads,
    memory,
    write: (ops) => parts.write(memory, ops),
    run(program, alone = false) {
      if (broken !== undefined) {
        const Kind = broken === CLOSED ? InputError : InternalError;
        throw new Kind(`cannot run a program: ${broken}`);
      }
      // Without a barrier nothing would hold the next run back until the workers have seen this
      // one: they could take the next for this one, and then once more for itself.
      if (program.length === 0) return;
      const { words, sync } = control;
      const count = alone ? 1 : threads;
      if (count > 1) {
        words[WORD.program] = program.offset;
        words[WORD.ops] = program.length;
        Atomics.add(words, WORD.ticket, 1);
        Atomics.notify(words, WORD.ticket);
      }
      const problem = attempt(
        () => runner.run(program.offset, program.length, 0, count, sync),
        control,
      );
      if (problem === undefined) return;
      broken = problem;
      throw new InternalError(`cannot run a program: ${problem}`);
    },
    close() {
      closing ??= (async () => {
        // A thread of a broken pool may still be at work, and the end of one in a browser can't be
        // waited for.
        const endsSurely =
          broken === undefined && (workers.length === 0 || nodeModule("node:worker_threads"));
        broken ??= CLOSED;
        await stop(control, workers);
        if (endsSurely) memory.close();
      })();
      return closing;
    },
  };
}

/** Runs this thread's part of a program; the problem, if there was one, whichever thread had it. */
function attempt(run: () => number, control: Control): string | undefined {
  try {
    const status = run();
    if (status === 0) return undefined;
    const problem = failure(status);
    if (problem !== undefined) abort(control, problem);
  } catch (error) {
    abort(control, String(error));
  }
  return abortMessage(control);
}

/** Why a pool that was closed can't run. */
const CLOSED = "the pool is closed";

async function startAll(started: readonly Promise<WorkerHandle>[]): Promise<WorkerHandle[]> {
  const starting = await Promise.allSettled(started);
  const workers = starting.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  const failed = starting.find((result) => result.status === "rejected");
  if (failed) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw failed.reason;
  }
  return workers;
}

async function stop({ words }: Control, workers: readonly WorkerHandle[]): Promise<void> {
  words[WORD.ops] = -1;
  Atomics.add(words, WORD.ticket, 1);
  Atomics.notify(words, WORD.ticket);
  await Promise.all(workers.map((worker) => worker.terminate()));
}
