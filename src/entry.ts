/**
 * How a recipe says a thing: plain data, beside the function that makes it. Recipes make a schema
 * of them (recipes/entry-schema.ts), and find them by the exports of the thing's folder: nothing
 * else has to be registered.
 *
 *     stepDecay.entry = entry("step", { every: { type: "integer", above: 0 }, ... }, stepDecay);
 */

/** What may stand under a key. */
export type Key = (NumberKey | BooleanKey | ChoiceKey | ListKey | TupleKey | EitherKey) & {
  /** What it is if it is left out. */
  readonly default?: unknown;
  /** It may be left out, and then is. */
  readonly optional?: true;
  /** For editors. */
  readonly about?: string;
};

interface NumberKey {
  readonly type: "number" | "integer";
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

interface BooleanKey {
  readonly type: "boolean";
}

interface ChoiceKey {
  readonly type: "choice";
  readonly of: readonly string[];
}

/** At least one of them. */
interface ListKey {
  readonly type: "list";
  readonly of: Key;
}

interface TupleKey {
  readonly type: "tuple";
  readonly of: readonly Key[];
}

/** One of several forms. */
interface EitherKey {
  readonly type: "either";
  readonly of: readonly Key[];
  /** What a message says was expected. */
  readonly says: string;
}

export type Keys = Readonly<Record<string, Key>>;

type ValueOf<K> = K extends { readonly type: "number" | "integer" }
  ? number
  : K extends { readonly type: "boolean" }
    ? boolean
    : K extends { readonly type: "choice"; readonly of: readonly (infer Choice)[] }
      ? Choice
      : K extends { readonly type: "either"; readonly of: readonly (infer Form)[] }
        ? ValueOf<Form>
        : K extends { readonly type: "list"; readonly of: infer Part }
          ? ValueOf<Part>[]
          : K extends { readonly type: "tuple"; readonly of: infer Parts }
            ? { -readonly [I in keyof Parts]: ValueOf<Parts[I]> }
            : never;

type NamesWith<All, Property> = {
  [Name in keyof All]: All[Name] extends Property ? Name : never;
}[keyof All];
type Optional = { readonly optional: true };

/** What the keys say, defaults filled in. */
export type Options<All> = {
  -readonly [Name in Exclude<keyof All, NamesWith<All, Optional>>]: ValueOf<All[Name]>;
} & {
  -readonly [Name in NamesWith<All, Optional>]?: ValueOf<All[Name]> | undefined;
};

type MayBeAbsent = Optional | { readonly default: unknown };

/** What a recipe says: what has a default may be left out. */
export type Given<All> = {
  -readonly [Name in Exclude<keyof All, NamesWith<All, MayBeAbsent>>]: ValueOf<All[Name]>;
} & {
  -readonly [Name in NamesWith<All, MayBeAbsent>]?: ValueOf<All[Name]> | undefined;
};

export interface Entry<Kind extends string, All, Made, Run = void> {
  /** Its `kind` in recipes. */
  readonly kind: Kind;
  readonly keys: All;
  /**
   * The thing.
   *
   * @param run - what it must know of the run
   * @throws InputError if the values don't go together
   */
  make(options: Options<All>, run: Run): Made;
  /** For editors. */
  readonly about?: string | undefined;
}

/** An entry, its types taken from its keys. */
export function entry<const Kind extends string, const All extends Keys, Made, Run = void>(
  kind: Kind,
  keys: All,
  make: (options: Options<All>, run: Run) => Made,
  about?: string,
): Entry<Kind, All, Made, Run> {
  return { kind, keys, make, about };
}

/** The entries of what a folder exports. */
export function entriesOf<Exports extends object>(exports: Exports): readonly EntryIn<Exports>[] {
  return Object.values(exports).flatMap((value) =>
    typeof value === "function" && "entry" in value ? [value.entry as EntryIn<Exports>] : [],
  );
}

type EntryIn<Exports> = Extract<Exports[keyof Exports], { readonly entry: unknown }>["entry"];
