/**
 * A folder into which one process at a time writes: `lock.json` in it says which.
 *
 *     process    its number
 *     start      in Linux: when it began, which no later process of that number has in common with it
 *     host       the machine; in Linux also the space of its process numbers, of which a container has its own
 *     since      when it took the lock, for people
 *     token      of this lock: whoever finds another one in the file has lost it
 *
 * The lock of a process that is no more is taken over. On its own host the system knows, after a
 * kill and after a reboot. Of another host, and where the system tells too little, the file itself
 * is the sign of life: its holder writes it anew every ten seconds, and after two minutes of
 * silence counts as dead. Should it wake up, it finds the lock gone and writes no more.
 */
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { UnusableFileError } from "./errors.js";

/** Name of the file. */
export const LOCK_FILE = "lock.json";

/** Seconds between two signs of life, and of silence after which a holder counts as dead. */
const BEAT = 10;
const SILENCE = 120;
/** Seconds after which one that takes a lock over counts as dead: it has nothing else to do. */
const TAKING = 10;
/**
 * Times that a lock is looked at which others take and give back meanwhile, and the milliseconds
 * between them.
 */
const TRIES = 50;
const PAUSE = 20;

export interface FolderLock {
  /** To be called before anything is written. @throws UnusableFileError if the lock is lost */
  check(): void;
  /** Gives the folder back. */
  release(): void;
}

interface Holder {
  readonly process: number;
  readonly start?: string;
  readonly host: string;
  readonly since: string;
  readonly token: string;
}

let taken = 0;

/** A process that writes into a folder at this moment. */
export interface Writer {
  /** Its number, on its own machine. */
  readonly process: number;
  /** Whether that is this machine, or container. */
  readonly isHere: boolean;
  /** Of this lock: the same as long as it is held. */
  readonly token: string;
}

/** Who holds the lock of a folder and is alive; undefined if nobody does. */
export function writerOf(folder: string): Writer | undefined {
  const found = look(join(folder, LOCK_FILE));
  if (!found?.holder || !isAlive(found.holder, (Date.now() - found.touched) / 1000))
    return undefined;
  const { process: id, host, token } = found.holder;
  return { process: id, isHere: host === HOST, token };
}

/**
 * Takes the lock of a folder.
 *
 * @throws UnusableFileError that names the process that holds it, if that is alive; also if the
 *   folder can't be written
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, LOCK_FILE);
  const start = startOf(process.pid);
  const mine: Holder = {
    process: process.pid,
    ...(start !== undefined && { start }),
    host: HOST,
    since: new Date().toISOString(),
    token: `${process.pid}-${taken++}-${Math.random()}`,
  };
  const text = `${JSON.stringify(mine)}\n`;
  // Written apart, so that nobody finds half a lock.
  const draft = `${path}.${process.pid}-${taken}.tmp`;
  let file: number;
  try {
    writeFileSync(draft, text, { flag: "wx" });
    try {
      take(folder, path, draft, text);
    } finally {
      removeQuietly(draft);
    }
    file = openSync(path, "r+");
  } catch (cause) {
    if (cause instanceof UnusableFileError) throw cause;
    throw new UnusableFileError(`could not write into ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const beat = setInterval(() => sayAlive(file, text), 1000 * BEAT);
  beat.unref();
  const isMine = () => look(path)?.holder?.token === mine.token;
  return {
    check() {
      if (isMine()) return;
      const other = look(path)?.holder;
      const who = other
        ? `process ${other.process} has taken it over`
        : `its ${LOCK_FILE} was removed`;
      throw new UnusableFileError(`stopped writing into ${folder}: ${who}`);
    },
    release() {
      clearInterval(beat);
      closeSync(file);
      if (isMine()) removeQuietly(path);
    },
  };
}

/**
 * Gets the lock's name for the draft. @throws UnusableFileError if another has it who is alive; the
 * system's errors
 */
function take(folder: string, path: string, draft: string, text: string): void {
  for (let k = 0; k < TRIES; k++) {
    if (isFirst(path, draft, text)) return;
    const found = look(path);
    if (!found) continue;
    const now = statSync(draft).mtimeMs;
    const silence = (now - found.touched) / 1000;
    if (found.holder && isAlive(found.holder, silence)) throw inUse(folder, found.holder, silence);
    // Of several that find a dead one's lock, one replaces it.
    const guard = `${path}.taking`;
    if (isFirst(guard, draft, text)) {
      try {
        if (look(path)?.text === found.text) {
          renameSync(draft, path);
          return;
        }
      } finally {
        removeQuietly(guard);
      }
    } else if (now - (look(guard)?.touched ?? now) > 1000 * TAKING) {
      removeQuietly(guard);
    }
    sleep(PAUSE);
  }
  throw new UnusableFileError(
    `${folder} is in use: other processes take and leave it at this moment`,
  );
}

/** Makes a file of the draft's content, if there is none of the name. */
function isFirst(path: string, draft: string, text: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
  }
  // A file system without hard links.
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** What stands in a lock, and when it was touched; no holder if it is damaged. */
function look(path: string): { text: string; touched: number; holder?: Holder } | undefined {
  try {
    const stats = lstatSync(path);
    // A link may lead anywhere, and a pipe has no end.
    const found = {
      text: stats.isFile() ? readFileSync(path, "utf8") : "",
      touched: stats.mtimeMs,
    };
    const holder = holderOf(found.text);
    return holder ? { ...found, holder } : found;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? undefined
      : { text: "", touched: 0 };
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    const texts = [value?.host, value?.since, value?.token, value?.start ?? ""];
    const fits = Number.isSafeInteger(value?.process) && value!.process! > 0;
    return fits && texts.every((one) => typeof one === "string") ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ process: id, start, host }: Holder, silence: number): boolean {
  if (host === HOST) {
    if (!exists(id)) return false;
    const now = startOf(id);
    if (now !== undefined && start !== undefined) return now === start;
  }
  return silence < SILENCE;
}

function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * When a process began, as Linux knows it: the boot, and the ticks since then. Undefined elsewhere;
 * "" if it has ended.
 */
function startOf(id: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    // The second field is a name in brackets, which may hold anything. The third is the state, the
    // 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(fields[0]) ? "" : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

const HOST = `${hostname()}${processSpace()}`;

function processSpace(): string {
  try {
    return ` ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

function inUse(
  folder: string,
  { process: id, host, since }: Holder,
  silence: number,
): UnusableFileError {
  if (host === HOST) {
    const who = id === process.pid ? "this process already" : `process ${id}`;
    return new UnusableFileError(
      `${folder} is in use by ${who}, since ${plain(since)}: wait for its end, or stop it`,
    );
  }
  const left = Math.max(1, Math.ceil(SILENCE - silence));
  return new UnusableFileError(
    `${folder} is in use by process ${id} on ${plain(host.split(" ")[0])}, since ` +
      `${plain(since)}: wait for its end, or stop it; if it is dead, the folder is free ` +
      `in ${left} s`,
  );
}

/** Text of a file for a message of one line. */
function plain(text: string): string {
  return text.replaceAll(/[^\w.:+-]/g, "?").slice(0, 60);
}

function sayAlive(file: number, text: string): void {
  try {
    // The same text: the file system notes the time.
    writeSync(file, text, 0);
  } catch {
    // Another sign follows.
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}
