/**
 * From a model to ops: the plan for one batch size.
 *
 * Time runs in moments: the batch is fetched at 0, node k runs forward at k + 1, the loss at n + 1, node k runs backward
 * at 2n + 1 - k. From these follow the lifetimes of all tensors, and arena.ts gives them places. Two fusions:
 * a ReLU behind a linear layer becomes that layer's epilogue, and its derivative a mask of the input gradient of the
 * layer behind it.
 *
 * The ops depend on which kernel each parameter uses at the moment (dense or sparse), the places do not: `lower` is
 * called again when a parameter has changed sides.
 */
import type { Memory } from "../runtime/memory.js";
import { placeTensors, type Lifetime } from "../runtime/arena.js";
import { TILE, type Op } from "../runtime/kernel-table.js";
import type { Parameter } from "../runtime/parameter.js";
import { paddedRow, size } from "./layers/layer.js";
import { ruleOf } from "./layers/rules.js";
import { inputShape, type Model } from "./model.js";
import { lossOps, type LossKind } from "./loss.js";
import { gatherOp, type SampleStore } from "./samples.js";

/** The ops of one node in one direction. */
export interface Stage {
  /** Name of the layer, or "input" or "loss". */
  readonly name: string;
  readonly ops: readonly Op[];
  /** Backward stages: parameters whose gradients are complete after it, each with the place of its gradient. */
  readonly gradients: readonly { readonly parameter: Parameter; readonly gradient: number }[];
  /** Where the stage's output is, and how many floats: for looking inside. */
  readonly output: { readonly offset: number; readonly length: number };
}

export interface Lowered {
  readonly forward: readonly Stage[];
  readonly loss: Stage;
  /** Last layer first; empty in a plan that only evaluates. */
  readonly backward: readonly Stage[];
}

export interface Plan {
  readonly model: Model;
  readonly batchSize: number;
  readonly tiles: number;
  /** Arena size in bytes: activations, gradients and scratch. */
  readonly bytes: number;
  /** Copies the model's output for the last batch to `out`, row-major [samples, features]; the length of `out` says how many samples. */
  readOutput(out: Float32Array): void;
  /** Sets the samples of the next step: their indices in the store, at most batchSize of them. */
  setBatch(indices: Int32Array): void;
  /** Sum of the losses and number of correct predictions of the last step. Losses sum over samples, or over elements for the squared error. */
  readLoss(): { loss: number; correct: number };
  /** The ops for the kernels that the parameters use now. */
  lower(): Lowered;
}

export interface CompileOptions {
  readonly memory: Memory;
  readonly batchSize: number;
  readonly loss: LossKind;
  /** "evaluate" leaves out the backward pass and reuses memory as soon as the forward pass allows. */
  readonly purpose: "train" | "evaluate";
  readonly samples: SampleStore;
  /** Parameters of the model by name, see parameter.ts. */
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/**
 * Compiles a model for one batch size.
 *
 * @throws TypeError if the samples do not have the model's input shape, or the loss does not fit its output
 */
export function compile(model: Model, options: CompileOptions): Plan {
  const { memory, batchSize, loss, purpose, samples, parameters } = options;
  if (samples.features !== size(model.input)) {
    throw new TypeError(
      `the data has ${samples.features} features a sample, the model's input is [${model.input.join(", ")}]`,
    );
  }
  const training = purpose === "train";
  const { nodes } = model;
  const n = nodes.length;
  const tiles = Math.ceil(batchSize / TILE);
  const activationBytes = (features: number) => tiles * features * TILE * 4;
  const forwardAt = (k: number) => k + 1;
  const lossAt = n + 1;
  const backwardAt = (k: number) => 2 * n + 1 - k;

  const isRelu = (k: number) => k >= 0 && k < n && nodes[k].layer.kind === "relu";
  const isLinear = (k: number) => k >= 0 && k < n && nodes[k].layer.kind === "linear";
  /** The ReLU at k is part of the linear layer before it: same tensor, no op forward. */
  const fused = (k: number) => isRelu(k) && isLinear(k - 1);
  /** The derivative of the ReLU at k is the mask of the linear layer behind it. */
  const masked = (k: number) => fused(k) && isLinear(k + 1);

  // Tensors and their lives. A fused ReLU shares its linear layer's tensors.
  const lives: Lifetime[] = [];
  const tensor = (bytes: number, from: number, to: number) => lives.push({ bytes, from, to }) - 1;
  const lastUse = (k: number) => (training ? backwardAt(k) : forwardAt(k + 1));
  const input = tensor(activationBytes(size(model.input)), 0, training ? backwardAt(0) : 1);
  const wantsRows = training && isLinear(0);
  const rowStride = paddedRow(size(model.input));
  const target = loss === "meanSquaredError" ? tensor(activationBytes(size(model.output)), lossAt, lossAt) : -1;
  const inputRows = wantsRows ? tensor(tiles * TILE * rowStride * 4, 0, backwardAt(0)) : -1;
  const y: number[] = [];
  const dy: number[] = [];
  const scratch: number[] = [];
  const gradients: number[][] = [];
  nodes.forEach((node, k) => {
    const bytes = activationBytes(size(node.shape));
    const end = fused(k + 1) ? k + 1 : k;
    y.push(fused(k) ? y[k - 1] : tensor(bytes, forwardAt(k), lastUse(end)));
    if (!training) return;
    // The gradient of y is written by the backward pass of the node behind, or by the loss.
    dy.push(
      masked(k)
        ? dy[k - 1]
        : tensor(bytes, k === n - 1 ? lossAt : backwardAt(k + 1) - (masked(k + 1) ? 1 : 0), backwardAt(k)),
    );
    const rule = ruleOf(node.layer);
    const scratchBytes = k === 0 && wantsRows ? 0 : rule.scratchBytes(inputShape(model, node), tiles);
    scratch.push(scratchBytes ? tensor(scratchBytes, backwardAt(k), backwardAt(k)) : -1);
    gradients.push(node.parameters.map((spec) => tensor(size(spec.shape) * 4, backwardAt(k), backwardAt(k))));
  });

  const placement = placeTensors(lives);
  const arena = memory.allocate(placement.bytes);
  const place = (k: number | undefined) => (k === undefined || k < 0 ? 0 : arena + placement.offsets[k]);

  const indices = memory.allocate(tiles * TILE * 4);
  const counts = memory.allocate(64);
  const partial = memory.allocate(tiles * 2 * 4);
  const output = place(y[n - 1]);
  const bound = nodes.map((node) => node.parameters.map((spec) => parameters.get(`${node.name}.${spec.name}`)!));

  const lower = (): Lowered => {
    const lowering = (k: number) => ({
      tiles,
      inputShape: inputShape(model, nodes[k]),
      outputShape: nodes[k].shape,
      parameters: bound[k],
      x: k === 0 ? place(input) : place(y[k - 1]),
      y: place(y[k]),
      fuseRelu: fused(k + 1),
      dy: place(dy[k]),
      dx: k === 0 ? 0 : place(dy[k - 1]),
      mask: masked(k - 1) ? place(y[k - 1]) : 0,
      xRows: k === 0 ? place(inputRows) : 0,
      scratch: place(scratch[k]),
      gradients: (gradients[k] ?? []).map(place),
    });
    const stage = (k: number, ops: readonly Op[], offset: number, shape: readonly number[]): Stage => ({
      name: nodes[k].name,
      ops,
      gradients: bound[k].map((parameter, p) => ({ parameter, gradient: place(gradients[k]?.[p]) })),
      output: { offset, length: offset ? tiles * size(shape) * TILE : 0 },
    });
    const gather = gatherOp(samples, { tiles, indices, out: place(input), rowsOut: place(inputRows), rowStride });
    const forward: Stage[] = [
      {
        name: "input",
        ops: [gather],
        gradients: [],
        output: { offset: place(input), length: tiles * samples.features * TILE },
      },
    ];
    nodes.forEach((node, k) => {
      const ops = fused(k) ? [] : ruleOf(node.layer).forward(node.layer, lowering(k));
      forward.push(stage(k, ops, place(y[k]), node.shape));
    });
    const lossStage: Stage = {
      name: "loss",
      ops: lossOps(loss, samples, {
        tiles,
        output,
        indices,
        counts,
        partial,
        features: size(model.output),
        gradient: place(dy[n - 1]),
        target: place(target),
      }),
      gradients: [],
      output: { offset: partial, length: tiles * 2 },
    };
    const backward: Stage[] = [];
    for (let k = n - 1; training && k >= 0; k--) {
      const at = lowering(k);
      const ops = masked(k) ? [] : ruleOf(nodes[k].layer).backward(nodes[k].layer, at);
      backward.push(stage(k, ops, at.dx, at.inputShape));
    }
    return { forward, loss: lossStage, backward };
  };

  return {
    model,
    batchSize,
    tiles,
    lower,
    bytes: placement.bytes,
    setBatch(batch) {
      if (batch.length > batchSize) {
        throw new RangeError(`a batch of ${batch.length} samples does not fit the plan's batch size ${batchSize}`);
      }
      const words = memory.i32(indices, tiles * TILE);
      words.fill(-1);
      words.set(batch);
      memory.i32(counts, 1)[0] = batch.length;
    },
    readOutput(out) {
      const features = size(model.output);
      const values = memory.f32(output, tiles * features * TILE);
      for (let i = 0; i < out.length; i++) {
        const sample = Math.floor(i / features);
        out[i] = values[(Math.floor(sample / TILE) * features + (i % features)) * TILE + (sample % TILE)];
      }
    },
    readLoss() {
      const sums = memory.f32(partial, tiles * 2);
      let total = 0;
      let correct = 0;
      for (let t = 0; t < tiles; t++) {
        total += sums[2 * t];
        correct += sums[2 * t + 1];
      }
      return { loss: total, correct };
    },
  };
}
