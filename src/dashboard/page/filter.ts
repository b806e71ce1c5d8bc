/**
 * Filters of the table, as one types them: words that a run must have, and columns with a bound.
 *
 *     mnist adabreg density<5% test>=0.97 seed=1 state=running
 */
import type { RunSummary } from "../messages.js";
import { COLUMNS } from "./columns.js";

export interface Filter {
  readonly fits: (run: RunSummary) => boolean;
  /** What can't be understood, and counts for nothing. */
  readonly faults: readonly string[];
}

const TERM = /^([a-z]+)(<=|>=|<|>|=|:)(.+)$/;

/** The filter that a text asks for. */
export function parseFilter(text: string): Filter {
  const faults: string[] = [];
  const terms = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const [, name, sign, bound] = TERM.exec(word) ?? [];
      if (name === undefined) return hasWord(word);
      const test = comparison(name, sign, bound);
      if (typeof test !== "string") return test;
      faults.push(test);
      return () => true;
    });
  return { fits: (run) => terms.every((fits) => fits(run)), faults };
}

type Test = (run: RunSummary) => boolean;

function hasWord(word: string): Test {
  return ({ id, recipe, state, optimizer = "" }) =>
    [id, recipe, state, optimizer].some((part) => part.toLowerCase().includes(word));
}

/** The test of a column, or what is wrong with it. */
function comparison(name: string, sign: string, bound: string): Test | string {
  const column = COLUMNS.find((one) => one.name.startsWith(name));
  if (!column && name !== "recipe") return `no column is called ${name}`;
  const value = column?.value ?? (({ recipe }: RunSummary) => recipe);
  const number = numberOf(bound, column?.isShare === true);
  if (sign === "=" || sign === ":") {
    return (run) => {
      const found = value(run);
      return typeof found === "number"
        ? found === number
        : found !== undefined && found.toLowerCase().includes(bound);
    };
  }
  if (Number.isNaN(number)) return `${bound} is no number`;
  return (run) => {
    const found = value(run);
    if (typeof found !== "number") return false;
    if (sign === "<") return found < number;
    if (sign === "<=") return found <= number;
    return sign === ">" ? found > number : found >= number;
  };
}

/** Shares may be said in percent: with the sign, or by a number above 1. */
function numberOf(text: string, isShare: boolean): number {
  const hasSign = text.endsWith("%");
  const number = text === "%" ? Number.NaN : Number(hasSign ? text.slice(0, -1) : text);
  return isShare && (hasSign || number > 1) ? number / 100 : number;
}
