/** What a step runs: programs for the pool, and functions between them. */
import type { Lowered } from "../nn/compile.js";
import type { Op } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import { writeProgram, type Program } from "../runtime/program.js";
import type { Action } from "./updater.js";

export interface Sequence {
  run(): void;
}

/** A plan's way from the batch to the loss, in training or in evaluation. */
export function forwardActions({ forward, loss }: Pick<Lowered, "forward" | "loss">): Op[] {
  return [...forward, loss].flatMap(({ ops }) => [...ops]);
}

/** Joins the ops between two functions into one program. */
export function createSequence(pool: Pool, actions: readonly Action[]): Sequence {
  const parts: (Program | (() => void))[] = [];
  let ops: Op[] = [];
  const flush = () => {
    if (ops.length) parts.push(writeProgram(pool.memory, ops));
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
      for (const part of parts) {
        if (typeof part === "function") part();
        else pool.run(part);
      }
    },
  };
}

/** Runs ops once, and gives their program's memory back. */
export function runOnce(pool: Pool, ops: readonly Op[]): void {
  const mark = pool.memory.mark();
  createSequence(pool, ops).run();
  pool.memory.release(mark);
}
