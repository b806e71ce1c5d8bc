/** `bregman predict`: what a network makes of samples without labels. */
import { type Command, Option } from "commander";
import type { DecimalMark } from "../data/csv-cells.js";
import type { ColumnName } from "../data/csv-columns.js";
import type { DataSource } from "../data/source.js";
import type { Origin, UnlabelledOptions } from "../data/unlabelled.js";
import { InputError } from "../errors.js";
import { type ImageFit, IMAGE_FITS } from "../preparation.js";
import type { OpenedNetwork } from "../runs/saved-run.js";
import { addPoolOptions, type PoolFlags } from "./computing.js";
import { character, integer } from "./options.js";
import type { PredictionFormat } from "./prediction-format.js";

interface PredictFlags extends PoolFlags {
  readonly csv?: true;
  readonly json?: true;
  readonly top: number;
  readonly array?: string;
  readonly fit?: ImageFit;
  readonly label?: ColumnName;
  readonly ignore?: readonly ColumnName[];
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly decimal?: DecimalMark;
  readonly pixels?: true;
}

/** Numbers of a piece's inputs, at most. */
const PIECE_NUMBERS = 2 ** 21;
const MOST_SAMPLES = 1024;

/** What the command says and takes. */
export function definePredict(command: Command): void {
  command
    .description(
      "Tells what a network makes of samples without labels: the likeliest class and its " +
        "probability, or the outputs of a network that does not classify.",
    )
    .argument("<model>", "a run folder, or a network in a file")
    .argument(
      "<inputs...>",
      "idx and .npy files (.gz too), .npz, CSV, Parquet, PNG, JPEG and WAV files, folders of images or sounds; - is " +
        "standard input, with one such file",
    )
    .option("--top <n>", "tell the n likeliest classes", integer("--top", 1), 1)
    .addOption(new Option("--csv", "print CSV, numbers with all digits").conflicts("json"))
    .option("--json", "print JSON: an array with an object for each sample")
    .option("--array <name>", "the array of a .npz file that has several")
    .addOption(
      new Option(
        "--fit <way>",
        "how images of other sizes come to that of the network (default: as in training)",
      ).choices(IMAGE_FITS),
    )
    .option(
      "--label <column>",
      "of CSV files: a column to leave out, its name or index (default: what the run's " +
        "recipe says, if it is there)",
      column,
    )
    .option(
      "--ignore <column>",
      "one more; may be said again",
      (text: string, before: readonly ColumnName[] = []) => [...before, column(text)],
    )
    .option("--header", "the first row of CSV files names the columns (default: if it is text)")
    .option("--no-header", "it is a sample")
    .option("--delimiter <character>", "between cells", character("--delimiter"))
    .addOption(
      new Option("--decimal <mark>", "before the decimals of numbers in CSV files").choices([
        ".",
        ",",
      ]),
    )
    .option("--pixels", "the numbers of CSV files are pixels, from 0 to 255");
  addPoolOptions(command, "as many as pay for the network")
    .addHelpText(
      "after",
      "\nExamples:\n  bregman predict runs/first digits.npy --top 3\n" +
        "  bregman predict model.safetensors photos/ --json\n" +
        "  cat iris.csv | bregman predict runs/iris - --csv",
    )
    .action(predict);
}

/** An index where it is one, else a name. */
function column(text: string): ColumnName {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

async function predict(
  model: string,
  inputs: readonly string[],
  flags: PredictFlags,
): Promise<void> {
  const { openNetwork } = await import("../runs/saved-run.js");
  const { createPredictor } = await import("../predict/predictor.js");
  const { size } = await import("../shape-size.js");
  const { unlabelled } = await import("../data/unlabelled.js");
  const { predictionText } = await import("./prediction-format.js");
  const { createOutlet } = await import("./outlet.js");
  const { painter } = await import("./paint.js");
  const opened = openNetwork(model);
  const { labelNames, targets, model: net } = opened.network;
  const options = optionsFor(opened, flags, size(net.input));
  // All of them are looked at before the first is computed.
  const sources = (await origins(inputs)).map((origin) => unlabelled(origin, options));
  tellHint(opened);
  const outputs = size(net.output);
  const text = predictionText({
    format: formatOf(flags),
    labelNames,
    targetNames: targets?.names,
    outputs,
    top: Math.min(flags.top, outputs),
    paint: painter(process.stdout),
  });
  const { threads, backend } = flags;
  const predictor = await createPredictor(opened.network, { threads, backend });
  const outlet = createOutlet(process.stdout);
  try {
    if (!(await outlet.write(text.begin))) return;
    for (const { prefix, pieces } of sources) {
      for (const { names, inputs: samples } of pieces) {
        const predictions = {
          names: inputs.length > 1 ? names.map((name) => `${prefix}${name}`) : names,
          outputs: await predictor.predict(samples),
        };
        if (!(await outlet.write(text.piece(predictions)))) return;
      }
    }
    await outlet.write(text.end);
  } finally {
    outlet.close();
    await predictor.close();
  }
}

function formatOf({ csv, json }: PredictFlags): PredictionFormat {
  return csv ? "csv" : json ? "json" : "table";
}

/** How samples are read: as the recipe of a run says, and as the person says. */
function optionsFor(
  { network, recipe }: OpenedNetwork,
  { array, fit, label, ignore = [], header, delimiter, decimal, pixels }: PredictFlags,
  features: number,
): UnlabelledOptions {
  const data = recipe?.data;
  const table = data?.kind === "csv" ? data : undefined;
  const arrays =
    data?.kind === "idx" || data?.kind === "npy" || data?.kind === "npz" ? data : undefined;
  return {
    input: network.model.input,
    channels: arrays?.channels,
    image: network.preparation?.image,
    sound: network.preparation?.sound,
    fit,
    array,
    piece: Math.max(1, Math.min(MOST_SAMPLES, Math.floor(PIECE_NUMBERS / features))),
    csv: {
      leaveOut: label === undefined ? ignore : [label, ...ignore],
      leftOut: table && [
        ...(table.label === undefined ? [] : [table.label]),
        ...(table.targets ?? []),
        ...(table.ignore ?? []),
      ],
      header,
      headerInTraining: table?.header,
      delimiter: delimiter ?? table?.delimiter,
      decimal: decimal ?? table?.decimal,
      prepared: network.preparation?.table,
      pixels: pixels ?? table?.pixels,
      bytesInTraining: table?.pixels ?? (data && areBytes(data)),
    },
  };
}

/** Whether a network has learned of bytes, by the recipe; of arrays it does not tell. */
function areBytes(data: DataSource): boolean {
  if (data.kind === undefined || data.kind === "named") return data.name !== "spoken-digits";
  if (data.kind === "parquet") return data.image !== undefined;
  return data.kind === "idx" || data.kind === "imageFolder";
}

/** The inputs, with standard input read. */
async function origins(inputs: readonly string[]): Promise<Origin[]> {
  const { readStandardInput, STANDARD_INPUT } = await import("./standard-input.js");
  if (inputs.filter((input) => input === "-").length > 1)
    throw new InputError("standard input (-) can be read once, found it twice");
  const all: Origin[] = [];
  for (const input of inputs) {
    if (input !== "-") all.push(input);
    else all.push({ where: STANDARD_INPUT, bytes: await readStandardInput() });
  }
  return all;
}

/** A network of before labels' names were kept is no fault; its outputs need a word. */
function tellHint({ file, network, recipe }: OpenedNetwork): void {
  if (network.labelNames || network.targets) return;
  if (recipe && recipe.loss !== "crossEntropy") return;
  process.stderr.write(
    `${file} has no names of classes: these are the network's outputs as they are\n`,
  );
}
