/** The metrics of a run from a place on, so that a page asks for what is new only. */
import { type Stats, statSync } from "node:fs";
import { UnusableFileError } from "../errors.js";
import type { LayerMetrics } from "../measure/events.js";
import { ruleOf } from "../nn/layers/rules.js";
import { readParts } from "../read-file.js";
import { buildModel } from "../recipes/build.js";
import { parseRecipe } from "../recipes/load.js";
import { parseMetrics } from "../report/run-folder.js";
import { pathInside, textInside } from "./inside.js";
import type { CurveLine, CurveLines } from "./messages.js";

/**
 * The lines of a run's metrics after those that were there when `since` was said.
 *
 * @param since - `next` of the answer before; without it, from the beginning
 * @throws UnusableFileError if there are none, or a line is damaged
 */
export function curveLines(root: string, id: string, since = ""): CurveLines {
  const path = pathInside(root, `${id}/metrics.jsonl`);
  if (path === undefined) return { next: "", again: true, lines: [] };
  const file = fileOf(statSync(path));
  const [before, place] = since.split(":");
  return readParts(path, (read, size) => {
    const isSame = before === file && Number(place) <= size;
    const start = isSame ? Number(place) : 0;
    const bytes = new Uint8Array(size - start);
    read(start, bytes);
    const length = bytes.lastIndexOf(10) + 1;
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    const lines = withMultiplications(root, id, parseMetrics(text, path));
    return { next: `${file}:${start + length}`, again: !isSame, lines };
  });
}

/** A run that goes on writes its file anew. */
function fileOf({ ino, birthtimeMs }: Stats): string {
  return `${ino}-${Math.round(birthtimeMs)}`;
}

function withMultiplications(
  root: string,
  id: string,
  lines: ReturnType<typeof parseMetrics>,
): CurveLine[] {
  const each = lines.length > 0 ? perWeight(root, id, lines[0].layers) : undefined;
  return lines.map(({ layers, ...line }) => {
    if (!each) return line;
    const sum = layers.reduce((all, one) => all + one.nonZeros * (each.get(one.name) ?? 0), 0);
    return { ...line, multiplications: sum };
  });
}

/**
 * Multiplications a sample of each weight of each layer, by the layer's name: one of a linear
 * layer, the positions of its output of a convolution.
 */
function perWeight(
  root: string,
  id: string,
  layers: readonly LayerMetrics[],
): ReadonlyMap<string, number> | undefined {
  if (layers.every(({ shape }) => shape.length === 2))
    return new Map(layers.map(({ name }) => [name, 1]));
  try {
    const place = `${id}/recipe.json`;
    const { model } = parseRecipe(textInside(root, place) ?? "", place);
    // The recipe of a run has the graph itself; a file may be anywhere.
    if (model.kind === "onnx") throw new UnusableFileError(`${place}: the model is in a file`);
    return new Map(
      buildModel(model).nodes.map(({ name, layer, shape }) => [
        name,
        ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0,
      ]),
    );
  } catch {
    // Of another version, or of another program.
    return undefined;
  }
}
