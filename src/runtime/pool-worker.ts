/**
 * One worker thread of a pool: waits for the ticket to change, takes its part in the program, and
 * waits again. See pool.ts.
 */
import { bind } from "./backend.js";
import { abort, failure, viewControl, WORD } from "./control.js";
import { nodeModule } from "./node.js";
import type { WorkerTask } from "./start-worker.js";

interface Port {
  postMessage(message: unknown): void;
}

const parent = nodeModule("node:worker_threads")?.parentPort;
if (parent) parent.once("message", (task: WorkerTask) => serve(task, parent));
else {
  const scope = globalThis as unknown as Port & {
    onmessage: (event: { data: WorkerTask }) => void;
  };
  scope.onmessage = ({ data }) => serve(data, scope);
}

function serve(
  { backend, memory, control: offset, thread, threads }: WorkerTask,
  port: Port,
): void {
  const control = viewControl(memory.wasm.buffer, offset, threads);
  const { words, sync } = control;
  const runner = bind(backend, memory);
  // Taken before "ready": the first run raises it.
  let ticket = Atomics.load(words, WORD.ticket);
  port.postMessage("ready");
  for (;;) {
    runner.linger(offset + WORD.ticket * 4, ticket);
    Atomics.wait(words, WORD.ticket, ticket);
    ticket = Atomics.load(words, WORD.ticket);
    const ops = words[WORD.ops]!;
    if (ops < 0) return;
    try {
      const problem = failure(runner.run(words[WORD.program]! >>> 0, ops, thread, threads, sync));
      if (problem !== undefined) abort(control, problem);
    } catch (error) {
      abort(control, String(error));
    }
  }
}
