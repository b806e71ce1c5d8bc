/** Nodes that only change how a value is seen: other sides, other order, flat. */
import { InputError } from "../../../errors.js";
import { flatten } from "../../../nn/layers/join.js";
import { size } from "../../../shape-size.js";
import { reshapedTo, squeezed, unsqueezed } from "./constant-operators.js";
import { activationAt, intOf, intsOf, neededAt, type NodeAt, wholeNumbers } from "./node.js";
import { settled } from "./input.js";
import { placeAt, stridesOf } from "./strides.js";
import { type SampleValue, axisOf, featuresOf, withSides } from "./value.js";

/** The shape that the graph computes with. */
export function fullShape({ batch }: NodeAt, { seen }: SampleValue): readonly number[] {
  return [batch, ...seen];
}

/** A value in another shape: as it is, with sides of length 1 elsewhere, or flat. */
function seenAs(at: NodeAt, x: SampleValue, to: readonly number[]): SampleValue {
  const [samples, ...seen] = to;
  if (samples !== at.batch)
    throw new InputError(`[${fullShape(at, x).join(", ")}] to [${to.join(", ")}] mixes samples`);
  if (seen.join() === x.seen.join()) return x;
  // Nobody has said yet what the input is.
  if (x.open) return { ...x, shape: seen, seen };
  if (x.sides) {
    const image = withSides(x, seen);
    if (image) return image;
    if (seen.length === 1) {
      const features = featuresOf(x);
      return {
        ...at.builder.add(flatten(), [x], { name: at.name }),
        ...(features && { features }),
        ...(x.scale !== undefined && { scale: x.scale }),
      };
    }
  } else if (!x.features) return { ...x, seen };
  throw new InputError(
    `a value of shape [${x.seen.join(", ")}] for a sample can't become [${seen.join(", ")}]`,
  );
}

export function reshape(at: NodeAt): SampleValue {
  const x = activationAt(at, 0);
  const wanted = wholeNumbers(at, 1, "shape");
  if (!wanted) throw new InputError("expected a shape");
  return seenAs(at, x, reshapedTo(fullShape(at, x), wanted, intOf(at, "allowzero", 0) === 1));
}

export function flat(at: NodeAt): SampleValue {
  const x = activationAt(at, 0);
  const axis = axisOf(intOf(at, "axis", 1), x.seen.length + 2);
  const full = fullShape(at, x);
  return seenAs(at, x, [size(full.slice(0, axis)), size(full.slice(axis))]);
}

export function squeeze(at: NodeAt): SampleValue {
  const x = activationAt(at, 0);
  return seenAs(at, x, squeezed(fullShape(at, x), wholeNumbers(at, 1, "axes")));
}

export function unsqueeze(at: NodeAt): SampleValue {
  const x = activationAt(at, 0);
  return seenAs(at, x, unsqueezed(fullShape(at, x), wholeNumbers(at, 1, "axes")));
}

export function transpose(at: NodeAt): SampleValue {
  const given = activationAt(at, 0);
  const rank = given.seen.length + 1;
  const perm = intsOf(at, "perm") ?? Array.from({ length: rank }, (_, k) => rank - 1 - k);
  if (perm[0] !== 0) throw new InputError(`the order ${perm.join(", ")} moves the samples`);
  const order = perm.slice(1).map((axis) => axis - 1);
  const isChannelsLast = ["2,0,1", "1,0"].includes(order.join());
  const x = given.open && !isChannelsLast ? settled(at, given) : given;
  const long = order.filter((k) => x.seen[k] !== 1);
  const isStill = long.every((k, place) => place === 0 || k > long[place - 1]);
  if (!x.open && !x.sides && !isStill) throw new InputError("moves features of a row");
  const seen = order.map((k) => x.seen[k]);
  if (!x.open) return { ...x, seen, ...(x.sides && { sides: order.map((k) => x.sides![k]) }) };
  // The network's own input is what comes out: images have their channels first.
  const own = stridesOf(x.seen);
  const strides = order.map((k) => own[k]);
  const moved = (list: Float64Array) => list.map((_, k) => list[placeAt(k, seen, strides)]);
  return {
    ...x,
    shape: seen,
    seen,
    turned: !x.turned,
    ...(x.mean && { mean: moved(x.mean) }),
    ...(x.std && { std: moved(x.std) }),
  };
}

/** Axes of a reduction, which are an attribute or an input; those of a sample, from 0. */
export function reducedAxes(at: NodeAt, x: SampleValue): readonly number[] {
  const axes = at.inputs.length > 1 ? Array.from(neededAt(at, 1).data) : intsOf(at, "axes");
  return (axes ?? []).map((axis) => axisOf(axis, x.seen.length + 1) - 1);
}
