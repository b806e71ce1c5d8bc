/** What an MLflow server is to be told of a run, kept until it has it. */
import { basename } from "node:path";
import { readBytes } from "../../read-file.js";
import type { Scalar } from "../scalars.js";
import type { MlflowClient } from "./client.js";
import { nameOf, type RunParameter } from "./parameters.js";
import {
  type Metric,
  openServerRun,
  type RunNames,
  type RunStatus,
  sendFile,
  sendMetrics,
  sendParameters,
  sendStatus,
  type ServerRun,
} from "./server-run.js";

/**
 * What numbers are of, with the metric that is sent last: a server that has it at a step, or a
 * later one, has the others.
 */
const LAST = { epoch: "density/all", run: "final/density" } as const;

interface Line {
  readonly of: keyof typeof LAST;
  readonly epoch: number;
  readonly scalars: readonly Scalar[];
  /** Seconds since 1970. */
  readonly time: number;
}

export interface Outbox {
  /** Numbers of an epoch, or of the run as it ends. */
  add(of: keyof typeof LAST, epoch: number, scalars: readonly Scalar[], time: number): void;
  /**
   * Sends what the server has not.
   *
   * @throws UnusableFileError if it can't; the next call goes on
   */
  send(): Promise<void>;
  /** Sends the rest; resolves to what could not be sent and why, or undefined. */
  end(status: RunStatus, time: number, files: readonly string[]): Promise<string | undefined>;
}

/** An outbox for one run. */
export function createOutbox(
  client: MlflowClient,
  names: RunNames,
  parameters: readonly RunParameter[],
): Outbox {
  let lines: Line[] = [];
  let run: ServerRun | undefined;
  const open = async () => {
    const opened = await openServerRun(client, names);
    await sendParameters(client, opened, parameters);
    await sendStatus(client, opened, "RUNNING", 0);
    return opened;
  };
  const send = async (): Promise<ServerRun> => {
    try {
      run ??= await open();
      const { steps } = run;
      lines = lines.filter(({ of, epoch }) => epoch > (steps.get(LAST[of]) ?? -1));
      for (let line = lines[0]; line !== undefined; line = lines[0]) {
        await sendMetrics(client, run, metricsOf(line));
        lines.shift();
      }
      return run;
    } catch (fault) {
      // What has arrived all the same, the server will say.
      run = undefined;
      throw fault;
    }
  };
  return {
    add(of, epoch, scalars, time) {
      lines.push({ of, epoch, scalars, time });
    },
    async send() {
      await send();
    },
    async end(status, time, files) {
      const unsent = new Set([...files.map((file) => basename(file)), `that it is ${status}`]);
      let reason: unknown;
      const tryTo = async (what: string, work: (opened: ServerRun) => Promise<void>) => {
        try {
          await work(await send());
          unsent.delete(what);
        } catch (fault) {
          reason ??= fault;
        }
      };
      for (const file of files) {
        const name = basename(file);
        await tryTo(name, (opened) => sendFile(client, opened, name, readBytes(file)));
      }
      const [what] = [...unsent].slice(-1);
      await tryTo(what, (opened) => sendStatus(client, opened, status, time));
      const all = [...epochsOf(lines), ...unsent];
      return all.length > 0 ? `${all.join(", ")} (${(reason as Error).message})` : undefined;
    },
  };
}

/** The metrics of a line, the one that marks it last. */
function metricsOf({ of, epoch, scalars, time }: Line): Metric[] {
  const isLast = ([name]: Scalar) => name === LAST[of];
  const ordered = [...scalars.filter((one) => !isLast(one)), ...scalars.filter(isLast)];
  const timestamp = Math.round(time * 1000);
  return ordered.map(([name, value]) => ({ key: nameOf(name), value, timestamp, step: epoch }));
}

/** Which epochs these are, in words. */
function epochsOf(lines: readonly Line[]): string[] {
  const epochs = lines.filter(({ of }) => of === "epoch").map(({ epoch }) => epoch);
  const [first, last] = [epochs[0], epochs.at(-1)];
  if (first === undefined) return [];
  return [first === last ? `epoch ${first}` : `epochs ${first} to ${last}`];
}
