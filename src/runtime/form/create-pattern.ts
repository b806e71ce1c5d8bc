/** Makes the pattern of a weight, in the form that is asked for. */
import { InternalError } from "../../errors.js";
import type { Memory } from "../memory.js";
import { entriesForm } from "./entries.js";
import type { PatternForm, Weight } from "./form.js";
import { pairsForm } from "./pairs.js";

export type PatternKind = PatternForm["kind"];

/**
 * Gives a weight's pattern its place in memory; it is empty until it is made from theta.
 *
 * @param transposed - keep the transpose too, for the input gradient
 * @throws InternalError for pairs of a weight that is no convolution's
 */
export function createPattern(
  memory: Memory,
  weight: Weight,
  { kind, transposed }: { readonly kind: PatternKind; readonly transposed: boolean },
): PatternForm {
  const { conv } = weight;
  switch (kind) {
    case "entries":
      return entriesForm(memory, weight, transposed);
    case "pairs":
      if (!conv)
        throw new InternalError("pairs: expected the weight of a convolution, found another");
      return pairsForm(memory, { ...weight, conv }, transposed);
  }
}
