/**
 * Entry point `bregman/tfjs`: LinBreg and AdaBreg for TensorFlow.js, as classes of
 * `tf.train.Optimizer` that are written and read with a model. It needs @tensorflow/tfjs-core, or
 * @tensorflow/tfjs, which has it.
 */
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "../errors.js";
import { adaBreg, type AdaBregOptions } from "../optim/ada-breg.js";
import { linBreg, type LinBregOptions } from "../optim/lin-breg.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import type { ArrayLibrary } from "./arrays.js";
import { checkStandard, type StandardRegularizer } from "./prox.js";
import { nextState, startState, type DualState } from "./step.js";

export type { AdaBregOptions } from "../optim/ada-breg.js";
export type { LinBregOptions } from "../optim/lin-breg.js";

/** A tensor with its name, which the library exports no type of. */
type NamedTensor = Awaited<ReturnType<tf.Optimizer["getWeights"]>>[number];

const ARRAYS: ArrayLibrary<tf.Tensor> = {
  outputs: "last",
  shapeOf: (a) => a.shape,
  zerosLike: (a) => tf.zerosLike(a),
  scalar: (value) => tf.scalar(value),
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  sqrt: (a) => tf.sqrt(a),
  abs: (a) => tf.abs(a),
  sign: (a) => tf.sign(a),
  maximum: (a, least) => tf.maximum(a, least),
  sum: (a, axes) => tf.sum(a, [...axes], true),
};

/** Parts of a state, in the order in which they are saved. */
const PARTS = ["v", "m1", "m2", "c1", "c2"] as const;
type Part = (typeof PARTS)[number];

type Held = { readonly [Key in Part]?: tf.Variable } & { readonly v: tf.Variable };

/** What both have in common: all except the rule. */
abstract class BregmanOptimizer extends tf.Optimizer {
  /** By the names of the variables. */
  #held = new Map<string, Held>();
  readonly #optimizer: Optimizer;
  readonly #options: object;

  protected constructor(optimizer: Optimizer, options: object) {
    super();
    checkStandard(optimizer.kind, optimizer.regularizer);
    this.#optimizer = optimizer;
    this.#options = options;
  }

  /** Options as JSON has them. */
  override getConfig(): tf.serialization.ConfigDict {
    const regularizer = regularizerConfig(this.#optimizer.regularizer);
    return { ...this.#options, regularizer } as unknown as tf.serialization.ConfigDict;
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    of: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new of(optionsOf(config));
  }

  /** Moves variables by their gradients, as `minimize` does. */
  applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const named = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    for (const { name, tensor } of named) {
      // A variable that the loss does not depend on has none.
      if (!tensor) continue;
      const variable = tf.engine().registeredVariables[name];
      const held = this.#held.get(name);
      tf.tidy(() => {
        const start = held ?? startState(ARRAYS, this.#optimizer, variable as tf.Tensor);
        const { theta, state } = nextState<tf.Tensor>(
          ARRAYS,
          this.#optimizer,
          start,
          variable,
          tensor,
        );
        variable.assign(theta as tf.Variable);
        if (held) assign(held, state);
        else this.#held.set(name, hold(state));
      });
    }
    this.incrementIterations();
  }

  /** v of a variable, once it has moved: the caller may look at it, and not dispose of it. */
  dual(variable: tf.Variable): tf.Tensor | undefined {
    return this.#held.get(variable.name)?.v;
  }

  /** What a later optimizer goes on from: the number of steps, v, moments. */
  override async getWeights(): Promise<NamedTensor[]> {
    const tensors = [...this.#held].flatMap(([name, held]) =>
      PARTS.flatMap((part) => {
        const tensor = held[part];
        return tensor ? [{ name: `${name}/${part}`, tensor: tensor as tf.Tensor }] : [];
      }),
    );
    return [await this.saveIterations(), ...tensors];
  }

  /** Goes on from what {@link getWeights} gave, for variables of the same names. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const tensors = await this.extractIterations(weights);
    const states = new Map<string, Partial<Record<Part, tf.Tensor>>>();
    for (const { name, tensor } of tensors) {
      const at = name.lastIndexOf("/");
      const part = PARTS.find((candidate) => candidate === name.slice(at + 1));
      if (!part)
        throw new InputError(`setWeights: expected a name that ends with /v, found ${name}`);
      const of = name.slice(0, at);
      states.set(of, { ...states.get(of), [part]: tensor });
    }
    this.#release();
    for (const [name, state] of states) this.#held.set(name, hold(state as DualState<tf.Tensor>));
  }

  override dispose(): void {
    this.#release();
  }

  #release(): void {
    for (const held of this.#held.values()) tf.dispose(Object.values(held));
    this.#held = new Map();
  }
}

/** A state in variables of its own, which outlive a `tidy`. */
function hold(state: DualState<tf.Tensor>): Held {
  const entries = Object.entries(state) as [Part, tf.Tensor][];
  return Object.fromEntries(
    entries.map(([part, tensor]) => [part, tf.variable(tensor, false)]),
  ) as unknown as Held;
}

function assign(held: Held, state: DualState<tf.Tensor>): void {
  for (const part of PARTS) held[part]?.assign(state[part] as tf.Variable);
}

/** What of a regularizer is written with a model: enough to take its prox. */
function regularizerConfig(regularizer: Regularizer): tf.serialization.ConfigDict {
  const { lambda, groups, mu, standardForm } = regularizer;
  const config: StandardRegularizer & { kind: string } = {
    // For messages.
    kind: `${regularizer.kind}`,
    lambda,
    standardForm,
    ...(groups !== undefined && { groups }),
    ...(mu !== undefined && { mu }),
  };
  return JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict;
}

/** The options of a config, whose regularizer is plain data: all that is used of one here. */
function optionsOf(config: tf.serialization.ConfigDict): object {
  const plain = config["regularizer"] as unknown as StandardRegularizer & { kind: string };
  const unused = () => {
    throw new InputError("a regularizer that was read with a model has no value of its own");
  };
  const functions = { value: unused, prox: unused, subgradient: unused };
  return { ...config, regularizer: { ...plain, ...functions } };
}

/**
 * LinBreg for `model.compile` and `minimize`. The regularizer is that of variables with two or more
 * dimensions, `[in, out]` and `[height, width, in, out]` as layers of TensorFlow.js have them;
 * others, such as biases, have none. Its groups are by the names they have here: "rows" are all
 * weights into one output.
 *
 * @example
 * const optimizer = new LinBregOptimizer({ tau: 0.1, regularizer: l1(0.1) });
 * model.compile({ optimizer, loss: "categoricalCrossentropy" });
 */
export class LinBregOptimizer extends BregmanOptimizer {
  /** Name in the files of models. */
  static readonly className = "LinBreg";

  /** @throws InputError as `linBreg`, and for a regularizer without a standard form */
  constructor(options: LinBregOptions = {}) {
    super(linBreg(options), options);
  }
}

/**
 * AdaBreg; variables as those of {@link LinBregOptimizer}.
 *
 * @example
 * const optimizer = new AdaBregOptimizer({ tau: 1e-3, regularizer: l1(0.1) });
 * optimizer.minimize(() => loss());
 */
export class AdaBregOptimizer extends BregmanOptimizer {
  /** Name in the files of models. */
  static readonly className = "AdaBreg";

  /** @throws InputError as `adaBreg`, and for a regularizer without a standard form */
  constructor(options: AdaBregOptions = {}) {
    super(adaBreg(options), options);
  }
}

tf.serialization.registerClass(LinBregOptimizer as never);
tf.serialization.registerClass(AdaBregOptimizer as never);
