/**
 * The commands that a page of the docs shows, and whether each is one: those of `bregman` are read
 * by its own program, those of others are looked up where they are said to be.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommanderError, type Command } from "commander";
import { programFor } from "#bregman/cli/program.js";
import { codeBlocks } from "./doc-examples.js";

/** Programs of others, whose options no test of ours knows. */
const OTHERS =
  "apt cd cp curl docker gcc git head kubectl mlflow mpirun scancel srun ssh tail tensorboard".split(
    " ",
  );
/** Those of them that start `bregman`. */
const STARTERS = ["mpirun", "srun"];
/** Options of others that a page names, and of whom. */
const OPTIONS_OF_OTHERS: Readonly<Record<string, string>> = {
  "--allow-read": "Deno",
  "--bind-to": "mpirun",
  "--check": "scripts of ours",
  "--external": "esbuild",
  "--loader": "esbuild",
  "--map-by": "mpirun",
  "--oversubscribe": "mpirun",
  "--platform": "esbuild",
  "--rounds": "scripts of bench/",
};
/** What may be left out where a command is spoken of in a text. */
const INCOMPLETE = [
  "commander.missingArgument",
  "commander.missingMandatoryOptionValue",
  "commander.optionMissingArgument",
];
/** A value that a text does not name, in what the program says of it. */
const PLACEHOLDER = /found "(<\w+>|[A-Z]+)"/;

export interface ShownCommand {
  readonly words: readonly string[];
  /** In a block, to be typed as it is; else in a text, where arguments may be left out. */
  readonly whole: boolean;
}

/** Words of a line of the shell, quotes taken off; a comment is left out. */
export function shellWords(line: string): string[] {
  const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith("#"));
  return words
    .slice(0, comment === -1 ? undefined : comment)
    .map((word) => word.replace(/(["'])(.*?)\1/g, "$2"));
}

/** The lines that are to be typed: all of a shell's block, and what stands behind `$` in others. */
export function typedLines(path: string): string[] {
  return codeBlocks(path).flatMap(({ language, code }) => {
    const lines = code.trimEnd().split("\n");
    if (["sh", "bash"].includes(language))
      return lines.map((line) => line.replace(/^# in a clone: /, "")).filter((line) => line !== "");
    return lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  });
}

/** The commands of a line, without what becomes of their output. */
function commandsOf(line: string, whole: boolean): ShownCommand[] {
  const commands: string[][] = [[]];
  for (const word of shellWords(line)) {
    if (["&&", "|", ";"].includes(word)) commands.push([]);
    else if (/^[A-Z_]+=/.test(word) && commands.at(-1)!.length === 0) continue;
    else commands.at(-1)!.push(word);
  }
  return commands.flatMap((words) => {
    const file = words.indexOf(">");
    const kept = file === -1 ? words : words.slice(0, file);
    return kept.length > 0 ? [{ words: kept, whole }] : [];
  });
}

/** What stands between backticks in the text of a page. */
export function inlineCode(path: string): string[] {
  const text = readFileSync(path, "utf8").replace(/^```.*?^```$/gms, "");
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, " "));
}

/** All commands of a page. */
export function shownCommands(path: string): ShownCommand[] {
  const programs = ["bregman", "npm", "npx", "node", ...STARTERS];
  const isCommand = (code: string) => programs.includes(code.split(" ")[0]) && code.includes(" ");
  return [
    ...typedLines(path).flatMap((line) => commandsOf(line, true)),
    ...inlineCode(path)
      .filter((code) => isCommand(code) || code.startsWith("cd bench"))
      .flatMap((code) => commandsOf(code, false)),
  ];
}

/** What is wrong with a command of a page, in words; undefined if nothing is. */
export async function faultOf(
  { words, whole }: ShownCommand,
  page: string,
): Promise<string | undefined> {
  const [program, ...args] = words;
  switch (program) {
    case "bregman":
      return faultOfOurs(args, whole);
    case "npm":
      return faultOfNpm(args, whole);
    case "npx":
      if (args[0] === "bregman") return faultOfOurs(args.slice(1), whole);
      return installed().includes(args[0]) ? undefined : `no package has "${args[0]}"`;
    case "node":
      return args[0] === "-e" ||
        [".", dirname(page)].some((folder) => existsSync(join(folder, args[0]))) ||
        named(page, args[0])
        ? undefined
        : `there is no ${args[0]}`;
    case ".ci/run":
      return existsSync(program) ? undefined : "it is gone";
    default: {
      if (!OTHERS.includes(program)) return `"${program}" is no program that we know`;
      const ours = STARTERS.includes(program) ? args.indexOf("bregman") : -1;
      return ours === -1 ? undefined : faultOfOurs(args.slice(ours + 1), whole);
    }
  }
}

/** What the program says to these arguments, without running anything. */
async function faultOfOurs(args: readonly string[], whole: boolean): Promise<string | undefined> {
  if (args.length === 0 || args.includes("<command>")) return undefined;
  const program = await programFor(args);
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])])
    if (command !== program) command.action(() => {});
  try {
    await program.parseAsync([...args], { from: "user" });
    return undefined;
  } catch (error) {
    const { code, message } = error as CommanderError;
    return !whole && (INCOMPLETE.includes(code) || PLACEHOLDER.test(message)) ? undefined : message;
  }
}

async function faultOfNpm(args: readonly string[], whole: boolean): Promise<string | undefined> {
  const [command, ...rest] = args;
  if (["ci", "pack", "start", "test"].includes(command)) return undefined;
  if (command === "install") {
    const absent = rest.filter((name) => name !== "bregman" && !installed().includes(name));
    return absent.length > 0 ? `none of ours installs ${absent.join()}` : undefined;
  }
  if (command !== "run") return `npm ${command} is not known`;
  if (rest[0] === "bregman") return faultOfOurs(rest.slice(rest[1] === "--" ? 2 : 1), whole);
  const scripts = [".", "bench"].flatMap((folder) => Object.keys(packageOf(folder).scripts ?? {}));
  return scripts.includes(rest[0]) ? undefined : `there is no script "${rest[0]}"`;
}

/** Options that a page names by themselves, and that neither a command of ours nor another has. */
export async function unknownOptions(path: string): Promise<string[]> {
  const named = inlineCode(path).flatMap((code) => /^--[a-z][\w-]*/.exec(code)?.[0] ?? []);
  const known = new Set([...(await ownOptions()), ...Object.keys(OPTIONS_OF_OTHERS)]);
  return named.filter((option) => !known.has(option));
}

/** Options of all commands, and of the scripts of package.json. */
async function ownOptions(): Promise<string[]> {
  const { commands } = await programFor([]);
  const program = await programFor(commands.map((command) => command.name()));
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  return all(program).flatMap(({ options }) => options.flatMap(({ long }) => long ?? []));
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: object;
  readonly devDependencies?: object;
  readonly peerDependencies?: object;
}

function packageOf(folder: string): Manifest {
  return JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Manifest;
}

/** Packages that are installed here or in the folders of tests. */
function installed(): string[] {
  return [".", "bench", "test/bundlers"]
    .map(packageOf)
    .flatMap((manifest) => [
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
    ]);
}

/** Whether a page says of a file that one has written it by then. */
function named(page: string, file: string): boolean {
  return (
    codeBlocks(page).some(({ title }) => title === file) || inlineCode(page).some((c) => c === file)
  );
}
