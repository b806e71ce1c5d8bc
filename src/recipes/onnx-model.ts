/** A recipe whose model is the graph of an ONNX file. */
import { resolve } from "node:path";
import { loadOnnx } from "../export/onnx/onnx-file.js";
import { modelToJson } from "../nn/model-json.js";
import type { Recipe } from "./schema.js";

/**
 * The recipe with the graph itself, so that a run can go on without the file; it starts from the
 * file's numbers, unless it says otherwise. Other recipes are returned as they are.
 *
 * @param baseDir - folder that its relative paths start from
 * @throws UnusableFileError if the file can't be read
 */
export function withOnnxModel<R extends Pick<Recipe, "model"> & Partial<Pick<Recipe, "start">>>(
  recipe: R,
  baseDir: string,
): R {
  const { model } = recipe;
  if (model.kind !== "onnx") return recipe;
  const graph = modelToJson(loadOnnx(resolve(baseDir, model.file)).model);
  return {
    ...recipe,
    model: { kind: "graph", ...graph },
    start: recipe.start ?? model.file,
  } as R;
}
