/**
 * What a training run says of itself: the lines of metrics.jsonl and the events of a run.
 *
 * Densities, accuracies and shares are fractions in [0, 1]; losses are means over samples; times
 * are seconds.
 */

/** State of one layer's weight at the end of an epoch. */
export interface LayerMetrics {
  readonly name: string;
  /** [out, in] or [out, in, kernel height, kernel width] */
  readonly shape: readonly number[];
  readonly weights: number;
  readonly nonZeros: number;
  readonly density: number;
  /** Rows of the weight: the neurons of a linear layer, the output channels of a convolution. */
  readonly units: number;
  /** Rows with at least one non-zero weight. */
  readonly activeUnits: number;
  /** Convolutions: pairs of channels, and those with at least one non-zero weight. */
  readonly kernels?: number;
  readonly activeKernels?: number;
  /** As those of EpochMetrics, of this layer; absent in runs of earlier versions. */
  readonly births?: number;
  readonly deaths?: number;
  /**
   * Strength of its regularizer at this moment; absent where it has none, and in runs of earlier
   * versions.
   */
  readonly lambda?: number;
  /** Which kernel the layer runs on, chosen by its density. */
  readonly kernel: "dense" | "sparse";
}

/** One line of metrics.jsonl. */
export interface EpochMetrics {
  /** 0 is the state before training. */
  readonly epoch: number;
  /** Mean over the samples of the epoch, taken while it trains; for epoch 0 absent. */
  readonly trainLoss?: number;
  /** Absent for regression and for epoch 0. */
  readonly trainAccuracy?: number;
  readonly validLoss?: number;
  readonly validAccuracy?: number;
  /** Of more than ten classes: labels that are among the five largest outputs. */
  readonly validTop5?: number;
  /**
   * In runs of earlier versions, where the validation accuracy was the best so far. Now the test
   * samples are looked at once, at the end: see FinalMetrics.best.
   */
  readonly testAccuracy?: number;
  /** As FinalMetrics.ssim, of the validation images. */
  readonly validSsim?: number;
  /**
   * Regression, but of images: mean absolute error and R^2 of the validation samples, in the units
   * of the targets, and means over the targets if there are several. See regression.ts.
   */
  readonly validMae?: number;
  readonly validR2?: number;
  /** Non-zeros / weights over all linear (and convolution) weights; biases do not count. */
  readonly density: number;
  readonly layers: readonly LayerMetrics[];
  /** Learning rate of the weights' optimizer in this epoch. */
  readonly tau: number;
  /** Weights that are non-zero now and were zero at the line before. */
  readonly births: number;
  /** Weights that are zero now and were non-zero at the line before. */
  readonly deaths: number;
  /** Value of the regularizers J(theta), lambda included, summed over the parameters. */
  readonly regularizer: number;
  /** Since the start of training, evaluation included. */
  readonly seconds: number;
}

/**
 * One layer's view of another whose channels it reads, concatenated with those of others, or a skip
 * connection.
 */
export interface Connection {
  /** Name of the layer whose channels are read, or "input". */
  readonly from: string;
  /** Name of the layer that reads them. */
  readonly to: string;
  /** Non-zeros / weights; the connection is used if it is above 0. */
  readonly density: number;
  /**
   * The scalar of a skip connection (`scaledSum`), whose density is 0 or 1; null in a file if it is
   * not finite.
   */
  readonly scale?: number | null;
}

/**
 * What sparsity saved of a run: births and deaths, and what its steps cost against those of a dense
 * training.
 */
export interface Savings {
  /** Steps of all kinds. */
  readonly steps: number;
  /** Steps that moved the weights of the patterns only; the others are the fine ones. */
  readonly frozenSteps: number;
  /** Weights born and died, summed over the lines of metrics. */
  readonly births: number;
  readonly deaths: number;
  /**
   * Operations (2 x multiplications) of the products in all steps, forward and both gradients, as
   * they were carried out: a layer on dense kernels costs all its weights, and so does the weight
   * gradient of a fine step. Batch norm, activations and updates are not in it.
   */
  readonly trainingFlops: number;
  /** `trainingFlops` / those of the same steps with all weights. */
  readonly trainingFlopDensity: number;
  /** Mean over all steps. */
  readonly stepSeconds: number;
  /**
   * Of a step with dense kernels, measured before training: see dense-step.ts. Absent where it
   * could not be measured fairly.
   */
  readonly denseStepSeconds?: number;
}

/** A class by itself; of one without samples, or that none is taken for, a share is absent. */
export interface OneClass {
  readonly name: string;
  readonly count: number;
  readonly precision?: number;
  readonly recall?: number;
}

/** A classifier class by class, see class-figures.ts. */
export interface ClassFigures {
  /** Which samples these are: the test samples, or those held out where there are none. */
  readonly of: "test" | "validation";
  readonly samples: number;
  /** Of more than five classes. */
  readonly top5?: number;
  /** Of up to 1000. */
  readonly classes?: readonly OneClass[];
  /** Of up to 100: a row for each label, with the samples taken for each class. */
  readonly confusion?: readonly (readonly number[])[];
}

/** A test sample that a classifier takes for another class, see mistakes.ts. */
export interface Mistake {
  /** Its place among the test samples. */
  readonly sample: number;
  /** The name of its class. */
  readonly label: string;
  readonly takenFor: string;
  /** Of the class that it is taken for. */
  readonly probability: number;
}

/** The numbers a run ends with. */
export interface FinalMetrics {
  /** Absent without test samples. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Absent without validation samples. */
  readonly validLoss?: number;
  readonly validAccuracy?: number;
  readonly trainAccuracy?: number;
  /**
   * Structural similarity of outputs and targets, mean over the test images. Only where the loss is
   * the squared error and the targets are images in [0, 1].
   */
  readonly ssim?: number;
  /** As EpochMetrics.validMae and validR2, of the test samples. */
  readonly testMae?: number;
  readonly testR2?: number;
  readonly validMae?: number;
  readonly validR2?: number;
  /** Of a classifier. */
  readonly byClass?: ClassFigures;
  /** Of a classifier of images: its surest mistakes on the test samples, the surest first. */
  readonly mistakes?: readonly Mistake[];
  /** Of several targets each by itself, on the test samples. */
  readonly targets?: readonly {
    readonly name: string;
    readonly mae?: number;
    readonly r2?: number;
  }[];
  readonly density: number;
  /** Density over the linear layers only. */
  readonly linearDensity: number;
  /** Kernels with a non-zero weight / kernels, over the convolutions. */
  readonly kernelDensity?: number;
  /** Per linear layer: active units / units. */
  readonly nodeDensity: readonly number[];
  /** Multiplications of a forward pass with the non-zeros only / with all weights. */
  readonly flopDensity: number;
  /** Absent if there was no step, or if the run was begun by a version that did not count. */
  readonly saved?: Savings;
  /** Connections to concatenated layers, and skip connections; only where a model has some. */
  readonly connections?: readonly Connection[];
  /**
   * The epoch of the best validation accuracy (of equal ones the last), with its test accuracy and
   * densities. Its network was kept until the end; only then the test samples were looked at.
   * Absent without validation or test samples.
   */
  readonly best?: {
    readonly epoch: number;
    readonly validAccuracy: number;
    readonly testAccuracy: number;
    readonly density: number;
    readonly linearDensity: number;
    readonly kernelDensity?: number;
  };
  /**
   * With `keep: "best"`: the epoch whose network this is, which all figures are of but `best`,
   * `saved` and `seconds`. Absent where it is the network at the end.
   */
  readonly kept?: number;
  readonly seconds: number;
  readonly bytes: ModelBytes;
}

/** Size of the weights. */
export interface ModelBytes {
  /** As a dense float32 file. */
  readonly dense: number;
  /** As non-zeros with their places. */
  readonly sparse: number;
  /** The latter after brotli; absent in a browser, which has none. */
  readonly compressed?: number;
}

/** What a resumed run has behind it. */
export interface Resumed {
  /** Steps done. */
  readonly steps: number;
  /** The lines of metrics after the initial one. */
  readonly epochs: readonly EpochMetrics[];
  /**
   * Numbers of epochs the run was to have: at its beginning, and each time it went on with another.
   */
  readonly lengths: readonly number[];
  /** Texts that the checkpoint was given to keep. */
  readonly about: Readonly<Record<string, string>>;
}

export type TrainEvent =
  /** One line of text for whoever watches. */
  | { readonly type: "note"; readonly text: string }
  /** What is likely to go wrong, and what to change, in one line. */
  | { readonly type: "warning"; readonly text: string }
  | {
      readonly type: "start";
      readonly recipe: {
        readonly name: string;
        readonly epochs: number;
        readonly batchSize: number;
        readonly seed: number;
      };
      readonly samples: { readonly train: number; readonly valid: number; readonly test: number };
      readonly backend: "native" | "wasm";
      readonly isa: string;
      readonly threads: number;
      /** One line: why this backend runs. */
      readonly reason: string;
      readonly stepsPerEpoch: number;
      readonly initial: EpochMetrics;
      /** Only where a run goes on that was begun before. */
      readonly resumed?: Resumed;
    }
  | {
      readonly type: "step";
      readonly epoch: number;
      /** Step within the epoch, from 1. */
      readonly step: number;
      /** Mean over the epoch so far. */
      readonly loss: number;
      readonly accuracy?: number;
      readonly density: number;
      readonly stepsPerSecond: number;
    }
  | { readonly type: "epoch"; readonly metrics: EpochMetrics }
  | { readonly type: "end"; readonly final: FinalMetrics; readonly interrupted: boolean };
