/** A parameter in shared memory: dense theta, and the form that it has at the moment (form/). */
import { size } from "../shape-size.js";
import type { ConvLayout } from "./form/conv-layout.js";
import { createPattern, type PatternKind } from "./form/create-pattern.js";
import { denseForm, type DenseForm } from "./form/dense.js";
import type { Form, PatternForm, Weight } from "./form/form.js";
import type { Memory } from "./memory.js";

/**
 * Weights of linear layers and of convolutions, biases, batch norm's factors, scalars of skip
 * connections.
 */
export type ParameterRole = "weight" | "conv" | "bias" | "norm" | "skip";

/** Whether a parameter counts as weights: those of linear layers and of convolutions. */
export function isWeightRole(role: ParameterRole): boolean {
  return role === "weight" || role === "conv";
}

export interface Parameter extends Weight {
  /** It is not trained. */
  readonly still?: true;
  /** `<layer>.<name>`, e.g. "linear1.weight". */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly dense: DenseForm;
  /** Kept where sparse kernels can be used. */
  readonly pattern?: PatternForm;
  /** The one of the two that it has now: it is up to date, and kernels multiply by it. */
  form: Form;
  /** Which kernels these are. */
  readonly kernel: "dense" | "sparse";
  /**
   * What steps with a frozen pattern compute: "pattern" the gradient of its weights alone (sparse
   * kernels only), "all" every weight's, where that is cheaper. Where it is "all", no gradient is
   * estimated either.
   */
  gradient: "all" | "pattern";
}

export interface ParameterOptions {
  /** Keep a pattern of this kind, so that sparse kernels can be used. */
  readonly pattern?: PatternKind | undefined;
  /** Keep its transpose too, for the input gradient. */
  readonly transpose?: boolean | undefined;
  /** The weight is a convolution's. */
  readonly conv?: ConvLayout | undefined;
}

/**
 * Gives a parameter its place in memory. A vector [n] is one row of n columns; everything starts
 * dense and zero.
 */
export function createParameter(
  memory: Memory,
  { name, role, shape, still }: Pick<Parameter, "name" | "role" | "shape" | "still">,
  { pattern: kind, transpose = false, conv }: ParameterOptions = {},
): Parameter {
  const rows = shape.length > 1 ? shape[0] : 1;
  const cols = size(shape) / rows;
  const weight: Weight = {
    rows,
    cols,
    theta: memory.allocate(rows * cols * 4),
    counts: memory.allocate(rows * 4),
    changed: memory.allocate(rows * 4),
    columns: conv ? memory.put(conv.columns) : 0,
    ...(conv ? { conv } : {}),
  };
  const dense = denseForm(memory, weight);
  const pattern = kind && createPattern(memory, weight, { kind, transposed: transpose });
  return {
    name,
    role,
    shape,
    ...(still && { still }),
    ...weight,
    dense,
    ...(pattern && { pattern }),
    form: dense,
    get kernel() {
      return this.form === this.dense ? "dense" : "sparse";
    },
    gradient: "all",
  };
}

/** The form of a parameter by which such kernels multiply. Sparse ones need a pattern. */
export function formFor({ dense, pattern }: Parameter, kernel: Parameter["kernel"]): Form {
  return kernel === "dense" ? dense : pattern!;
}

/** Whether a step, frozen or not, needs the gradient of the pattern's weights alone. */
export function needsPatternOnly({ gradient }: Parameter, frozen: boolean): boolean {
  return frozen && gradient === "pattern";
}

/** The form that holds the weights whose gradient a step, frozen or not, needs. */
export function gradientForm(parameter: Parameter, frozen: boolean): Form {
  return formFor(parameter, needsPatternOnly(parameter, frozen) ? "sparse" : "dense");
}

/** The layer that a parameter belongs to, by its name: "stem.conv" of "stem.conv.weight". */
export function layerOf({ name }: Parameter): string {
  return name.slice(0, name.lastIndexOf("."));
}
