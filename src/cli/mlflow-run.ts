/** `--mlflow`: a run folder and its run on an MLflow server. mlflow.json says which one it is. */
import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { MODEL_FILE } from "../export/model-file.js";
import { parseJson } from "../json.js";
import { readTextIfThere } from "../read-file.js";
import type { Recipe } from "../recipes/schema.js";
import { readRun } from "../report/run-folder.js";
import { mlflow, type MlflowRun } from "../track/mlflow/mlflow.js";
import type { TrackedRun } from "./tracking.js";

const ID_FILE = "mlflow.json";

/**
 * The run of a folder, which is that of before where it is resumed.
 *
 * @throws InputError or UnusableFileError as `mlflow`, or if mlflow.json is damaged
 */
export async function openMlflow(
  url: string,
  { folder, recipe }: TrackedRun,
  onWarning: (text: string) => void,
): Promise<Omit<MlflowRun, "id">> {
  const file = join(folder, ID_FILE);
  const known = idIn(file);
  const { id, listener, past, end } = await mlflow(url, {
    experiment: recipe.name,
    name: basename(resolve(folder)),
    parameters: recipe,
    id: known,
    onWarning,
  });
  const keepId = () => {
    if (known === undefined) writeFileAtomic(file, `${JSON.stringify({ id })}\n`);
  };
  return {
    listener: {
      ...listener,
      onEvent(event) {
        // The folder is there, and ours; the server hears of the run only now.
        if (event.type === "start") keepId();
        listener.onEvent(event);
      },
    },
    past(lines, final, ended) {
      keepId();
      past(lines, final, ended);
    },
    end: () =>
      end([MODEL_FILE, "report.html"].map((name) => join(folder, name)).filter(existsSync)),
  };
}

/** Tells of a finished run what the server has not heard, say because it was away. */
export async function tellOfFinished(
  url: string,
  folder: string,
  recipe: Recipe,
  onWarning: (text: string) => void,
): Promise<void> {
  const run = await openMlflow(url, { folder, recipe, resume: true }, onWarning);
  const { epochs, result } = readRun(folder);
  const ended = statSync(join(folder, "metrics.jsonl")).mtimeMs / 1000;
  run.past(epochs, result?.final ?? {}, ended);
  await run.end();
}

function idIn(file: string): string | undefined {
  const text = readTextIfThere(file);
  if (text === undefined) return undefined;
  const { id } = (parseJson(text, file) ?? {}) as { id?: unknown };
  if (typeof id === "string" && /^[\w-]+$/.test(id)) return id;
  throw new UnusableFileError(
    `${file}: expected the id of an MLflow run, found ${JSON.stringify(id)}; ` +
      "without the file it is told as a new one",
  );
}
