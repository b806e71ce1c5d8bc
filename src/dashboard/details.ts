/** A run by itself: its recipe, layers, births, classes and pictures. */
import { join } from "node:path";
import { parseJson } from "../json.js";
import type { EpochMetrics } from "../measure/events.js";
import { filesOf } from "../own-folder.js";
import { readBytes } from "../read-file.js";
import { squareImage } from "../report/film.js";
import { readWeight } from "../report/film-weight.js";
import { weightGrid } from "../report/pictures.js";
import { parseMetrics } from "../report/run-folder.js";
import { jsonDifferences } from "../runs/identity.js";
import { thin } from "../thin.js";
import { withoutUndefined } from "../without-undefined.js";
import { pathInside, textInside } from "./inside.js";
import type { RecipeDifferences, RunDetails } from "./messages.js";
import { resultOf } from "./summary.js";

/** Bars of births: more would be thinner than a pixel. */
const MOST_BARS = 300;

/** All that is shown of a run. @throws UnusableFileError if one of its files is damaged */
export function detailsOf(root: string, id: string): RunDetails {
  const recipe = textInside(root, `${id}/recipe.json`) ?? "";
  const place = `${id}/metrics.jsonl`;
  const lines = parseMetrics(textInside(root, place) ?? "", place);
  const { final, command, machine } = resultOf(root, id) ?? {};
  return withoutUndefined<RunDetails>({
    id,
    recipe,
    layers: lines.at(-1)?.layers ?? [],
    births: thin(lines, MOST_BARS).map(change),
    pictures: [...picturesOf(root, id).keys()],
    byClass: final?.byClass,
    saved: final?.saved,
    bytes: final?.bytes,
    command,
    machine,
  });
}

function change({ epoch, births, deaths }: EpochMetrics): RunDetails["births"][number] {
  return { epoch, births, deaths };
}

/** What differs between the recipes of two runs. @throws UnusableFileError if one is no JSON */
export function recipeDifferences(root: string, id: string, other: string): RecipeDifferences {
  const [before, now] = [id, other].map((one) => {
    const place = `${one}/recipe.json`;
    return parseJson(textInside(root, place) ?? "{}", place);
  });
  // The schema's path is another in each folder.
  const differences = jsonDifferences("", before, now).filter(({ place }) => place !== "$schema");
  return differences.map(({ place, before: a, now: b }) =>
    withoutUndefined<RecipeDifferences[number]>({ place, before: a, now: b }),
  );
}

const PICTURE = /^epoch-(\d+)\.(png|safetensors)$/;

/** By epoch, in order: the file of its picture or, before the run's end, that of its weight. */
function picturesOf(root: string, id: string): Map<number, string> {
  const folder = pathInside(root, id);
  const names = folder === undefined ? [] : filesOf(folder, "pictures");
  const found = new Map<number, string>();
  for (const name of names.sort().reverse()) {
    const [, epoch] = PICTURE.exec(name) ?? [];
    if (epoch === undefined) continue;
    // A picture that is drawn before a weight to draw.
    if (!found.has(Number(epoch)) || name.endsWith(".png")) found.set(Number(epoch), name);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/**
 * The picture of the first layer's weights after an epoch, as the bytes of a PNG; undefined if
 * there is none. While a run is going it is drawn from the weight that the run keeps for its
 * report.
 *
 * @throws UnusableFileError if the file is damaged
 */
export function pictureOf(root: string, id: string, epoch: number): Uint8Array | undefined {
  const name = picturesOf(root, id).get(epoch);
  const path = name === undefined ? undefined : pathInside(root, join(id, "pictures", name));
  if (path === undefined) return undefined;
  if (path.endsWith(".png")) return readBytes(path);
  const { shape, theta } = readWeight(path);
  const size = squareImage(shape[1]);
  return size && weightGrid(theta, shape[0], size);
}
