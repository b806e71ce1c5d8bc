/**
 * Entry point `bregman/predict`: a trained network at work, and nothing else. Without files and
 * processes, it loads in pages, workers and servers alike; where there is no Node it is light.ts.
 */
export { topClasses } from "./classes.js";
export type { ClassProbability } from "./classes.js";
export { createPredictor } from "./predictor.js";
export type { Predictor, PredictorOptions } from "./predictor-with.js";
export { predict } from "./predict.js";
export type { PredictOptions } from "./kept.js";
export type { PredictInputs } from "./samples-in.js";
export type { NetworkSource } from "./source.js";
