/**
 * Node's own modules, without a static import that a bundler for browsers would stumble over.
 */

/** A built-in module of Node, or undefined in a browser. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  return globalThis.process?.getBuiltinModule?.(name) as NodeModules[K] | undefined;
}

/** Who runs this in Node's place, if it is one that has Node's modules, too. */
export function inPlaceOfNode(): "Bun" | "Deno" | undefined {
  const versions: Readonly<Record<string, string | undefined>> = globalThis.process?.versions ?? {};
  if (versions["bun"]) return "Bun";
  return versions["deno"] ? "Deno" : undefined;
}

interface NodeModules {
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:timers": typeof import("node:timers");
  "node:url": typeof import("node:url");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:zlib": typeof import("node:zlib");
}
