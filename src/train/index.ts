/**
 * Entry point `bregman/train`: training and measuring, with checkpoints, and experiments as recipes
 * with their run folders.
 */
export * from "./in-memory.js";
export { fit } from "../runs/fit.js";
export type { CheckpointOptions, FitOptions } from "./fit-options.js";
export { runRecipe, type RunOptions } from "../runs/run.js";
export type { RunResult } from "../runs/run-result.js";
export { sparsifyRecipe, type SparsifyOptions } from "../runs/sparsify.js";
export { openRun, type SavedRun } from "../runs/saved-run.js";
export { dataOf, fitOptionsOf } from "../runs/recipe-options.js";
export { loadRecipe, parseRecipe, recipeNames } from "../recipes/load.js";
export { recipeJsonSchema, type Recipe, type RecipeInput } from "../recipes/schema.js";
export { gridJsonSchema } from "../sweep/grid-schema.js";
