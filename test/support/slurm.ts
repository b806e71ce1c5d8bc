/**
 * A Slurm of one node, of this process and in a folder: without systemd, cgroups, accounts or a
 * share in any Slurm that the machine has.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";

/** What it takes. */
const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel"];

/** Why there is none; undefined if it can be started. */
export function whyNoSlurm(): string | undefined {
  const isThere = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
  const missing = PROGRAMS.filter((name) => !isThere(name));
  if (missing.length > 0) return `there is no ${missing[0]}: Debian has it in slurm-wlm and munge`;
  return process.getuid?.() === 0 ? undefined : "slurmd wants to be root";
}

export interface Slurm {
  /** For the environment of its commands. */
  readonly env: Record<string, string>;
  /** Runs one of its commands, and returns what it prints. */
  call(name: string, ...args: string[]): string;
  /** Waits until something is there; the time is that of the slowest machine. */
  until<Value>(what: string, look: () => Value | undefined): Promise<Value>;
  /** Cancels all jobs and ends all that was started. */
  stop(): Promise<void>;
}

/** Starts it. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const conf = join(folder, "slurm.conf");
  const env = { SLURM_CONF: conf };
  const daemons: ChildProcess[] = [];
  const start = (name: string, ...args: string[]) => {
    const log = openSync(join(folder, `${name}.out`), "a");
    const stdio = ["ignore", log, log] as const;
    daemons.push(spawn(name, args, { env: { ...process.env, ...env }, stdio: [...stdio] }));
  };
  const killAll = (signal: NodeJS.Signals) => daemons.forEach((daemon) => daemon.kill(signal));
  process.once("exit", () => killAll("SIGKILL"));
  const call = (name: string, ...args: string[]) => {
    const options = { encoding: "utf8", env: { ...process.env, ...env }, timeout: 60_000 } as const;
    const { error, status, stdout, stderr } = spawnSync(name, args, options);
    if (status !== 0) throw new Error(`${name} ${args.join(" ")}: ${error?.message ?? stderr}`);
    return stdout;
  };
  const until: Slurm["until"] = async (what, look) => {
    const end = Date.now() + 120_000;
    while (Date.now() < end) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`waited too long for ${what}`);
  };
  const stop = async () => {
    try {
      call("scancel", "--full", "--user=root");
      await until("the queue to be empty", () => (call("squeue", "-h") === "" ? true : undefined));
    } finally {
      const ends = daemons.map((daemon) =>
        daemon.exitCode === null && daemon.signalCode === null
          ? new Promise((resolve) => daemon.once("exit", resolve))
          : undefined,
      );
      killAll("SIGTERM");
      const tooLong = setTimeout(() => killAll("SIGKILL"), 5000);
      await Promise.all(ends);
      clearTimeout(tooLong);
    }
  };

  writeFileSync(conf, await configuration(folder));
  for (const name of ["state", "spool"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o600 });
  const munge = ["socket", "pid-file", "log-file", "seed-file", "key-file"].map(
    (name) => `--${name}=${join(folder, `munge.${name.replace("-file", "")}`)}`,
  );
  start("munged", "--foreground", "--force", ...munge);
  start("slurmctld", "-D");
  start("slurmd", "-D", "-N", "localhost");
  const state = () => spawnSync("sinfo", ["-h", "-o", "%t"], { env: { ...process.env, ...env } });
  try {
    await until("a node", () => (String(state().stdout).trim() === "idle" ? true : undefined));
  } catch (error) {
    killAll("SIGKILL");
    throw error;
  }
  return { env, call, until, stop };
}

async function configuration(folder: string): Promise<string> {
  const [control, node] = [await freePort(), await freePort()];
  const at = (name: string) => join(folder, name);
  return [
    "ClusterName=test",
    `SlurmctldHost=${hostname()}(127.0.0.1)`,
    `SlurmctldPort=${control}`,
    `SlurmdPort=${node}`,
    "SlurmUser=root",
    "SlurmdUser=root",
    "AuthType=auth/munge",
    `AuthInfo=socket=${at("munge.socket")}`,
    "CredType=cred/munge",
    `StateSaveLocation=${at("state")}`,
    `SlurmdSpoolDir=${at("spool")}`,
    `SlurmctldPidFile=${at("slurmctld.pid")}`,
    `SlurmdPidFile=${at("slurmd.pid")}`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_CPU",
    "MpiDefault=none",
    "ReturnToService=2",
    "KillWait=5",
    "SchedulerType=sched/builtin",
    "SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=1",
    // Also where there is one processor: the tasks are small.
    "SlurmdParameters=config_overrides",
    "NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN",
    "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
    "",
  ].join("\n");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
