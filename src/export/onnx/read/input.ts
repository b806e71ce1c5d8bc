/** The graph's input, whose shape is known once a layer reads it. */
import { InputError } from "../../../errors.js";
import type { Shape } from "../../../regularizers/regularizer.js";
import { size } from "../../../shape-size.js";
import type { NodeAt } from "./node.js";
import { type SampleValue, given } from "./value.js";

/** The entry of the input's features in a row: the input, or behind a flatten of it. */
export const ROW = -2;

/** The shape of what is read as either; undefined if there is none. */
function common(a: Shape, b: Shape): Shape | undefined {
  if (a.join() === b.join()) return a;
  const [row, image] = a.length === 1 ? [a, b] : [b, a];
  return row.length === 1 && image.length === 3 && size(image) === row[0] ? image : undefined;
}

/** A value that a layer reads: what the input is, and how it is normalised, is now settled. */
export function settled({ builder: { input } }: NodeAt, x: SampleValue): SampleValue {
  if (!x.open) return x;
  const { seen, mean, std } = x;
  if (seen.length !== 1 && seen.length !== 3) {
    throw new InputError(
      `expected samples of features, or of channels, height and width, found [${seen.join(", ")}]`,
    );
  }
  const turned = x.turned ?? false;
  if (input.shape === undefined) Object.assign(input, { shape: seen, turned, mean, std });
  const shape = common(seen, input.shape!);
  if (!shape || input.turned !== turned)
    throw new InputError(
      `reads the input as [${seen.join(", ")}], others as [${input.shape!.join(", ")}]`,
    );
  input.shape = shape;
  if (input.mean !== mean || input.std !== std)
    throw new InputError("reads the input normalised otherwise than others");
  const entry = seen.length === 1 ? ROW : -1;
  return { ...given(entry, seen), ...(x.scale !== undefined && { scale: x.scale }) };
}
