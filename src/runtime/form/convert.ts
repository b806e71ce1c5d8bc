/** From one form to another, by way of theta. */
import type { Op } from "../kernel-table.js";
import type { Memory } from "../memory.js";
import type { Form, PatternForm, Weight } from "./form.js";

/** What has forms: a parameter. */
export interface Formed extends Weight {
  readonly pattern?: PatternForm;
  form: Form;
}

/** Where it is done. */
export interface Converter {
  readonly memory: Memory;
  /** Runs ops once. */
  run(ops: readonly Op[]): void;
}

/**
 * Makes patterns from theta; of those that are the parameter's form the transposes too, whatever
 * was in them.
 *
 * @param resting - weights that are zero in theta, and belong to the pattern nevertheless
 */
export function makePatterns<P extends Formed>(
  { memory, run }: Converter,
  parameters: Iterable<P>,
  resting: ReadonlyMap<P, Int32Array> = new Map(),
): void {
  const made = [...parameters].flatMap((parameter) => {
    const { pattern, form } = parameter;
    return pattern ? [{ pattern, isForm: form === pattern, rests: resting.get(parameter) }] : [];
  });
  run(made.flatMap(({ pattern }) => pattern.fromTheta()));
  for (const { pattern, rests } of made) if (rests) pattern.rest(rests);
  const transposes = made.flatMap(({ pattern: { transpose }, isForm }) =>
    isForm && transpose ? [transpose] : [],
  );
  const forces = transposes.map(({ force }) => memory.i32(force, 1));
  for (const word of forces) word[0] = 1;
  run(transposes.map(({ update }) => update));
  for (const word of forces) word[0] = 0;
}

/** Gives parameters other forms, made from those they have. */
export function changeForms(converter: Converter, changes: ReadonlyMap<Formed, Form>): void {
  const parameters = [...changes.keys()];
  converter.run(parameters.flatMap(({ form }) => form.toTheta()));
  for (const [parameter, form] of changes) parameter.form = form;
  makePatterns(
    converter,
    parameters.filter(({ form, pattern }) => form === pattern),
  );
}
