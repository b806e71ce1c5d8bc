/** A small server that speaks as MLflow's does, and can go away at any moment. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metric, RunStatus } from "#bregman/track/mlflow/server-run.js";

interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface FakeRun {
  readonly id: string;
  readonly tags: readonly Pair[];
  readonly metrics: Metric[];
  readonly params: Pair[];
  status: RunStatus;
}

export interface FakeMlflow {
  readonly url: string;
  readonly runs: FakeRun[];
  readonly files: Map<string, Buffer>;
  /** Paths that were asked for, and with which word to be let in. */
  readonly asked: { path: string; authorization: string | undefined }[];
  /** What becomes of a request; "lost" is one that is carried out and not answered. */
  mood: (path: string) => "answer" | "lost" | "away" | "full";
  close(): Promise<void>;
}

const API = "/api/2.0/mlflow/";
const FILES = "/api/2.0/mlflow-artifacts/artifacts/";

export async function fakeMlflow(artifacts = "mlflow-artifacts:/7/"): Promise<FakeMlflow> {
  const runs: FakeRun[] = [];
  const files = new Map<string, Buffer>();
  const experiments: string[] = [];
  const shown = ({ id, metrics, params }: FakeRun) => {
    const latest = new Map<string, Metric>();
    for (const metric of metrics)
      if (metric.step >= (latest.get(metric.key)?.step ?? 0)) latest.set(metric.key, metric);
    return {
      info: { run_id: id, artifact_uri: `${artifacts}${id}/artifacts` },
      data: { metrics: [...latest.values()], params },
    };
  };
  const carryOut = (path: string, query: URLSearchParams, body: Buffer): object => {
    if (path.startsWith(FILES)) {
      files.set(path.slice(FILES.length), body);
      return {};
    }
    const asked = (body.length > 0 ? JSON.parse(body.toString()) : {}) as Record<string, never>;
    const run = runs.find(({ id }) => id === asked.run_id)!;
    switch (path.slice(API.length)) {
      case "experiments/get-by-name": {
        const experiment_id = String(experiments.indexOf(query.get("experiment_name")!));
        if (experiment_id === "-1") return { error_code: "RESOURCE_DOES_NOT_EXIST" };
        return { experiment: { experiment_id, lifecycle_stage: "active" } };
      }
      case "experiments/create":
        return { experiment_id: String(experiments.push(asked.name) - 1) };
      case "runs/search": {
        const [, id] = /'(.*)'/.exec(asked.filter)!;
        return {
          runs: runs.filter(({ tags }) => tags.some(({ value }) => value === id)).map(shown),
        };
      }
      case "runs/create": {
        const made: FakeRun = {
          id: `run${runs.length}`,
          tags: asked.tags,
          metrics: [],
          params: [],
          status: "RUNNING",
        };
        runs.push(made);
        return { run: shown(made) };
      }
      case "runs/log-batch": {
        const { metrics = [], params = [] } = asked as { metrics?: Metric[]; params?: Pair[] };
        if (metrics.length > 1000 || params.length > 100) return { error_code: "TOO_MANY" };
        run.metrics.push(...metrics);
        run.params.push(...params);
        return {};
      }
      case "runs/update":
        run.status = asked.status;
        return {};
      default:
        return { error_code: "NO_SUCH_PATH" };
    }
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url!, "http://fake");
      fake.asked.push({ path: pathname, authorization: request.headers.authorization });
      const mood = fake.mood(pathname);
      if (mood === "away") return void request.socket.destroy();
      if (mood === "full") {
        response.writeHead(507).end("<html>");
        return;
      }
      const answer = carryOut(pathname, searchParams, Buffer.concat(parts));
      if (mood === "lost") return void request.socket.destroy();
      response.writeHead("error_code" in answer ? 400 : 200).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeMlflow = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    files,
    asked: [],
    mood: () => "answer",
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}
