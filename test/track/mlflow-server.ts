/** A real MLflow server, where there is one: `pip install mlflow==3.17.2`. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Metric } from "#bregman/track/mlflow/server-run.js";

const COMMAND = process.env.BREGMAN_MLFLOW ?? "mlflow";

/** Why there is none, if so. */
export const missing: string | undefined = isThere()
  ? undefined
  : "without MLflow: pip install mlflow==3.17.2, or BREGMAN_MLFLOW as the path of the command";

function isThere(): boolean {
  // Its own --version takes seconds.
  return spawnSync("sh", ["-c", 'command -v "$0"', COMMAND]).status === 0;
}

/** A run as the server's own answers have it. */
export interface KeptRun {
  readonly info: { run_id: string; status: string; run_name: string; artifact_uri: string };
  readonly data: { params: { key: string; value: string }[]; metrics: Metric[] };
}

export interface MlflowServer {
  readonly url: string;
  runs(experiment: string): Promise<KeptRun[]>;
  /** All that was ever said of a metric. */
  history(run: string, key: string): Promise<Metric[]>;
  file(run: string, name: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts one with its files in a folder. */
export async function startMlflow(folder: string): Promise<MlflowServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = ["--backend-store-uri", `sqlite:///${folder}/mlflow.db`];
  const files = ["--artifacts-destination", `${folder}/artifacts`];
  const where = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const child = spawn(COMMAND, ["server", ...where, ...store, ...files], {
    cwd: folder,
    stdio: "ignore",
    // A group of its own: it has processes for its work.
    detached: true,
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false" },
  });
  try {
    await untilReady(url, child);
  } catch (error) {
    end(child);
    throw error;
  }
  const ask = async (path: string, body?: object) => {
    const options = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, options);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as never;
  };
  return {
    url,
    async runs(name) {
      const query = `experiments/get-by-name?experiment_name=${name}`;
      const { experiment } = (await ask(query)) as { experiment: { experiment_id: string } };
      const found = await ask("runs/search", { experiment_ids: [experiment.experiment_id] });
      return (found as { runs?: KeptRun[] }).runs ?? [];
    },
    async history(run, key) {
      const found = await ask(`metrics/get-history?run_id=${run}&metric_key=${key}`);
      const { metrics = [] } = found as { metrics?: Metric[] };
      return metrics.toSorted((a, b) => a.step - b.step);
    },
    async file(run, name) {
      const response = await fetch(`${url}/get-artifact?run_id=${run}&path=${name}`);
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    },
    async close() {
      end(child);
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

function end({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mlflow ended with ${child.exitCode}`);
    const ready = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await wait(200);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
