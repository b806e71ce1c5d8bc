/**
 * Entry point `bregman/predict`: a trained network at work, and nothing else. Without files and
 * processes, it loads in pages, workers and servers alike.
 */
export { createPredictor, type Predictor, type PredictorOptions } from "./predictor.js";
export { predict, type PredictOptions } from "./predict.js";
export type { PredictInputs } from "./samples-in.js";
export type { NetworkSource } from "./source.js";
