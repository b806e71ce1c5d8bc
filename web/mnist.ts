/** The digits, from beside the page. */
import { fromArrays, parseIdx, UnusableFileError, type Dataset } from "bregman/browser";

/** Mean and deviation of the training pixels, white being 1. */
export const NORMALIZATION = { mean: [0.1307], std: [0.3081] };

/**
 * @param base - address beside which the four files are
 * @throws UnusableFileError that names the file, if one is not there
 */
export async function loadDigits(base: string): Promise<Dataset> {
  const [train, test] = await Promise.all([part(base, "train"), part(base, "t10k")]);
  return fromArrays({ shape: [1, 28, 28], ...NORMALIZATION, train, test });
}

async function part(base: string, name: string) {
  const files = [`${name}-images-idx3-ubyte`, `${name}-labels-idx1-ubyte`];
  const [inputs, labels] = await Promise.all(files.map((file) => array(base, file)));
  return { inputs, labels };
}

async function array(base: string, file: string): Promise<Uint8Array> {
  const response = await fetch(new URL(file, base));
  if (!response.ok)
    throw new UnusableFileError(`${file} is not there: ${response.status} ${response.statusText}`);
  return parseIdx(new Uint8Array(await response.arrayBuffer()), { where: file }).data;
}
