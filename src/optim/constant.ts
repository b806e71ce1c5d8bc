/** The learning rate that never changes. */
import { entry } from "../entry.js";
import { byEpoch, type Schedule } from "./schedule.js";

/**
 * A constant learning rate.
 *
 * @example
 * const schedule = constant();
 * const state = schedule.next(schedule.init(), { epoch: 0, trainLoss: 1 }); // state.factor is 1
 */
export function constant(): Schedule {
  return byEpoch("constant", () => 1);
}

constant.entry = entry("constant", {}, constant);
