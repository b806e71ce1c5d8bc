/**
 * A recipe for data that nobody has said anything of: a network of a sensible size, an optimizer, a
 * density, a validation part, and comments on what to change.
 */
import { loadData } from "../data/load.js";
import type { DataSource } from "../data/source.js";
import { InputError } from "../errors.js";
import { size } from "../shape-size.js";
import { checkRecipe } from "./load.js";
import { nameFrom, newSource, type FoundSource } from "./new-source.js";

export interface NewRecipeOptions {
  /** Of a table: the column to be told. Default: one with a telling name, or the last. */
  readonly target?: string | undefined;
  /** What the recipe says of itself for editors. */
  readonly schema?: string | undefined;
  /** The path as the recipe has it. Default: as given. */
  readonly writtenPath?: string | undefined;
}

export interface NewRecipe {
  /** JSON with comments. */
  readonly text: string;
  readonly name: string;
  /** One line for each thing that was found, or decided. */
  readonly found: readonly string[];
}

/** Steps that small data are trained for, and epochs at most. */
const STEPS = 2500;
const MOST_EPOCHS = 150;
const VALIDATION = 0.2;
/** Fewer leave parts without any. */
const LEAST_SAMPLES = 10;

/**
 * Looks at data, reads them once, and writes a recipe that `bregman train` runs.
 *
 * @throws InputError if it can't be told how to read them; UnusableFileError if they can't be read
 * @example
 * const { text } = newRecipe("iris.csv");
 * writeFileSync("iris.jsonc", text);
 */
export function newRecipe(path: string, options: NewRecipeOptions = {}): NewRecipe {
  const decided = newSource(path, options.target);
  // As the recipe will: the categories are those of the samples that it trains with.
  const data = loadData(decided.source as unknown as DataSource, heldOf(decided));
  const count = data.train.count;
  const all = count + (data.test?.count ?? 0);
  if (all < LEAST_SAMPLES)
    throw new InputError(`${path}: expected ${LEAST_SAMPLES} samples or more, found ${all}`);
  const outputs = data.targetNames?.length ?? data.classes;
  if (!decided.isRegression && data.classes < 2)
    throw new InputError(`${path}: expected two classes or more, found ${data.classes}`);
  const name = nameFrom(path);
  const batchSize = count < 500 ? 16 : count < 5000 ? 32 : 128;
  const network =
    decided.source.kind === "soundFolder"
      ? signalNetwork(data.shape, outputs)
      : data.shape.filter((side) => side > 1).length > 1
        ? imageNetwork(data.shape, outputs)
        : flatNetwork(size(data.shape), count, outputs, decided.isRegression);
  const epochs = Math.min(MOST_EPOCHS, Math.max(15, Math.ceil((STEPS * batchSize) / count)));
  const sections = sectionsOf({ path, name, decided, options, batchSize, epochs, network });
  const text = jsonWithComments(sections);
  checkRecipe(Object.fromEntries(sections.map(({ key, value }) => [key, value])));
  const tested = data.test ? `, ${data.test.count} test samples` : "";
  const told = decided.isRegression
    ? `${data.targetNames?.join(", ") ?? "a number"} to be told`
    : `${data.classes} classes`;
  return {
    text,
    name,
    found: [
      `${count} training samples${tested} of shape [${data.shape.join(", ")}], ${told}`,
      ...decided.why,
    ],
  };
}

/** What the recipe holds out of the training samples. */
function heldOf({ isRegression }: FoundSource) {
  return { validation: VALIDATION, stratify: !isRegression };
}

interface Network {
  readonly layers: readonly object[];
  readonly input: readonly number[];
  readonly density: number;
  readonly about: string;
}

function flatNetwork(
  features: number,
  count: number,
  outputs: number,
  isRegression: boolean,
): Network {
  const [first, second] = count < 1000 ? [64, 32] : count < 20_000 ? [128, 64] : [256, 128];
  const linear = (out: number) => ({ kind: "linear", out });
  return {
    input: [features],
    layers: [linear(first), { kind: "relu" }, linear(second), { kind: "relu" }, linear(outputs)],
    // Amounts are learnt by heart by more, where there are few samples of them.
    density: features > 200 || (isRegression && count < 1000) ? 0.05 : 0.2,
    about: "Two hidden layers. More units for more complicated data; the density keeps it small",
  };
}

/** Convolutions, each with half the side of the one before, until 8 are left. */
function imageNetwork([channels, height, width]: readonly number[], outputs: number): Network {
  const layers: object[] = [];
  let [side, out] = [Math.min(height, width), 32];
  do {
    layers.push({ kind: "conv2d", out, kernel: 3, padding: 1, bias: false });
    layers.push({ kind: "batchNorm2d" }, { kind: "relu" });
    if (side > 8) layers.push({ kind: "maxPool2d", size: 2 });
    side = Math.floor(side / 2);
    out = Math.min(128, 2 * out);
  } while (side >= 8);
  layers.push({ kind: "conv2d", out, kernel: 3, padding: 1, bias: false });
  layers.push({ kind: "batchNorm2d" }, { kind: "relu" });
  return {
    input: [channels, height, width],
    layers: [...layers, ...pooledHead(outputs)],
    density: 0.1,
    about: "Convolutions, whose images are halved from one to the next",
  };
}

/** As M5 of Dai et al. (2016): a wide kernel first, then narrow ones. */
function signalNetwork([channels, , length]: readonly number[], outputs: number): Network {
  const layers: object[] = [];
  const block = (convolution: object) => {
    layers.push({ kind: "conv1d", bias: false, ...convolution });
    layers.push({ kind: "batchNorm2d" }, { kind: "relu" });
  };
  const isLong = length > 1000;
  block(isLong ? { out: 64, kernel: 80, stride: 4 } : { out: 64, kernel: 9, padding: "same" });
  let left = isLong ? Math.floor((length - 80) / 4) + 1 : length;
  for (let out = 64; left >= 16 && out <= 256; out *= 2) {
    layers.push({ kind: "maxPool1d", size: 4 });
    left = Math.floor(left / 4);
    block({ out, kernel: 3, padding: "same" });
  }
  return {
    input: [channels, length],
    layers: [...layers, ...pooledHead(outputs)],
    density: 0.1,
    about: "Convolutions along the signal, a wide one first (M5 of Dai et al., 2016)",
  };
}

function pooledHead(outputs: number): object[] {
  return [{ kind: "globalAvgPool2d" }, { kind: "flatten" }, { kind: "linear", out: outputs }];
}

interface Section {
  readonly key: string;
  readonly value: unknown;
  readonly comments: readonly string[];
}

interface Parts {
  readonly path: string;
  readonly name: string;
  readonly decided: FoundSource;
  readonly options: NewRecipeOptions;
  readonly batchSize: number;
  readonly epochs: number;
  readonly network: Network;
}

function sectionsOf(parts: Parts): Section[] {
  const { path, name, decided, options, batchSize, epochs, network } = parts;
  const { writtenPath = path, schema } = options;
  const source = Object.fromEntries(
    Object.entries(decided.source).map(([key, value]) => [
      key,
      value === path ? writtenPath : value,
    ]),
  );
  const { layers, input, density, about } = network;
  const method = {
    kind: "adaBreg",
    tau: 0.005,
    regularizer: { kind: "l1", lambda: 0.1 },
  };
  const section = (key: string, value: unknown, comments: readonly string[] = []): Section => ({
    key,
    value,
    comments,
  });
  return [
    ...(schema === undefined ? [] : [section("$schema", schema)]),
    section("name", name, ["Names the folder of its runs."]),
    section("data", { ...source, ...heldOf(decided) }, [
      ...decided.why.map((line) => `${line[0].toUpperCase()}${line.slice(1)}.`),
      "validation, testShare: shares that are held out, the same ones with the same splitSeed.",
    ]),
    section("model", { kind: "layers", input, layers }, [`${about}.`]),
    section("init", { weights: { density: Math.min(1, density / 2), atLeast: 1 } }, [
      "The network begins with so many of its weights, chosen by chance.",
    ]),
    section("optimizer", { weights: method, biases: { kind: "adaBreg", tau: method.tau } }, [
      "tau is the learning rate; `bregman find-tau` proposes one.",
    ]),
    section("targetDensity", density, [
      "The share of the weights that it ends with. Less is smaller and faster, to a point.",
    ]),
    section("schedule", { kind: "cosine", warmupEpochs: 1 }),
    section("keep", "best", ["The network of the epoch that did best on the validation part."]),
    section("batchSize", batchSize),
    section("epochs", epochs, ["Longer trains better, to a point."]),
  ];
}

/** An object as JSON with comments above its keys. */
function jsonWithComments(sections: readonly Section[]): string {
  const texts = sections.map(({ key, value, comments }) => {
    const lines = comments.map((line) => `  // ${line}\n`).join("");
    return `${lines}  ${JSON.stringify(key)}: ${indented(value)}`;
  });
  return `{\n${texts.join(",\n\n")}\n}\n`;
}

/** JSON that keeps short objects and lists on one line. */
function indented(value: unknown, indent = "  "): string {
  const short = JSON.stringify(value, null, 1)?.replaceAll(/\n\s*/g, " ") ?? "null";
  if (short.length <= 80 || typeof value !== "object" || value === null) return short;
  const inner = `${indent}  `;
  const [open, close, items] = Array.isArray(value)
    ? ["[", "]", value.map((item) => indented(item, inner))]
    : [
        "{",
        "}",
        Object.entries(value).map(
          ([key, item]) => `${JSON.stringify(key)}: ${indented(item, inner)}`,
        ),
      ];
  return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${indent}${close}`;
}
