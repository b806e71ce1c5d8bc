/**
 * The commands, as the program's help lists them. What a command says and takes is in its own file,
 * which is loaded when the command is asked for.
 */
import type { Command } from "commander";

/** One command of the program. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  /** Loads its file, which gives what fills a new command. */
  load(): Promise<(command: Command) => void>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "train",
    summary: "train a network by a recipe",
    load: async () => (await import("./train.js")).defineTrain,
  },
  {
    name: "new",
    summary: "write a recipe for your own data",
    load: async () => (await import("./new.js")).defineNew,
  },
  {
    name: "resume",
    summary: "go on with a run that was stopped or killed, or to more epochs",
    load: async () => (await import("./resume.js")).defineResume,
  },
  {
    name: "recipes",
    summary: "list the recipes, or print one",
    load: async () => (await import("./recipes.js")).defineRecipes,
  },
  {
    name: "compare",
    summary: "run several recipes with several seeds",
    load: async () => (await import("./compare.js")).defineCompare,
  },
  {
    name: "sweep",
    summary: "run a recipe over ranges of its fields",
    load: async () => (await import("./sweep.js")).defineSweep,
  },
  {
    name: "reproduce",
    summary: "run a row of the paper's table",
    load: async () => (await import("./reproduce.js")).defineReproduce,
  },
  {
    name: "plan",
    summary: "show a recipe's operations and memory without running it",
    load: async () => (await import("./plan.js")).definePlan,
  },
  {
    name: "find-tau",
    summary: "propose a learning rate for a recipe",
    load: async () => (await import("./find-tau.js")).defineFindTau,
  },
  {
    name: "data",
    summary: "download a data set, or list them",
    load: async () => (await import("./data.js")).defineData,
  },
  {
    name: "report",
    summary: "build a run's report.html anew",
    load: async () => (await import("./report.js")).defineReport,
  },
  {
    name: "dashboard",
    summary: "show all runs of a folder in a browser, live",
    load: async () => (await import("./dashboard.js")).defineDashboard,
  },
  {
    name: "path",
    summary: "show when each weight of a run was born",
    load: async () => (await import("./path.js")).definePath,
  },
  {
    name: "simplify",
    summary: "make a trained network smaller, with the same output",
    load: async () => (await import("./simplify.js")).defineSimplify,
  },
  {
    name: "prune",
    summary: "cut the smallest weights of a trained network",
    load: async () => (await import("./prune.js")).definePrune,
  },
  {
    name: "sparsify",
    summary: "train a network on to a density",
    load: async () => (await import("./sparsify.js")).defineSparsify,
  },
  {
    name: "predict",
    summary: "classify samples of your own with a trained network",
    load: async () => (await import("./predict.js")).definePredict,
  },
  {
    name: "export",
    summary: "write a trained network as ONNX, or in a small file",
    load: async () => (await import("./export.js")).defineExport,
  },
];
