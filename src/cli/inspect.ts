/** `bregman data inspect`: what is in files that nobody has said anything of. */
import type { Command } from "commander";
import type { InspectedArray } from "../data/inspect-arrays.js";
import type { InspectedColumn } from "../data/inspect-columns.js";
import type { Inspection } from "../data/inspect.js";

/** What the command says and takes. */
export function defineInspect(command: Command): void {
  command
    .description(
      "Tells what is in a file, or in a folder with a folder for each class: the kind, shapes, " +
        "classes with counts, ranges, what is missing, and what is odd.",
    )
    .argument("<path>", "a file or folder, as recipes read them")
    .option("--json", "print JSON, with all that was found")
    .addHelpText("after", "\nExample:\n  bregman data inspect penguins.csv")
    .action(async (path: string, { json }: { readonly json?: true }) => {
      const { inspectData } = await import("../data/inspect.js");
      const found = inspectData(path);
      const text = json ? JSON.stringify(found, null, 2) : linesOf(path, found).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

/** Values of a column, and classes, that are shown. */
const MOST_SHOWN = 10;

function linesOf(path: string, found: Inspection): string[] {
  switch (found.kind) {
    case "csv": {
      const { rows, columns, delimiter, decimal, header, odd } = found;
      return [
        `${path}: a CSV table of ${plural(rows, "row")} and ${plural(columns.length, "column")}, ` +
          `delimiter ${JSON.stringify(delimiter)}, decimals behind ${JSON.stringify(decimal)}, ` +
          `${header ? "names in the first row" : "no names"}`,
        ...columnLines(columns),
        ...oddLines(odd),
      ];
    }
    case "parquet": {
      const { rows, columns, images, others } = found;
      return [
        `${path}: a Parquet file of ${plural(rows, "row")}`,
        ...images.map((name) => `  ${name}  images`),
        ...others.map((name) => `  ${name}  dates, lists or bytes, which are not read`),
        ...columnLines(columns),
      ];
    }
    case "npy":
    case "npz":
    case "idx":
      return [
        `${path}: ${found.kind === "idx" ? "an idx" : `a .${found.kind}`} file`,
        ...found.arrays.flatMap(arrayLines),
      ];
    case "image":
      return [`${path}: an image of shape [${found.shape.join(", ")}]`];
    case "sound":
      return [`${path}: a sound of ${found.length} samples at ${found.rate} Hz`];
    case "imageFolder":
    case "soundFolder": {
      const { kind, classes, looked, forms, lengths, odd } = found;
      const files = classes.reduce((sum, [, count]) => sum + count, 0);
      const what = kind === "imageFolder" ? "image" : "sound";
      return [
        `${path}: a folder of ${plural(files, what)} in ${plural(classes.length, "class", "classes")}`,
        ...(looked < files ? [`  looked into ${looked} of them`] : []),
        `  classes  ${counted(classes)}`,
        `  ${kind === "imageFolder" ? "shapes" : "rates"}  ${counted(forms)}`,
        ...(lengths
          ? [
              `  lengths  from ${lengths.least} to ${lengths.most} samples, median ${lengths.median}`,
            ]
          : []),
        ...oddLines(odd),
      ];
    }
  }
}

function columnLines(columns: readonly InspectedColumn[]): string[] {
  const width = columns.reduce((most, { name }) => Math.max(most, name.length), 0);
  return columns.flatMap((column) => {
    const { name, kind, missing, least, most, mean, different, values } = column;
    const range = kind === "numbers" ? ` from ${least} to ${most}, mean ${short(mean!)}` : "";
    const few =
      values && (kind === "texts" || different <= MOST_SHOWN)
        ? `${kind === "texts" ? ":" : ","} ${counted(values)}`
        : `, ${different} different`;
    const gaps = missing > 0 ? `, ${missing} missing` : "";
    return [
      `  ${name.padEnd(width)}  ${kind}${range}${kind === "nothing" ? "" : few}${gaps}`,
      ...oddLines(column.odd),
    ];
  });
}

function arrayLines(array: InspectedArray): string[] {
  const { name, shape, type, least, most, mean, notFinite, classes } = array;
  const gaps = notFinite > 0 ? `, ${notFinite} not finite` : "";
  return [
    `  ${name && `${name}  `}${type} [${shape.join(", ")}] from ${least} to ${most}, ` +
      `mean ${short(mean)}${gaps}`,
    ...(classes ? [`    may be labels: ${counted(classes)}`] : []),
  ];
}

function oddLines(odd: readonly string[]): string[] {
  return odd.map((line) => `    odd: ${line}`);
}

/** Values with their counts, the first of them. */
function counted(values: readonly (readonly [string, number])[]): string {
  const shown = values.slice(0, MOST_SHOWN).map(([value, count]) => `${value} (${count})`);
  const more = values.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
