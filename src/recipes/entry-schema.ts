/**
 * The schema of what recipes say in entries (entry.ts): one member of a union for each, by its
 * kind.
 */
import * as z from "../bundled/zod.js";
import type { Entry, Given, Key, Keys, Options } from "../entry.js";
import { found } from "./union-fault.js";
import { InputError } from "../errors.js";

/** What any entry is, whatever it makes. */
export type AnyEntry = Entry<string, unknown, unknown, never>;

/** One object type in place of an intersection. */
type Flat<T> = { [Name in keyof T]: T[Name] };

/** What a recipe says by an entry, defaults filled in. */
export type Said<E> =
  E extends Entry<infer Kind, infer All, infer _Made, infer _Run>
    ? Flat<{ kind: Kind } & Options<All>>
    : never;

/** The same as people write it. */
export type SaidBriefly<E> =
  E extends Entry<infer Kind, infer All, infer _Made, infer _Run>
    ? Flat<{ kind: Kind } & Given<All>>
    : never;

/**
 * The union of some entries.
 *
 * @param check - of what is said by one of them: what it throws is a fault of the recipe
 */
export function schemaOf<E extends AnyEntry>(
  entries: readonly E[],
  check: (said: Said<E>) => void = () => {},
): z.ZodType<Said<E>, SaidBriefly<E>> {
  const members = entries.map(({ kind, keys, about }) => {
    const shape = Object.entries(keys as Keys).map(([name, key]) => [name, valueSchema(key)]);
    const member = z
      .strictObject({ kind: z.literal(kind), ...Object.fromEntries(shape) })
      .superRefine((said, context) => faultOf(() => check(said as Said<E>), context));
    return about === undefined ? member : member.describe(about);
  });
  // The data say what the types do: see Said.
  return z.discriminatedUnion("kind", members as never) as unknown as z.ZodType<
    Said<E>,
    SaidBriefly<E>
  >;
}

/**
 * What a function throws about values that don't go together, as a fault of the recipe. Where one
 * of the values is a fault already, nothing more can be told from them.
 */
export function faultOf(make: () => void, context: z.RefinementCtx, ...path: string[]): void {
  if (context.issues.some((issue) => path.every((key, k) => issue.path?.[k] === key))) return;
  try {
    make();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    context.addIssue({ code: "custom", path, message: error.message, continue: false });
  }
}

function valueSchema(key: Key): z.ZodType {
  const plain = key.about === undefined ? plainSchema(key) : plainSchema(key).describe(key.about);
  if (key.optional) return plain.optional();
  return key.default === undefined ? plain : plain.default(key.default);
}

function plainSchema(key: Key): z.ZodType {
  switch (key.type) {
    case "boolean":
      return z.boolean();
    case "either":
      return z.union(key.of.map(valueSchema), found(key.says));
    case "choice":
      return z.enum(key.of);
    case "list":
      return z.array(valueSchema(key.of)).min(1);
    case "tuple":
      return z.tuple(key.of.map(valueSchema) as [z.ZodType, ...z.ZodType[]]);
    case "number":
    case "integer": {
      const { least, above, most, below } = key;
      let number: z.ZodNumber = key.type === "number" ? z.number() : z.int();
      if (least !== undefined) number = number.gte(least);
      if (above !== undefined) number = number.gt(above);
      if (most !== undefined) number = number.lte(most);
      if (below !== undefined) number = number.lt(below);
      return number;
    }
  }
}
