/** What a step runs: programs for the pool, and functions between them. */
import type { Lowered } from "../nn/plan.js";
import type { Converter } from "../runtime/form/convert.js";
import type { Op } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import type { Action } from "../runtime/program.js";
import { runnerOf } from "../runtime/thread-choice.js";

export interface Sequence {
  run(): void;
}

/** A plan's way from the batch to the loss, in training or in evaluation. */
export function forwardActions({ forward, loss }: Pick<Lowered, "forward" | "loss">): Op[] {
  return [...forward, loss].flatMap(({ ops }) => [...ops]);
}

/** Joins the ops between two functions into one program. */
export function createSequence(pool: Pool, actions: readonly Action[]): Sequence {
  const parts: (() => void)[] = [];
  let ops: Op[] = [];
  const flush = () => {
    if (ops.length) parts.push(runnerOf(pool, pool.write(ops)));
    ops = [];
  };
  for (const action of actions) {
    if (typeof action === "function") {
      flush();
      parts.push(action);
    } else {
      ops.push(action);
    }
  }
  flush();
  return {
    run() {
      for (const part of parts) part();
    },
  };
}

/** Sequences by name. */
export interface Programs {
  /** @param actions - what it runs; asked for when it is run for the first time */
  run(name: string, actions: () => readonly Action[]): void;
  /** All are written anew before they run again. */
  reset(): void;
}

/** Keeps sequences, so that each is written once. */
export function createPrograms(pool: Pool): Programs {
  const sequences = new Map<string, Sequence>();
  return {
    run(name, actions) {
      let sequence = sequences.get(name);
      if (!sequence) sequences.set(name, (sequence = createSequence(pool, actions())));
      sequence.run();
    },
    reset: () => sequences.clear(),
  };
}

/** Runs ops once, and gives their program's memory back. */
export function runOnce(pool: Pool, ops: readonly Op[]): void {
  const mark = pool.memory.mark();
  createSequence(pool, ops).run();
  pool.memory.release(mark);
}

/** Converts the forms of weights on a pool. */
export function converterOf(pool: Pool): Converter {
  return { memory: pool.memory, run: (ops) => runOnce(pool, ops) };
}
