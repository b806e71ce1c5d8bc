/** The graph's input, whose shape is known once a layer reads it. */
import { InputError } from "../../../errors.js";
import type { Shape } from "../../../regularizers/regularizer.js";
import { size } from "../../../shape-size.js";
import type { NodeAt } from "./node.js";
import { type SampleValue, givenBy } from "./value.js";

/** The entry of the input's features in a row: the input, or behind a flatten of it. */
export const ROW = -2;

/** The shape of what is read as either; undefined if there is none. */
function common(a: Shape, b: Shape): Shape | undefined {
  if (a.join() === b.join()) return a;
  const [row, image] = a.length === 1 ? [a, b] : [b, a];
  return row.length === 1 && image.length === 3 && size(image) === row[0] ? image : undefined;
}

/** [channels, length] is an image of height 1. */
const SIGNAL_SIDES = [0, 2];

/** What a layer of ours takes for it: of more than three sides a row. */
function ownShape(seen: readonly number[]): Shape {
  if (seen.length > 3) return [size(seen)];
  return seen.length === 2 ? [seen[0], 1, seen[1]] : seen;
}

/** A value that a layer reads: what the input is, and how it is normalised, is now settled. */
export function settled(
  { builder: { input } }: Pick<NodeAt, "builder">,
  x: SampleValue,
): SampleValue {
  if (!x.open) return x;
  const { seen, mean, std } = x;
  const own = ownShape(seen);
  const turned = x.turned ?? false;
  if (input.shape === undefined) Object.assign(input, { shape: own, turned, mean, std });
  const shape = common(own, input.shape!);
  if (!shape || input.turned !== turned)
    throw new InputError(
      `reads the input as [${seen.join(", ")}], others as [${input.shape!.join(", ")}]`,
    );
  input.shape = shape;
  if (input.mean !== mean || input.std !== std)
    throw new InputError("reads the input normalised otherwise than others");
  const value = givenBy(own.length === 1 ? ROW : -1, own);
  const sides = seen.length === 2 ? SIGNAL_SIDES : value.sides;
  return {
    ...value,
    seen,
    ...(sides && { sides }),
    ...(x.scale !== undefined && { scale: x.scale }),
  };
}
