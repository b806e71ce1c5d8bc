/** What a recipe says of data that nobody has said anything of yet: their kind, what is told. */
import { basename, extname } from "node:path";
import { InputError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import type { InspectedArray } from "../data/inspect-arrays.js";
import type { InspectedColumn } from "../data/inspect-columns.js";
import type { InspectedFolder } from "../data/inspect-folder.js";
import { MOST_CLASSES } from "../data/labels.js";
import { inspectData, type Inspection } from "../data/inspect.js";

/** A recipe's `data`, and how it came to that. */
export interface FoundSource {
  readonly source: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** A number is told, not a class. */
  readonly isRegression: boolean;
  /** What was decided: comments of the recipe. */
  readonly why: readonly string[];
}

/** The part of the samples that is kept for the test, where the data have no test part. */
const TEST_SHARE = 0.2;
/** Names of columns that are what is to be told, the likeliest first. */
const ANSWERS =
  /^(target|label|labels|class|classes|kind|species|category|diagnosis|outcome|y|price|quality|survived)$/i;
/** Whole numbers of more different values than this are amounts, not classes. */
const MOST_WHOLE = 20;
/** Images are scaled down to this side. */
const MOST_SIDE = 64;
const MOST_SECONDS = 2;

/**
 * Looks at data and says how a recipe reads them.
 *
 * @param target - of a table: the column to be told; default: one with a telling name, or the last
 * @throws InputError if there is no such column, or the data need more than one file
 */
export function newSource(path: string, target?: string): FoundSource {
  const found = inspectData(path);
  if (target !== undefined && found.kind !== "csv" && found.kind !== "parquet")
    throw new InputError(`${path}: --target is for tables, found ${found.kind}`);
  switch (found.kind) {
    case "csv":
    case "parquet":
      return tableSource(path, found, target);
    case "npz":
      return npzSource(path, found.arrays);
    case "imageFolder":
      return imageSource(path, found);
    case "soundFolder":
      return soundSource(path, found);
    default:
      throw new InputError(
        `${path}: ${found.kind === "image" || found.kind === "sound" ? "one sample" : "one array"} ` +
          "says no class: expected a table, a .npz archive with inputs and labels, or a folder " +
          "with a folder of files for each class (docs/your-own-data.md has the others)",
      );
  }
}

type Table = Extract<Inspection, { readonly kind: "csv" | "parquet" }>;

function tableSource(path: string, table: Table, target: string | undefined): FoundSource {
  const images = table.kind === "parquet" ? table.images : [];
  const least = images.length > 0 ? 1 : 2;
  if (table.columns.length < least)
    throw new InputError(
      `${path}: expected ${least} columns or more, found ${table.columns.length}`,
    );
  const answer = answerOf(path, table.columns, target);
  const others = table.columns.filter((column) => column !== answer);
  const isRegression = images.length === 0 && isAmount(answer, table.rows);
  const { different } = answer;
  const isRare = different > 256 && 2 * different > table.rows;
  if (!isRegression && (isRare || different > MOST_CLASSES))
    throw new InputError(
      `${path}: column "${answer.name}" has ${different} different values in ${table.rows} rows, ` +
        "too many for classes: expected another column (--target)",
    );
  const isUseless = ({ kind, odd }: InspectedColumn) =>
    kind === "nothing" || odd.some((text) => /one value only|numbers the rows|an index/.test(text));
  const ignore = others.filter(isUseless).map(({ name }) => name);
  const used = others.filter(({ name }) => !ignore.includes(name));
  const missing = used.some(({ missing: count }) => count > 0);
  const texts = used.some(({ kind }) => kind === "texts");
  const isNamed = table.kind === "parquet" || table.header;
  const columnOf = (name: string) =>
    isNamed ? name : table.columns.findIndex((column) => column.name === name);
  const told = columnOf(answer.name);
  const why = [
    `"${answer.name}" is told from the other columns` +
      (target === undefined ? " (--target: another one)" : ""),
    ...ignore.map((name) => `"${name}" is left out: ${reasonOf(others, name)}`),
    ...(missing ? ["missing numbers count as the median of their column"] : []),
    ...(texts && images.length === 0
      ? ["columns of texts are categories, a feature for each"]
      : []),
  ];
  const source = {
    kind: table.kind,
    train: path,
    ...(isRegression ? { targets: [told] } : { label: told }),
    ...(ignore.length > 0 && { ignore: ignore.map(columnOf) }),
    ...(table.kind === "csv" && !table.header && { header: false }),
    ...(table.kind === "csv" && table.delimiter !== "," && { delimiter: table.delimiter }),
    ...(table.kind === "csv" && table.decimal !== "." && { decimal: table.decimal }),
    ...(images.length > 0
      ? { image: images[0], fit: "cut" }
      : { ...(texts && { categories: "text" }), ...(missing && { missing: "median" }) }),
    testShare: TEST_SHARE,
  };
  return { source, isRegression, why };
}

function answerOf(
  path: string,
  columns: readonly InspectedColumn[],
  target: string | undefined,
): InspectedColumn {
  if (target === undefined)
    return columns.find(({ name }) => ANSWERS.test(name.trim())) ?? columns.at(-1)!;
  const names = columns.map(({ name }) => name);
  const found = columns.find(({ name }) => name === target);
  if (found) return found;
  throw new InputError(
    `${path}: no column "${target}"${didYouMean(target, names)}; columns: ${names.join(", ")}`,
  );
}

/** Whether a column is of numbers that are no classes. */
function isAmount({ kind, different, values }: InspectedColumn, rows: number): boolean {
  if (kind !== "numbers") return false;
  const isWhole = values?.every(([text]) => Number.isInteger(Number(text))) ?? false;
  return !isWhole || different > Math.min(MOST_WHOLE, Math.max(2, rows / 10));
}

function reasonOf(columns: readonly InspectedColumn[], name: string): string {
  return columns.find((column) => column.name === name)!.odd[0];
}

function npzSource(path: string, arrays: readonly InspectedArray[]): FoundSource {
  const named = (name: string) => arrays.find((array) => array.name === name);
  const common = { kind: "npz", file: path } as const;
  if (named("x_train") && named("y_train")) {
    const source = { ...common, ...(named("x_test") ? {} : { testShare: TEST_SHARE }) };
    return { source, isRegression: false, why: [] };
  }
  const labels = arrays.filter(({ shape, classes }) => shape.length === 1 && classes);
  const inputs = arrays.filter(({ shape }) => shape.length > 1);
  const [[label], [input]] = [labels, inputs];
  if (labels.length !== 1 || inputs.length !== 1 || label.shape[0] !== input.shape[0]) {
    const found = arrays.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
    throw new InputError(
      `${path}: expected arrays x_train and y_train, or one of inputs and one of their labels; ` +
        `found ${found}`,
    );
  }
  return {
    source: {
      ...common,
      arrays: { inputs: input.name, labels: label.name },
      testShare: TEST_SHARE,
    },
    isRegression: false,
    why: [`"${label.name}" has the labels of "${input.name}"`],
  };
}

function imageSource(path: string, { forms }: InspectedFolder): FoundSource {
  const [channels, height, width] = JSON.parse(forms[0][0]) as [number, number, number];
  const scale = Math.min(1, MOST_SIDE / Math.max(height, width));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const isScaled = scale < 1 || forms.length > 1;
  return {
    source: {
      kind: "imageFolder",
      train: path,
      ...(isScaled && { shape: [channels, side(height), side(width)], fit: "cut" }),
      testShare: TEST_SHARE,
    },
    isRegression: false,
    why: isScaled
      ? [`images are scaled to ${side(height)} x ${side(width)}, and what is beyond is cut off`]
      : [],
  };
}

function soundSource(path: string, { forms, lengths }: InspectedFolder): FoundSource {
  const rate = Number.parseInt(forms[0][0], 10);
  const { median, most } = lengths!;
  const length = Math.min(most, 2 * median, MOST_SECONDS * rate);
  return {
    source: { kind: "soundFolder", train: path, rate, length, testShare: TEST_SHARE },
    isRegression: false,
    why: [`sounds are cut, or end in silence, at ${length} samples of ${rate} a second`],
  };
}

/** A name for the recipe: that of the file or folder. */
export function nameFrom(path: string): string {
  const base = basename(path).replace(/\.gz$/, "");
  const bare = base.slice(0, base.length - extname(base).length) || base;
  const name = bare.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "mine" : name;
}
