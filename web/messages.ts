/** What the page and its worker say to each other. */

export interface Settings {
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
  | { readonly type: "train"; readonly settings: Settings }
  | { readonly type: "stop" }
  /** 28 x 28 numbers from 0 (black) to 1. */
  | { readonly type: "digit"; readonly pixels: Float32Array };

/** The state before training (epoch 0) or after an epoch. */
export interface EpochMessage {
  readonly type: "epoch";
  readonly epoch: number;
  readonly density: number;
  /** Of the validation samples. */
  readonly accuracy: number;
  readonly births: number;
  readonly deaths: number;
  readonly seconds: number;
  /** The first layer's, [units, 784], of the units that are shown. */
  readonly weights: Float32Array;
  /** Weights of the first layer by |v| / lambda, see dual-histogram.ts; absent without a lambda. */
  readonly dual?: Uint32Array;
}

export type FromWorker =
  /** Before it began. */
  | { readonly type: "stopped" }
  | { readonly type: "start"; readonly threads: number }
  | {
      readonly type: "step";
      readonly epoch: number;
      readonly share: number;
      readonly stepsPerSecond: number;
    }
  | EpochMessage
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
