/** What a run was asked to do, as MLflow's parameters: names and texts. */

/** What a server takes at most, in characters. */
const LONGEST_NAME = 250;
const LONGEST_VALUE = 6000;

export interface RunParameter {
  readonly key: string;
  readonly value: string;
}

/**
 * The values within an object, by their paths: `optimizer.weights.tau`. A list of plain values is
 * one value, `[784,200,10]`; of others each has its place, `layers.0.units`.
 */
export function parametersOf(values: object): RunParameter[] {
  return entriesOf(values, "").map(([key, value]) => ({
    key: nameOf(key),
    value: value.slice(0, LONGEST_VALUE),
  }));
}

/** A name with signs only that MLflow allows. */
export function nameOf(name: string): string {
  return name.replaceAll(/[^\w./ :-]/g, "_").slice(0, LONGEST_NAME);
}

function entriesOf(values: object, before: string): [key: string, value: string][] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    const key = before + name;
    if (value === undefined || value === null) return [];
    if (typeof value !== "object") return [[key, String(value)] as [string, string]];
    const isPlain = Array.isArray(value) && value.every((item) => typeof item !== "object");
    return isPlain ? [[key, JSON.stringify(value)]] : entriesOf(value, `${key}.`);
  });
}
