/**
 * Files of the package that are no code: kernels, the addon, the worker of a pool, recipes. They
 * are found from where this code is. In a bundle it is somewhere else, and so says who looks for
 * them.
 */

/** Where this code is. A bundle of CommonJS does not know. */
const HERE = import.meta.url as string | undefined;

/** Ends a message about a file that is not there. */
export const KEEP_EXTERNAL =
  "if bregman is in a bundle, keep it external to it (esbuild: --external:bregman)";

/**
 * The address of a file, or of a folder with a slash at its end, from the package's root; undefined
 * where it can't be known.
 */
export function packageFile(path: string): URL | undefined {
  return HERE ? new URL(`../${path}`, HERE) : undefined;
}
