/**
 * What the dashboard does with runs: it stops one as Ctrl-C does, and has the command line go on
 * with one or begin one. A process that it starts lives on by itself; what it says goes into a log
 * beside the run's folder.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, lstatSync, openSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { InputError, UnusableFileError } from "../errors.js";
import { LOCK_FILE, writerOf } from "../folder-lock.js";
import { adjusted, isRecipeFile, readRecipe, recipeNames } from "../recipes/load.js";
import { freeName, runName } from "../runs/run-name.js";
import { pathInside } from "./inside.js";
import type { Startable } from "./messages.js";
import { lastError, logPlace } from "./summary.js";

export interface Actions {
  /** @throws UnusableFileError if the run is not going, or can't be stopped from here */
  stop(id: string): void;
  /** @throws UnusableFileError if the run is going */
  resume(id: string, epochs?: number): void;
  /**
   * Starts a recipe in a new run folder, and returns the run's id.
   *
   * @param recipe - a name, or a file within the dashboard's folder
   * @throws InputError, UnusableFileError if there is no such recipe, or it is damaged
   */
  start(recipe: string, options: { seed?: number; epochs?: number }): string;
}

/**
 * The actions in a folder.
 *
 * @param root - as rootOf has it
 * @param program - the words that run the command line
 * @param onFault - called with what the log of a run ends with, if its process failed
 */
export function createActions(
  root: string,
  program: readonly string[],
  onFault: (id: string, text: string) => void,
): Actions {
  /** Locks whose processes were asked to stop: a second signal would end them at once. */
  const asked = new Set<string>();
  const launch = (id: string, args: readonly string[]): void => {
    const log = join(root, logPlace(id));
    const child = spawn(program[0], [...program.slice(1), ...args], {
      detached: true,
      stdio: ["ignore", ...twice(openLog(log))],
      windowsHide: true,
    });
    child.on("error", (error) => onFault(id, error.message));
    child.on("exit", (code) => {
      if (code === 0 || code === null || code > 128) return;
      onFault(id, lastError(log) ?? `its process ended with ${code}`);
    });
    child.unref();
  };
  return {
    stop(id) {
      const folder = folderOf(root, id);
      const writer = writerOf(folder);
      if (!writer) throw new UnusableFileError(`${id} is not running`);
      if (!writer.isHere)
        throw new UnusableFileError(`${id} runs on another machine: it can be stopped there`);
      if (process.platform === "win32")
        throw new UnusableFileError(`${id} can only be stopped by Ctrl-C in its own window`);
      if (!holdsLock(writer.process, join(folder, LOCK_FILE)))
        throw new UnusableFileError(`process ${writer.process} is not that of ${id}`);
      if (asked.has(writer.token)) return;
      asked.add(writer.token);
      process.kill(writer.process, "SIGINT");
    },
    resume(id, epochs) {
      const folder = folderOf(root, id);
      if (writerOf(folder)) throw new UnusableFileError(`${id} is running`);
      launch(id, ["resume", folder, ...(epochs === undefined ? [] : ["--epochs", `${epochs}`])]);
    },
    start(nameOrFile, { seed, epochs }) {
      const isFile = isRecipeFile(nameOrFile);
      const path = isFile ? pathInside(root, nameOrFile) : nameOrFile;
      if (path === undefined || !(isFile || recipeNames().includes(nameOrFile)))
        throw new InputError(`there is no recipe ${nameOrFile} in the dashboard's folder`);
      const { recipe } = readRecipe(path);
      const told = adjusted(recipe, { seed, epochs });
      const folder = freeName(join(root, runName(told.name, told.seed, new Date())));
      const numbers = ["--seed", `${told.seed}`, "--epochs", `${told.epochs}`];
      const id = relative(root, folder).split(sep).join("/");
      launch(id, ["train", path, ...numbers, "--out", folder]);
      return id;
    },
  };
}

/** What can be started: the library's recipes, and JSON files that lie in the folder itself. */
export function startable(root: string): Startable {
  const files = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.jsonc?$/.test(entry.name))
    .map(({ name }) => `./${name}`)
    .filter((name) => isRecipe(join(root, name)));
  return { names: recipeNames(), files: files.sort() };
}

function isRecipe(path: string): boolean {
  try {
    readRecipe(path);
    return true;
  } catch {
    return false;
  }
}

function folderOf(root: string, id: string): string {
  const folder = pathInside(root, id);
  if (folder === undefined) throw new UnusableFileError(`there is no run ${id}`);
  return folder;
}

/** Opens a log for what comes next. @throws UnusableFileError if there is a link in its place */
function openLog(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;
  try {
    return openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o644);
  } catch (cause) {
    throw new UnusableFileError(`could not write ${path}: ${(cause as Error).message}`, { cause });
  }
}

function twice(file: number): [number, number] {
  // The child has both; ours is closed once it has been started.
  setImmediate(() => closeSync(file));
  return [file, file];
}

/**
 * Whether a process has this lock file open, as its holder has. Where the system does not say, what
 * the file says is believed.
 */
function holdsLock(id: number, lock: string): boolean {
  let files: string[];
  try {
    files = readdirSync(`/proc/${id}/fd`);
  } catch {
    return process.platform !== "linux";
  }
  const { dev, ino } = lstatSync(lock);
  return files.some((file) => {
    const stats = statSync(`/proc/${id}/fd/${file}`, { throwIfNoEntry: false });
    return stats?.dev === dev && stats.ino === ino;
  });
}
