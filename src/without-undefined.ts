/**
 * The same object without the keys whose value is undefined: absent means absent, in JSON, in types
 * and in spreads.
 */
export function withoutUndefined<T extends object>(object: {
  [K in keyof T]: T[K] | undefined;
}): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** The options, and where they are absent or undefined their defaults. */
export function withDefaults<T extends object, D extends { readonly [K in keyof T]?: unknown }>(
  defaults: D,
  options: T,
): T & { readonly [K in keyof T & keyof D]-?: NonNullable<T[K]> } {
  return { ...defaults, ...withoutUndefined<T>(options) } as never;
}
