/**
 * Says in plain words what is wrong with a recipe: one line a problem, each with the key's path,
 * what was found and what is allowed, and for misspelt names the nearest known one.
 */
import type * as z from "../bundled/zod.js";
import { didYouMean } from "../nearest.js";

/** One fault: where, and in words. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

type Issue = z.core.$ZodRawIssue;

/**
 * Checks `input` against `schema`: the parsed value, or every problem found.
 */
export function check<T>(
  schema: z.ZodType<T>,
  input: unknown,
): { value: T } | { problems: Problem[] } {
  const result = schema.safeParse(input, { error: explain });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => problemsOf(issue)) };
}

function problemsOf(issue: z.core.$ZodIssue, parents: readonly PropertyKey[] = []): Problem[] {
  const path = [...parents, ...issue.path];
  // Several unknown keys of one object are one issue with one line each.
  if (issue.code === "unrecognized_keys") {
    return issue.message.split("\n").map((text, i) => ({ path: [...path, issue.keys[i]], text }));
  }
  if (issue.code === "invalid_union") {
    // Of a union of several types, the faults by the one that the value is of.
    const ofItsType = issue.errors.filter(
      ([first]) => first.code !== "invalid_type" || first.path.length > 0,
    );
    if (ofItsType.length === 1) return ofItsType[0].flatMap((inner) => problemsOf(inner, path));
  }
  return [{ path, text: issue.message }];
}

/** optimizer.weights.tau, model.features[1]; "recipe", or another word, for the whole. */
export function pathName(path: readonly PropertyKey[], whole = "recipe"): string {
  const name = path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[${key}]`
        : text === ""
          ? String(key)
          : `${text}.${String(key)}`,
    "",
  );
  return name || whole;
}

/** The message for one issue; undefined leaves zod's own. */
function explain(issue: Issue): string | undefined {
  switch (issue.code) {
    case "unrecognized_keys": {
      const allowed = allowedKeys(issue.inst);
      return issue.keys
        .map((key) => `unknown key${didYouMean(key, allowed)}; allowed: ${allowed.join(", ")}`)
        .join("\n");
    }
    case "invalid_type":
      return expectedFound(article(issue.expected), issue.input);
    case "invalid_value":
      return oneOf(issue.values, issue.input);
    case "invalid_union":
      return oneOf(discriminants(issue.options), valueAt(issue.input, issue.discriminator));
    case "too_small":
      return expectedFound(
        bound(issue.inclusive ? "at least" : "more than", issue.minimum, issue.origin),
        issue.input,
      );
    case "too_big":
      return expectedFound(
        bound(issue.inclusive ? "at most" : "less than", issue.maximum, issue.origin),
        issue.input,
      );
    default:
      // Formats and custom checks bring their own words.
      return undefined;
  }
}

function allowedKeys(schema: unknown): string[] {
  const { shape } = (schema as z.ZodObject)._zod.def;
  return Object.keys(shape).filter((key) => !key.startsWith("$"));
}

function discriminants(options: unknown): unknown[] {
  // A kind that may be left out counts undefined among its values.
  return Array.isArray(options) ? options.filter((value) => value !== undefined) : [];
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const names = values.map(String);
  const near = typeof input === "string" ? didYouMean(input, names) : "";
  return `${expectedFound(`one of ${names.join(", ")}`, input)}${near}`;
}

function expectedFound(expected: string, input: unknown): string {
  return input === undefined
    ? `missing; expected ${expected}`
    : `expected ${expected}, found ${show(input)}`;
}

function bound(relation: string, limit: number | bigint, origin: string): string {
  if (origin === "array") return `${relation} ${limit} elements`;
  return origin === "string"
    ? `a text of ${relation} ${limit} characters`
    : `a value ${relation} ${limit}`;
}

function article(type: string): string {
  if (type === "int") return "an integer";
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function valueAt(input: unknown, key: string | undefined): unknown {
  return key !== undefined && typeof input === "object" && input !== null
    ? Reflect.get(input, key)
    : input;
}

/** The value as JSON, cut to a readable length. */
function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
