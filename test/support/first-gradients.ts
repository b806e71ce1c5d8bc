/** The gradient that LinBreg sees in its first step, by parameter. */
import type { Trainer } from "#bregman/engine/trainer.js";
import type { Pool } from "#bregman/runtime/pool.js";

/**
 * Takes a step of a fresh trainer by LinBreg with this tau, and reads it off v.
 *
 * @param create - makes the trainer, whose memory is given back
 */
export function firstGradients(
  pool: Pool,
  create: () => Trainer,
  indices: Int32Array,
  tau: number,
): Map<string, Float64Array> {
  const mark = pool.memory.mark();
  const trainer = create();
  const before = trainer.updaters.map(({ state }) => Float64Array.from(state.v));
  trainer.step(indices);
  const found = trainer.updaters.map(
    ({ parameter, state }, k) =>
      [parameter.name, before[k].map((v, i) => (v - state.v[i]) / tau)] as const,
  );
  pool.memory.release(mark);
  return new Map(found);
}
