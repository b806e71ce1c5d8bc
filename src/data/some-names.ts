/** Names in a line of a message: all of a few, the first and the last of many. */
export function someNames(names: readonly string[]): string {
  const shown = names.length > 12 ? [...names.slice(0, 10), "...", names[names.length - 1]] : names;
  return shown.join(", ");
}
