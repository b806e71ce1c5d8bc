/**
 * Readers of option values that say in one line which option, what it must be and what was found.
 */
import { InputError } from "../errors.js";

/** A reader of whole numbers in [min, max]. */
export function integer(
  option: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const allowed =
    max === Number.MAX_SAFE_INTEGER
      ? `an integer of at least ${min}`
      : `an integer from ${min} to ${max}`;
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InputError(`${option} must be ${allowed}, found "${text}"`);
    return value;
  };
}

/** A reader of several whole numbers in [min, max], with commas between them. */
export function integers(option: string, min: number, max: number): (text: string) => number[] {
  return (text) => {
    const one = integer(option, min, max);
    try {
      return text.split(",").map(one);
    } catch {
      throw new InputError(
        `${option} must be integers from ${min} to ${max} with commas between them, found "${text}"`,
      );
    }
  };
}

/** A reader of numbers that fulfil a condition, in words and as a function. */
export function decimal(option: string, allowed: string, isAllowed: (value: number) => boolean) {
  return (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(Number.isFinite(value) && isAllowed(value))) {
      throw new InputError(`${option} must be ${allowed}, found "${text}"`);
    }
    return value;
  };
}

/**
 * A reader of folders. A dash in front is the next option, the folder forgotten (`--out --json`).
 */
export function folder(option: string): (text: string) => string {
  return (text) => {
    if (text.trim() === "" || text.startsWith("-")) {
      throw new InputError(
        `${option} must be a folder, found "${text}"${text.startsWith("-") ? `; or is it ./${text}?` : ""}`,
      );
    }
    return text;
  };
}

/** A reader of the character between the cells of a table. A tab may be written \\t. */
export function character(option: string): (text: string) => string {
  return (text) => {
    const one = text === "\\t" ? "\t" : text;
    if (one.length !== 1 || /["\r\n\ufeff]/.test(one)) {
      throw new InputError(
        `${option} must be a character that is no quote and no line end, found "${text}"`,
      );
    }
    return one;
  };
}

/** A reader of one word out of a list. */
export function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined)
      throw new InputError(`${option} must be ${words.join(" or ")}, found "${text}"`);
    return word;
  };
}

/**
 * Options that name places of this machine, or what is done with the result: a repetition does not
 * need them.
 */
const PLACES = [
  "--out",
  "--data-dir",
  "--results",
  "--checkpoint-every",
  "--tensorboard",
  "--mlflow",
];

/**
 * The command that repeats a run: its arguments without those that name places, quoted where a
 * shell needs it.
 */
export function repeatingCommand(args: readonly string[]): string {
  const kept = args.filter((text, k) => {
    const isPlace = PLACES.some((option) => text === option || text.startsWith(`${option}=`));
    return !isPlace && !PLACES.includes(args[k - 1] ?? "");
  });
  return commandLine(kept);
}

/** A command line as one would type it, arguments quoted where a shell needs it. */
export function commandLine(args: readonly string[]): string {
  return quoted(["bregman", ...args]);
}

/** Words as a shell reads them, quoted where it needs that. */
export function quoted(words: readonly string[]): string {
  return words
    .map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
