/** What stands for an optimizer at a parameter of a layer that is not trained: nothing happens. */
import { sgd } from "../optim/sgd.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Updater } from "./updater.js";

/** An updater that does nothing: it has no v, and no lambda that could move. */
export function stillUpdater(parameter: Parameter): Updater {
  return {
    parameter,
    optimizer: sgd(),
    state: { v: new Float32Array(0), step: 0 },
    freezes: false,
    fullSteps: 0,
    lambda: 1,
    fullLambda: 0,
    setLambda() {},
    prepare() {},
    actions: () => [],
  };
}
