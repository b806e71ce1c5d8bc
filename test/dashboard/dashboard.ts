/** A dashboard of a folder of small runs, and requests to it as a page or a stranger makes them. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type DashboardOptions, openDashboard } from "#bregman/dashboard/server.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { sampleRun, type SampleOptions } from "../report/sample-run.js";

export const PROGRAM = [
  process.execPath,
  fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url)),
];

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** Its text as JSON. */
  readonly json: any;
}

export interface OpenedDashboard {
  readonly root: string;
  readonly port: number;
  /** What was told of faults of ours. */
  readonly errors: unknown[];
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** As the page itself asks, unless other headers are given. */
  post(path: string, body: unknown, headers?: Record<string, string | undefined>): Promise<Answer>;
  /** Adds a run to the folder. */
  add(id: string, options?: SampleOptions): string;
  close(): Promise<void>;
}

/** Opens a dashboard of a new folder, until the test is over. */
export async function dashboardOf(
  runs: Readonly<Record<string, SampleOptions>>,
  options: Partial<DashboardOptions> = {},
): Promise<OpenedDashboard> {
  const root = options.folder ?? join(temporaryFolder(), "runs");
  const add = (id: string, sample: SampleOptions = {}) => {
    const folder = join(root, id);
    cpSync(sampleRun({ pictures: false, ...sample }), folder, { recursive: true });
    return folder;
  };
  mkdirSync(root, { recursive: true });
  for (const [id, sample] of Object.entries(runs)) add(id, sample);
  const errors: unknown[] = [];
  const served = await openDashboard({
    folder: root,
    host: "127.0.0.1",
    port: 0,
    program: PROGRAM,
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => served.close());
  const { port } = served;
  const own = `http://127.0.0.1:${port}`;
  const headers = { Origin: own, "X-Bregman": "1", "Content-Type": "application/json" };
  return {
    root,
    port,
    errors,
    add,
    close: served.close,
    get: (path, more = {}) => ask(port, "GET", path, more),
    post: (path, body, more = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return ask(port, "POST", path, { ...headers, ...more }, text);
    },
  };
}

/** A path as it is written: fetch would make another of `/../`. */
function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string | undefined>,
  body = "",
): Promise<Answer> {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: "127.0.0.1", port, method, path, headers: Object.fromEntries(given), agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            bytes,
            text,
            get json() {
              return JSON.parse(text);
            },
          });
        });
      },
    );
    asking.on("error", reject).end(body);
  });
}

/** A listener to the stream of changes. */
export async function listen(
  port: number,
  lastEventId?: string,
): Promise<{ next(): Promise<{ event: string; id?: string; data: any }>; close(): void }> {
  const stop = new AbortController();
  const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
  const response = await fetch(`http://127.0.0.1:${port}/api/events`, {
    headers,
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream() as never).getReader();
  let text = "";
  return {
    async next() {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          text += String((await reader.read()).value);
          continue;
        }
        const fields = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        const field = (name: string) =>
          fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const [event, id, data] = ["event", "id", "data"].map(field);
        if (event !== "runs" && event !== "fault") continue;
        return { event, ...(id !== undefined && { id }), data: JSON.parse(data!) };
      }
    },
    close: () => stop.abort(),
  };
}

/** A recipe file. */
export function writeRecipe(path: string, content: object): void {
  writeFileSync(path, JSON.stringify(content));
}
