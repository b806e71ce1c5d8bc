/**
 * The parameters a run starts from: sparse weights, dense biases, constants; drawn in the order of
 * the model's nodes.
 */
import { size } from "../shape-size.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { biasInit, type BiasInitOptions } from "../init/bias-init.js";
import { sparseInit, type SparseInitOptions } from "../init/sparse-init.js";
import { layerDensities, type Spread } from "../layer-densities.js";
import { didYouMean } from "../nearest.js";
import type { Model } from "../nn/model.js";
import type { Random } from "../random.js";
import { isWeightRole } from "../runtime/parameter.js";
import { withoutUndefined } from "../without-undefined.js";

export type WeightInitOptions = Omit<SparseInitOptions, "random">;

/** A density for several layers. */
export interface SpreadInitOptions extends WeightInitOptions {
  /** Share of the weights that are drawn, in (0, 1]; default 1. */
  readonly density?: number | undefined;
  /**
   * How the density is spread over the layers that have none of their own, see layerDensities;
   * default "uniform".
   */
  readonly spread?: Spread | undefined;
}

export interface InitOptions {
  /** Weights of linear layers, see sparseInit; default: every weight drawn (density 1). */
  readonly weights?: SpreadInitOptions | undefined;
  /**
   * Weights of convolutions; default: as `weights`, whose density is then that of both together.
   */
  readonly convs?: SpreadInitOptions | undefined;
  /**
   * What is different in single layers, by their names, e.g. `{ "stem.conv": { density: 1 } }`.
   * Default: nothing.
   */
  readonly layers?: Readonly<Record<string, WeightInitOptions>> | undefined;
  /** See biasInit; default: positive biases below 1 / sqrt(fanIn). */
  readonly biases?: Omit<BiasInitOptions, "random" | "fanIn"> | undefined;
}

const WEIGHTS: OptionKeys<WeightInitOptions> = {
  density: 1,
  mask: 1,
  count: 1,
  atLeast: 1,
  rule: 1,
  fan: 1,
  distribution: 1,
  varianceFactor: 1,
};

/**
 * Draws all parameters of a model; the keys are `<layer>.<parameter>`.
 *
 * @throws InputError as sparseInit and biasInit, or if `layers` names a layer without weights;
 *   also for an unknown key
 */
export function initialParameters(
  model: Model,
  random: Random,
  options: InitOptions = {},
): Map<string, Float32Array> {
  const { weights, convs = weights, layers = {}, biases } = checkedInit(options);
  checkNames(model, Object.keys(layers));
  const densities = spreadDensities(model, weights, convs, layers);
  const drawn = new Map<string, Float32Array>();
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn, initial } of node.parameters) {
      const theta = new Float32Array(size(shape));
      if (initial !== undefined) theta.fill(initial);
      else if (isWeightRole(role)) {
        const { spread: _, ...common } = (role === "conv" ? convs : weights) ?? {};
        const density = densities.get(node.name) ?? 1;
        sparseInit(theta, shape, {
          ...common,
          density,
          ...withoutUndefined(layers[node.name] ?? {}),
          random,
        });
      } else biasInit(theta, { ...biases, fanIn, random });
      drawn.set(`${node.name}.${name}`, theta);
    }
  }
  return drawn;
}

function checkedInit(options: InitOptions): InitOptions {
  const {
    weights,
    convs,
    layers = {},
    biases,
  } = knownOptions("init", options, {
    weights: 1,
    convs: 1,
    layers: 1,
    biases: 1,
  });
  for (const [name, group] of Object.entries({ weights, convs })) {
    if (group) knownOptions(`init.${name}`, group, { ...WEIGHTS, spread: 1 });
  }
  for (const [name, layer] of Object.entries(layers))
    knownOptions(`init.layers["${name}"]`, layer, WEIGHTS);
  if (biases) knownOptions("init.biases", biases, { r0: 1, signed: 1 });
  return options;
}

/**
 * Densities by layer. Linear layers and convolutions share one, unless `convs` is an entry of its
 * own.
 */
function spreadDensities(
  { nodes }: Model,
  weights: SpreadInitOptions | undefined,
  convs: SpreadInitOptions | undefined,
  own: NonNullable<InitOptions["layers"]>,
): Map<string, number> {
  const densities = new Map<string, number>();
  const spread = (
    { density = 1, spread: how }: SpreadInitOptions = {},
    ...roles: readonly string[]
  ) => {
    const members = nodes.flatMap(({ name, parameters }) =>
      parameters.filter(({ role }) => roles.includes(role)).map(({ shape }) => ({ name, shape })),
    );
    const sharing = members.filter(({ name }) => own[name]?.density === undefined);
    const shapes = sharing.map(({ shape }) => shape);
    layerDensities(shapes, density, how).forEach((value, k) =>
      densities.set(sharing[k].name, value),
    );
  };
  if (convs === weights) spread(weights, "weight", "conv");
  else {
    spread(weights, "weight");
    spread(convs, "conv");
  }
  return densities;
}

function checkNames(model: Model, names: readonly string[]): void {
  const known = model.nodes
    .filter(({ parameters }) => parameters.some(({ role }) => isWeightRole(role)))
    .map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new InputError(
      `init.layers: the model has no layer "${name}" with ` +
        `weights${didYouMean(name, known)}; layers: ${known.join(", ")}`,
    );
  }
}
