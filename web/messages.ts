/** What the page and its worker say to each other. */
import type { Tiles } from "./weight-picture.js";

/** What its visitor can choose. */
export interface Settings {
  readonly network: "mlp" | "convNet";
  readonly optimizer: "linBreg" | "momentum" | "adaBreg" | "sgd";
  readonly lambda: number;
  /** Share of the weights at the start. */
  readonly density: number;
  readonly epochs: number;
  readonly seed: number;
}

export type ToWorker =
  /** Comes first: the page's address, beside which the digits are. */
  | { readonly type: "begin"; readonly base: string }
  /** How would a training of these start? Answered by what it looks like. */
  | { readonly type: "preview"; readonly settings: Settings }
  /** Comes only when the last training has ended. */
  | { readonly type: "train"; readonly settings: Settings }
  | { readonly type: "stop" }
  /** 28 x 28 numbers from 0 (black) to 1. */
  | { readonly type: "digit"; readonly pixels: Float32Array };

/** A network as it is seen. */
export interface Looks {
  /** Weights as images, one block of them under the other. */
  readonly weights: readonly Tiles[];
  /** All its weights by |v| / lambda, see dual-counts.ts; absent without a lambda. */
  readonly dual?: Uint32Array;
}

/** The state before training (epoch 0) or after an epoch. */
export interface EpochMessage {
  readonly type: "epoch";
  readonly epoch: number;
  /** Weights, and those of them that are not zero. */
  readonly weights: number;
  readonly nonZeros: number;
  /** Of the validation samples. */
  readonly accuracy: number;
  readonly births: number;
  readonly deaths: number;
  readonly looks: Looks;
}

/** What the network costs that is trained. */
export interface Costs {
  /** Of its sparse file, packed by gzip. */
  readonly bytes: number;
  /** Of all its parameters, with the zeros. */
  readonly denseBytes: number;
  /** Of one answer. */
  readonly milliseconds: number;
}

export type FromWorker =
  | { readonly type: "looks"; readonly looks: Looks }
  /** The share of the digits that has come. */
  | { readonly type: "loading"; readonly share: number }
  | { readonly type: "start"; readonly threads: number }
  | {
      readonly type: "step";
      readonly epoch: number;
      readonly share: number;
      readonly stepsPerSecond: number;
    }
  | EpochMessage
  | { readonly type: "costs"; readonly costs: Costs }
  | { readonly type: "warning"; readonly text: string }
  /** By its user, before it began. */
  | { readonly type: "stopped" }
  | {
      readonly type: "end";
      /** By its user, before its last epoch. */
      readonly stopped: boolean;
      readonly testAccuracy: number;
      readonly files: {
        readonly sparse: Uint8Array<ArrayBuffer>;
        readonly onnx: Uint8Array<ArrayBuffer>;
      };
    }
  /** Of each class. */
  | { readonly type: "digit"; readonly probabilities: Float32Array }
  | { readonly type: "fault"; readonly text: string };
