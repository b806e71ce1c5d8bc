/**
 * The `data` of a recipe: a set by its name, or one's own files, with how to split, normalise and
 * augment them. What it allows is what `loadData` takes.
 *
 *     { "name": "mnist", "validation": 3000 }
 *     { "kind": "npy", "trainInputs": "x.npy", "trainLabels": "y.npy" }
 *
 * Paths start from the folder of the recipe file.
 */
import * as z from "../bundled/zod.js";
import { FEED_DEFAULTS, USE_DEFAULTS } from "../data/in-use.js";
import { MOST_CLASSES } from "../data/labels.js";
import { datasetNames } from "../data/names.js";
import type { DataSource } from "../data/source.js";
import { IMAGE_FITS } from "../preparation.js";
import { answers, folderTargets, oneOf } from "./told-keys.js";
import { found } from "./union-fault.js";

const count = z.int().positive();
const finite = z.array(z.number()).min(1);
const odd = count.refine((n) => n % 2 === 1, {
  error: ({ input }) => `expected an odd number, found ${JSON.stringify(input)}`,
});
const path = z.string().min(1, found("a path"));

const arrayName = z.string().min(1, found("the name of an array"));

const held = z
  .number()
  .min(0)
  .refine(
    (x) => x < 1 || Number.isInteger(x),
    found("a whole number of samples, or a share between 0 and 1"),
  );

/** For every kind. */
const use = {
  validation: held
    .default(USE_DEFAULTS.validation)
    .describe("Training samples held out for validation: their number, or a share of those in use"),
  splitSeed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(USE_DEFAULTS.splitSeed)
    .describe("Seed of the split, apart from the run's seed"),
  stratify: z
    .boolean()
    .optional()
    .describe("Hold as many samples of each class out as its share of all; for labels"),
  normalize: z
    .boolean()
    .default(FEED_DEFAULTS.normalize)
    .describe("Subtract the channel mean, divide by the deviation"),
  limit: count.optional().describe("Use only so many training samples"),
  augment: z
    .strictObject({
      crop: z.int().nonnegative().default(0).describe("Move images by up to so many pixels"),
      padding: z
        .enum(["black", "reflect"])
        .default("black")
        .describe("What then comes in from outside"),
      flip: z.boolean().default(false).describe("Mirror every other image by chance"),
      cutout: z
        .int()
        .nonnegative()
        .default(0)
        .describe("Set a square of so many pixels a side to the mean"),
    })
    .optional()
    .describe("Random changes of the training images, anew in each epoch"),
  restore: z
    .strictObject({
      blur: z
        .strictObject({
          size: odd.default(9).describe("Side of the Gaussian in pixels"),
          sigma: z.number().positive().default(5).describe("Its deviation in pixels"),
        })
        .optional()
        .describe("Blur the inputs first"),
      noise: z
        .number()
        .nonnegative()
        .default(0)
        .describe("Deviation of the noise then added, white being 1"),
      seed: z.int().min(0).max(0xffffffff).optional().describe("Of the noise; default: the run's"),
    })
    .optional()
    .describe(
      "The task: to restore the samples from blurred and noisy ones. Needs the loss meanSquaredError",
    ),
};

/** For one's own files. */
const facts = {
  testShare: held
    .optional()
    .describe("Training samples for the test part, where it has no file: their number or share"),
  normalizeTargets: z
    .boolean()
    .optional()
    .describe(
      "false: targets are trained with as they are; default: normalised, and given back in their units",
    ),
  labelNames: z.array(z.string()).min(1).max(MOST_CLASSES).optional().describe("One name a class"),
  mean: finite.optional().describe("One number a channel; default: of the training samples"),
  std: z
    .array(z.number().positive())
    .min(1)
    .optional()
    .describe("One number a channel; default: as mean"),
};
const image = z.tuple([count, count, count]);
const shape = z
  .union(
    [z.tuple([count]), z.tuple([count, count]), image],
    found("[features], [channels, length] or [channels, height, width]"),
  )
  .optional()
  .describe("Shape of a sample: [features], [channels, length] or [channels, height, width]");

const column = z.union([z.string(), z.int()], found("a column's name or index"));
const channels = z
  .enum(["first", "last"])
  .optional()
  .describe("Where images of four dimensions have their channels");

const missing = z
  .union(
    [z.enum(["mean", "median", "drop"]), z.number()],
    found('"mean", "median", "drop", or a number'),
  )
  .optional()
  .describe("What a missing number counts as; drop: its row is left out");

/** Schema of a recipe's `data`. */
export const dataSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("named").optional(),
    name: z.enum(datasetNames).describe("Data set"),
    rate: count.optional().describe("Of sounds: samples a second"),
    length: count.optional().describe("Of sounds: samples of each"),
    ...use,
  }),
  z
    .strictObject({
      kind: z.literal("idx"),
      trainImages: path.describe("File of the samples"),
      testImages: path.optional().describe("File of the test samples"),
      ...answers,
      channels,
      shape,
      ...facts,
      ...use,
    })
    .superRefine(oneOf("trainLabels", "trainTargets"))
    .describe("idx files, the format of MNIST, plain or gzip-compressed"),
  z
    .strictObject({
      kind: z.literal("npy"),
      trainInputs: path.describe("File of the samples"),
      testInputs: path.optional().describe("File of the test samples"),
      ...answers,
      channels,
      shape,
      ...facts,
      ...use,
    })
    .superRefine(oneOf("trainLabels", "trainTargets"))
    .describe("Arrays of NumPy"),
  z
    .strictObject({
      kind: z.literal("npz"),
      file: path.describe("The archive"),
      arrays: z
        .strictObject({
          inputs: arrayName.describe("The samples"),
          labels: arrayName.optional().describe("Their labels, whole numbers from 0"),
          targets: arrayName
            .optional()
            .describe("In place of labels, numbers to be told: [count] or [count, targets]"),
          testInputs: arrayName.optional().describe("The test samples"),
          testLabels: arrayName.optional().describe("Their labels"),
          testTargets: arrayName.optional().describe("Their targets"),
        })
        .superRefine(oneOf("labels", "targets"))
        .optional()
        .describe("Names of the arrays; default: x_train, y_train, x_test, y_test"),
      channels,
      shape,
      ...facts,
      ...use,
    })
    .describe("An archive of NumPy's arrays"),
  z
    .strictObject({
      kind: z.literal("csv"),
      train: path.describe("File of the training samples"),
      test: path.optional().describe("File of the test samples"),
      label: column
        .optional()
        .describe("Label column: its name or index, from the end if negative"),
      targets: z
        .array(column)
        .min(1)
        .optional()
        .describe("In place of a label, the columns of numbers to be told from the others"),
      ignore: z.array(column).optional().describe("Columns that are left out"),
      header: z
        .boolean()
        .optional()
        .describe(
          "Whether the first row names the columns; by default it must, unless it is all numbers, which is an error",
        ),
      delimiter: z
        .string()
        .length(1)
        .refine(
          (text) => !/["\r\n\ufeff]/.test(text),
          found("a character that is no quote and no line end"),
        )
        .default(",")
        .describe("Stands between two cells"),
      pixels: z
        .boolean()
        .default(false)
        .describe("Whole numbers from 0 to 255 that mean value / 255"),
      decimal: z.enum([".", ","]).optional().describe("Before the decimals of numbers"),
      categories: z
        .union(
          [z.literal("text"), z.array(column).min(1)],
          found('"text", or a list of columns, each by its name or index'),
        )
        .optional()
        .describe('Columns of texts that are categories; "text": all that are no numbers'),
      missing,
      missingCells: z
        .array(z.string())
        .min(1)
        .optional()
        .describe('Texts of a missing cell; default: "", NA, N/A, NaN, nan, NULL, null, ?'),
      shape,
      ...facts,
      ...use,
    })
    .superRefine(oneOf("label", "targets"))
    .describe("Tables of numbers and categories"),
  z
    .strictObject({
      kind: z.literal("parquet"),
      train: path.describe("File of the training samples"),
      test: path.optional().describe("File of the test samples"),
      label: z.string().optional().describe("Label column"),
      targets: z
        .array(z.string())
        .min(1)
        .optional()
        .describe("In place of a label, the columns of numbers to be told"),
      image: z.string().optional().describe("Column of images, bytes in a struct"),
      fit: z.enum(IMAGE_FITS).optional().describe("Of images, as for imageFolder"),
      ignore: z.array(z.string()).optional().describe("Columns that are left out"),
      categories: z
        .union(
          [z.literal("text"), z.array(z.string()).min(1)],
          found('"text", or a list of columns by their names'),
        )
        .optional()
        .describe('Columns of categories; "text": all texts'),
      missing,
      shape,
      ...facts,
      ...use,
    })
    .superRefine(oneOf("label", "targets"))
    .describe("Columns of a Parquet file: a table, or images"),
  z
    .strictObject({
      kind: z.literal("imageFolder"),
      train: path.describe("Folder of the training samples"),
      test: path.optional().describe("Folder of the test samples"),
      targets: folderTargets,
      shape: image.optional().describe("[channels, height, width]; one channel: all are grey"),
      fit: z
        .enum(IMAGE_FITS)
        .optional()
        .describe("How images of other sizes come to that of the first, or of the shape"),
      ...facts,
      ...use,
    })
    .describe("A folder of PNG or JPEG images for each class"),
  z
    .strictObject({
      kind: z.literal("soundFolder"),
      train: path.describe("Folder of the training samples"),
      test: path.optional().describe("Folder of the test samples"),
      targets: folderTargets,
      rate: count.describe("Samples a second, to which all sounds come"),
      length: count.describe("Samples of each: longer sounds are cut, shorter ones end in silence"),
      ...facts,
      ...use,
    })
    .describe("A folder of WAV files for each class"),
]);

/** A recipe's `data` with all defaults filled in. */
export type DataEntry = z.infer<typeof dataSchema>;

/** Whether these are samples with targets in place of labels. */
export function hasTargets(data: DataEntry): boolean {
  const names = "arrays" in data ? data.arrays : undefined;
  const isThere = (key: string) => (data as Readonly<Record<string, unknown>>)[key] !== undefined;
  return ["targets", "trainTargets"].some(isThere) || names?.targets !== undefined;
}

type SourceOf<Entry> = Entry extends unknown ? Omit<Entry, keyof typeof use> : never;

/**
 * What `loadData` takes of a recipe's `data`: all but how to use them. tsc fails here if the schema
 * allows more than that.
 */
export function toSource(entry: DataEntry): DataSource {
  const own = Object.entries(entry).filter(([key]) => !Object.hasOwn(use, key));
  return Object.fromEntries(own) as SourceOf<DataEntry>;
}
