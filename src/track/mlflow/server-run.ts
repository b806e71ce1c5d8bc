/**
 * A run on an MLflow server. All here may be done again after a fault, whatever has arrived: a run
 * is found by a tag of ours before it is made, and knows what it has.
 */
import { UnusableFileError } from "../../errors.js";
import { errorCodeOf, type MlflowClient } from "./client.js";
import type { RunParameter } from "./parameters.js";

export interface RunNames {
  readonly experiment: string;
  /** What it is called on the page. */
  readonly name: string;
  /** Value of the tag by which it is found. */
  readonly id: string;
  /** When it began, in seconds since 1970. */
  readonly began: number;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export type RunStatus = "RUNNING" | "FINISHED" | "KILLED" | "FAILED";

export interface ServerRun {
  readonly runId: string;
  /** The names of the parameters that it has. */
  readonly parameters: ReadonlySet<string>;
  /** The largest step of each metric that it has. */
  readonly steps: ReadonlyMap<string, number>;
  readonly artifacts: string;
}

const TAG = "bregman.id";
/** What a request takes at most. */
export const MOST_METRICS = 1000;
const MOST_PARAMETERS = 100;
/** Where a server that keeps files itself takes them. */
const FILES = "api/2.0/mlflow-artifacts/artifacts/";

/**
 * The id of an experiment; undefined if there is none of that name.
 *
 * @throws UnusableFileError as the client, or if it is deleted
 */
export async function findExperiment(
  client: MlflowClient,
  name: string,
): Promise<string | undefined> {
  try {
    const answer = await client.get("experiments/get-by-name", { experiment_name: name });
    const { experiment } = answer as { experiment?: Record<string, unknown> };
    if (typeof experiment?.experiment_id !== "string")
      throw new UnusableFileError("what answered is no MLflow server");
    if (experiment.lifecycle_stage === "deleted") {
      throw new UnusableFileError(
        `its experiment ${name} is deleted; \`mlflow experiments restore\` brings it back`,
      );
    }
    return experiment.experiment_id;
  } catch (fault) {
    if (errorCodeOf(fault) === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw fault;
  }
}

/** The run as the server knows it, made if it is not there yet. */
export async function openServerRun(client: MlflowClient, names: RunNames): Promise<ServerRun> {
  const experiment = await openExperiment(client, names.experiment);
  const found = await client.post("runs/search", {
    experiment_ids: [experiment],
    filter: `tags.\`${TAG}\` = '${names.id}'`,
    max_results: 1,
  });
  const [there] = (found as { runs?: AnsweredRun[] }).runs ?? [];
  const run = there ?? (await createRun(client, experiment, names));
  const { params = [], metrics = [] } = run.data ?? {};
  return {
    runId: run.info.run_id,
    parameters: new Set(params.map(({ key }) => key)),
    // Of each metric the answer has the value of the largest step.
    steps: new Map(metrics.map(({ key, step }) => [key, Number(step ?? 0)])),
    artifacts: run.info.artifact_uri ?? "",
  };
}

interface AnsweredRun {
  readonly info: { readonly run_id: string; readonly artifact_uri?: string };
  readonly data?: {
    readonly params?: readonly { readonly key: string }[];
    readonly metrics?: readonly { readonly key: string; readonly step?: number | string }[];
  };
}

async function openExperiment(client: MlflowClient, name: string): Promise<string> {
  const there = await findExperiment(client, name);
  if (there !== undefined) return there;
  try {
    const answer = await client.post("experiments/create", { name });
    return (answer as { experiment_id: string }).experiment_id;
  } catch (fault) {
    // Another run was faster.
    if (errorCodeOf(fault) !== "RESOURCE_ALREADY_EXISTS") throw fault;
    return (await findExperiment(client, name))!;
  }
}

async function createRun(
  client: MlflowClient,
  experiment: string,
  { name, id, began }: RunNames,
): Promise<AnsweredRun> {
  const answer = await client.post("runs/create", {
    experiment_id: experiment,
    run_name: name,
    start_time: Math.round(began * 1000),
    tags: [
      { key: TAG, value: id },
      { key: "mlflow.source.name", value: "bregman" },
    ],
  });
  return (answer as { run: AnsweredRun }).run;
}

/** Sends the parameters that it has not: those that it has can't be changed. */
export async function sendParameters(
  client: MlflowClient,
  { runId, parameters }: ServerRun,
  all: readonly RunParameter[],
): Promise<void> {
  const missing = all.filter(({ key }) => !parameters.has(key));
  for (let at = 0; at < missing.length; at += MOST_PARAMETERS) {
    const params = missing.slice(at, at + MOST_PARAMETERS);
    await client.post("runs/log-batch", { run_id: runId, params });
  }
}

/** Sends metrics, {@link MOST_METRICS} at most in a request. */
export async function sendMetrics(
  client: MlflowClient,
  { runId }: ServerRun,
  all: readonly Metric[],
): Promise<void> {
  for (let at = 0; at < all.length; at += MOST_METRICS) {
    const metrics = all.slice(at, at + MOST_METRICS);
    await client.post("runs/log-batch", { run_id: runId, metrics });
  }
}

/** Says how it stands; whatever but RUNNING ends it. */
export async function sendStatus(
  client: MlflowClient,
  { runId }: ServerRun,
  status: RunStatus,
  ended: number,
): Promise<void> {
  const end = status === "RUNNING" ? {} : { end_time: Math.round(ended * 1000) };
  await client.post("runs/update", { run_id: runId, status, ...end });
}

/**
 * Puts a file among those of the run.
 *
 * @throws UnusableFileError as the client, or if the server keeps no files itself
 */
export async function sendFile(
  client: MlflowClient,
  { artifacts }: ServerRun,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  await client.put(`${folderOf(artifacts)}/${encodeURIComponent(name)}`, bytes);
}

/** Where the run's files are put: a path of the server, or the address of another. */
function folderOf(artifacts: string): string {
  const uri = URL.canParse(artifacts) ? new URL(artifacts) : undefined;
  const path = uri?.pathname.replace(/^\/+/, "").replace(/\/+$/, "");
  if (uri?.protocol === "mlflow-artifacts:")
    return uri.host === "" ? FILES + path : `http://${uri.host}/${FILES}${path}`;
  if (uri && /^https?:$/.test(uri.protocol) && path!.includes(FILES))
    return uri.origin + `/${path}`;
  throw new UnusableFileError(
    `its files are at ${artifacts}, and are taken only by a server with --serve-artifacts`,
  );
}
