/** TensorBoard's own reader, where `.ci/run` has installed it. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const packages = path("python");

/** Why it can't be asked, if so. */
export const missing: string | undefined = existsSync(`${packages}/tensorboard`)
  ? undefined
  : "without TensorBoard: pip install --no-deps --target test/track/python -r test/track/requirements.txt";

interface AtStep {
  readonly time: number;
  readonly step: number;
}
export interface ReadScalar extends AtStep {
  readonly value: number;
}
export interface ReadHistogram extends AtStep {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}
export interface ReadImage extends AtStep {
  readonly width: number;
  readonly height: number;
  readonly png: string;
}

/** What it finds in a folder, by tags. */
export interface ReadEvents {
  readonly scalars: Readonly<Record<string, readonly ReadScalar[]>>;
  readonly histograms: Readonly<Record<string, readonly ReadHistogram[]>>;
  readonly images: Readonly<Record<string, readonly ReadImage[]>>;
}

export function readEvents(folder: string): ReadEvents {
  const text = execFileSync("python3", [path("read-events.py"), folder], {
    env: { ...process.env, PYTHONPATH: packages },
    maxBuffer: 2 ** 28,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(text) as ReadEvents;
}
