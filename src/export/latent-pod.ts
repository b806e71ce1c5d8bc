/**
 * Latent POD (proper orthogonal decomposition): a smaller latent space for an autoencoder, after
 * training.
 *
 *     encoder  z = W_e x + b_e,   decoder  y = W_d z + b_d,   nothing between them;   W_e = U S V^T
 *     r   = #{ k : (sum S^2 - sum_{j <= k} S_j^2) / sum S^2 >= tolerance } + 1
 *     W_e <- S_r V_r^T,  b_e <- 0,  W_d <- W_d U_r,  b_d <- b_d + W_d b_e
 *
 * y changes by W_d (U_r U_r^T - I) W_e x, so by at most |W_d| S_{r+1} |x|: not at all if the rank
 * of W_e is r. Source: Heeringa et al. on autoencoders with nuclear-norm Bregman training, who
 * train W_e to a low rank.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { Matrix, SVD } from "../bundled/ml-matrix.js";
import type { ByWeight } from "../nn/layers/channels.js";
import { ruleOf, type Layer } from "../nn/layers/rules.js";
import type { ModelNode } from "../nn/model.js";
import { checkNetwork, type Network } from "../nn/network.js";
import { modelOf } from "../nn/rebuild.js";

export interface LatentPodOptions {
  /** Share of the squares of the singular values that may be lost, in [0, 1). Default 1e-6. */
  readonly tolerance?: number | undefined;
  /**
   * Name of the last encoder layer; default: the only linear layer that is read by one linear layer
   * and nobody else.
   */
  readonly encoder?: string | undefined;
}

const OPTIONS: OptionKeys<LatentPodOptions> = { tolerance: 1, encoder: 1 };

/**
 * A network with a latent space of the numerical rank of its last encoder matrix. It stays as it is
 * if that is full.
 *
 * @throws InputError if the tolerance is outside [0, 1), or there is no such encoder, or several
 *   and none is named
 * @example
 * const small = simplify(latentPod({ model, ...result }, { tolerance: 1e-8 }));
 */
export function latentPod(network: Network, options: LatentPodOptions = {}): Network {
  const { tolerance = 1e-6, encoder } = knownOptions("latentPod", options, OPTIONS);
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new InputError(`latentPod: tolerance must be at least 0 and below 1, found ${tolerance}`);
  }
  checkNetwork(network);
  const { nodes } = network.model;
  const [e, d] = findPair(network, encoder);
  const parameter = (node: number, key: string) =>
    network.parameters.get(`${nodes[node].name}.${key}`);
  const weightOf = (node: number) => {
    const { shape, data } = parameter(node, "weight")!;
    return Matrix.from1DArray(shape[0], shape[1], data);
  };
  const [encode, decode] = [weightOf(e), weightOf(d)];
  const svd = new SVD(encode, { autoTranspose: true });
  const order = svd.diagonal.map((_, k) => k).sort((a, b) => svd.diagonal[b] - svd.diagonal[a]);
  const rank = rankOf(
    order.map((k) => svd.diagonal[k]),
    tolerance,
  );
  if (rank >= encode.rows) return network;
  const kept = order.slice(0, rank);
  const U = svd.leftSingularVectors.subMatrixColumn(kept);
  const V = svd.rightSingularVectors.subMatrixColumn(kept);
  kept.forEach((k, column) => V.mulColumn(column, svd.diagonal[k]));

  const shift = decode.mmul(
    Matrix.columnVector(parameter(e, "bias")?.data ?? new Float32Array(encode.rows)),
  );
  const bias = Float32Array.from(
    shift.getColumn(0),
    (s, o) => s + (parameter(d, "bias")?.data[o] ?? 0),
  );
  const parameters = new Map(network.parameters);
  const set = (node: number, key: string, shape: readonly number[], data: ArrayLike<number>) =>
    parameters.set(`${nodes[node].name}.${key}`, { shape, data: Float32Array.from(data) });
  set(e, "weight", [rank, encode.columns], V.transpose().to1DArray());
  set(d, "weight", [decode.rows, rank], decode.mmul(U).to1DArray());
  set(d, "bias", [decode.rows], bias);
  parameters.delete(`${nodes[e].name}.bias`);
  const entries = nodes.map((node, k) => {
    if (k !== e && k !== d) return node;
    const to = k === e ? { out: rank, bias: false } : { inputs: rank, bias: true };
    return { ...node, layer: byMatrix(node)!.resized(node.layer, to) };
  });
  return { ...network, model: modelOf(network.model.input, entries), parameters };
}

/**
 * Singular values, the largest first, to keep so that the rest has less than this share of the
 * squares.
 */
function rankOf(sigma: readonly number[], tolerance: number): number {
  const total = sigma.reduce((sum, s) => sum + s * s, 0);
  let rest = total;
  const needed = sigma.filter((s) => {
    rest -= s * s;
    return total > 0 && rest / total >= tolerance;
  });
  return Math.min(needed.length + 1, sigma.length);
}

/** How channels go through a layer that is a product with a matrix, and a bias; else undefined. */
function byMatrix({ layer, parameters }: ModelNode): ByWeight<Layer> | undefined {
  const { channels } = ruleOf(layer);
  return channels.by === "weight" && parameters[0].shape.length === 2 ? channels : undefined;
}

/** The nodes of the last encoder layer and the first decoder layer. */
function findPair({ model: { nodes } }: Network, encoder: string | undefined): [number, number] {
  const pairs = nodes.flatMap((node, k): [number, number][] => {
    const readers = nodes.flatMap(({ inputs }, reader) => (inputs.includes(k) ? [reader] : []));
    const isPair = byMatrix(node) && readers.length === 1 && byMatrix(nodes[readers[0]]);
    return isPair ? [[k, readers[0]]] : [];
  });
  const names = pairs.map(([k]) => `"${nodes[k].name}"`).join(", ") || "none";
  const found = encoder === undefined ? pairs : pairs.filter(([k]) => nodes[k].name === encoder);
  if (found.length === 1) return found[0];
  const wanted = encoder === undefined ? "exactly one linear layer" : `a linear layer "${encoder}"`;
  throw new InputError(
    `latentPod: expected ${wanted} read by one linear layer without an activation between, found ${names}`,
  );
}
