/** `bregman dashboard`: a page of all runs of a folder, as long as the command runs. */
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { describeError } from "./errors.js";
import { integer } from "./options.js";

interface DashboardFlags {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
}

/** What the command says and takes. */
export function defineDashboard(command: Command): void {
  command
    .description(
      "Serves a page of all runs of a folder: a table that sorts and filters, curves of several " +
        "runs over each other, live where one is going, and what is in a run. Runs can be " +
        "stopped, resumed and started from it. Ctrl-C ends it; the runs go on.",
    )
    .argument("[folder]", "a folder of runs, or of folders of runs", "runs")
    .option("--port <n>", "port to listen at; 0: any that is free", port, 4680)
    .option(
      "--host <address>",
      "address to listen at; one that other machines can reach needs a token",
      "127.0.0.1",
    )
    .option(
      "--token <text>",
      "what a browser has to know (default with --host: one made up, in the address printed)",
      token,
    )
    .addHelpText("after", "\nExample:\n  bregman dashboard runs")
    .action(dashboard);
}

const port = integer("--port", 0, 65_535);

function token(text: string): string {
  if (/^[\w.-]{8,200}$/.test(text)) return text;
  throw new InputError(
    "--token must be 8 to 200 letters, digits, dots, dashes and underscores, found another text",
  );
}

/** Serves until a signal comes. */
async function dashboard(folder: string, flags: DashboardFlags): Promise<void> {
  const { randomBytes } = await import("node:crypto");
  const { fileURLToPath } = await import("node:url");
  const { openDashboard } = await import("../dashboard/server.js");
  const { isLoopback } = await import("../dashboard/gate.js");
  const { host } = flags;
  const secret =
    flags.token ?? (isLoopback(host) ? undefined : randomBytes(18).toString("base64url"));
  const served = await openDashboard({
    folder,
    host,
    port: flags.port,
    token: secret,
    program: [process.execPath, fileURLToPath(new URL("main.js", import.meta.url))],
    onError: (error) => process.stderr.write(`${describeError(error)}\n`),
  });
  const name = host.includes(":") ? `[${host}]` : host;
  const query = secret === undefined ? "" : `?token=${secret}`;
  // Before the address is told: who reads it may end us at once.
  const ended = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, resolve);
  });
  process.stdout.write(`Runs of ${folder}: http://${name}:${served.port}/${query}\n`);
  await ended;
  await served.close();
}
