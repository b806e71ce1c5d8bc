/**
 * Simplification: the smallest network we can find that computes the same.
 *
 *     fold       batch norm into the layer by weight before it
 *     absorb     constants of dead units into the biases of their readers
 *     drop       summands and skips that are zero, joins of a single value
 *     cut        units, channels and columns that the output does not depend on
 *
 * again and again until nothing changes. The idea is that of Bungert, Heeringa et al. for
 * multilayer perceptrons; here it is for any graph of our layers, with exact rules for padding,
 * sums and concatenations.
 */
import { checkNetwork, type Network } from "../../nn/network.js";
import { nonZerosOf } from "../../nn/packed-values.js";
import { packedIfSparse } from "../sparse-values.js";
import { absorbConstants } from "./constants.js";
import { cutChannels } from "./cut.js";
import { foldAffine } from "./fold-affine.js";
import { asSimple, isSimple } from "./simple.js";
import { dropSummands } from "./summands.js";

/**
 * A smaller network with the same output in evaluation (to rounding: about 1e-6 of its size). The
 * input keeps its shape and the output its width; layers keep their names. In training it is
 * another network: batch norms are gone.
 *
 * @throws InputError if a parameter or buffer of the model is missing or has another shape
 * @example
 * const result = await fit(model, data, options);
 * const small = simplify({ model, ...result });
 * networkSize(small).weights; // how many are left
 */
export function simplify(network: Network): Network {
  checkNetwork(network);
  if (isSimple(network)) return network;
  // What follows visits the non-zeros, again and again.
  const parameters = new Map(
    [...network.parameters].map(([name, values]) => [name, packedIfSparse(values)] as const),
  );
  let now: Network = { ...network, parameters };
  for (let before = ""; before !== signature(now);) {
    before = signature(now);
    const { network: absorbed, constants } = absorbConstants(foldAffine(now));
    now = cutChannels(dropSummands(absorbed, constants));
  }
  return asSimple(now);
}

/** Changes whenever a round has found something: the shapes, the joins, the number of non-zeros. */
function signature({ model, parameters }: Network): string {
  const shapes = model.nodes.map(
    ({ name, shape, inputs }) => `${name} ${shape.join()} ${inputs.join()}`,
  );
  let nonZeros = 0;
  for (const values of parameters.values()) nonZeros += nonZerosOf(values);
  return `${shapes.join(";")} ${nonZeros}`;
}
