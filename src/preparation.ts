/**
 * What was decided of the training samples on their way from a file into a network, so that new
 * ones go the same way: which texts of a table are categories, what a missing cell counts as, how
 * an image comes to its size and a sound to its length. Plain data, kept in the network's file.
 */
import { InputError } from "./errors.js";
import { kindOf } from "./kinds.js";
import { size } from "./shape-size.js";

/** A column of a table, and the features that it becomes. */
export interface PreparedColumn {
  /** Its name, or its index in a file without a header. */
  readonly name: string | number;
  /**
   * The texts that are categories, each a feature that is 1 where the cell is that text, else 0.
   * Absent: the column is numbers, one feature.
   */
  readonly categories?: readonly string[];
  /** What a missing number counts as. Absent: none may be missing. */
  readonly fill?: number;
}

export interface TablePreparation {
  readonly columns: readonly PreparedColumn[];
  /** The texts of a cell that is missing; none: no cell may be. */
  readonly missing: readonly string[];
}

/**
 * How an image comes to its size: "cut" scales it until it covers that, and takes the middle;
 * "stretch" scales each side by itself.
 */
export type ImageFit = "cut" | "stretch";
export const IMAGE_FITS = ["cut", "stretch"] as const satisfies readonly ImageFit[];

export interface ImagePreparation {
  /** [channels, height, width] */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly fit: ImageFit;
}

/** What a sound comes to: one channel, so many samples a second, and so many of them. */
export interface SoundPreparation {
  /** Samples a second. */
  readonly rate: number;
  /** Samples in all: a longer sound is cut at its end, a shorter one is silent there. */
  readonly length: number;
}

export interface Preparation {
  readonly table?: TablePreparation;
  readonly image?: ImagePreparation;
  readonly sound?: SoundPreparation;
}

/** Whether the cells of a column are texts that are categories. */
export function isCategories({ categories }: PreparedColumn): boolean {
  return categories !== undefined;
}

/** How many features a column becomes. */
export function featuresOf({ categories }: PreparedColumn): number {
  return categories?.length ?? 1;
}

/**
 * Checks what may come from a file, and be anything.
 *
 * @param input - shape of a network's input, which the features must fill
 * @throws InputError with one line
 */
export function checkPreparation(value: unknown, input: readonly number[]): void {
  const { table, image, sound } = objectOf(value, "preparation");
  if (table !== undefined) checkTable(table, size(input));
  if (image !== undefined) checkImage(image, size(input));
  if (sound !== undefined) checkSound(sound, size(input));
}

function checkImage(value: unknown, features: number): void {
  const { shape, fit } = objectOf(value, "preparation.image");
  if (!(IMAGE_FITS as readonly unknown[]).includes(fit))
    throw wrong("preparation.image.fit", IMAGE_FITS.join(" or "), fit);
  const isShape = Array.isArray(shape) && shape.length === 3 && shape.every(isSide);
  if (!isShape || size(shape) !== features) {
    const wanted = `[channels, height, width] of ${features} numbers, as the network takes`;
    throw wrong("preparation.image.shape", wanted, shape);
  }
}

function checkSound(value: unknown, features: number): void {
  const { rate, length } = objectOf(value, "preparation.sound");
  if (!isSide(rate)) throw wrong("preparation.sound.rate", "a whole number above 0", rate);
  if (length === features) return;
  throw wrong("preparation.sound.length", `${features}, as the network takes`, length);
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

function checkTable(value: unknown, features: number): void {
  const { columns, missing } = objectOf(value, "preparation.table");
  checkTexts(missing, "preparation.table.missing");
  if (!Array.isArray(columns)) throw wrong("preparation.table.columns", "a list", columns);
  const mayMiss = (missing as readonly string[]).length > 0;
  columns.forEach((column, k) => checkColumn(column, mayMiss, `preparation.table.columns[${k}]`));
  const found = (columns as PreparedColumn[]).reduce((sum, one) => sum + featuresOf(one), 0);
  if (found === features) return;
  throw new InputError(
    `preparation.table.columns: expected ${features} features, as the network takes, found ${found}`,
  );
}

function checkColumn(value: unknown, mayMiss: boolean, where: string): void {
  const { name, categories, fill } = objectOf(value, where);
  if (typeof name !== "string" && !Number.isInteger(name))
    throw wrong(`${where}.name`, "a name or an index", name);
  if (categories !== undefined) checkTexts(categories, `${where}.categories`);
  if ((fill !== undefined || (mayMiss && !categories)) && !Number.isFinite(fill))
    throw wrong(`${where}.fill`, "a finite number", fill);
}

function checkTexts(value: unknown, where: string): void {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return;
  throw wrong(where, "a list of texts", value);
}

function objectOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject) return value as Readonly<Record<string, unknown>>;
  throw wrong(where, "an object", value);
}

function wrong(where: string, wanted: string, value: unknown): InputError {
  const found = typeof value === "number" ? value : kindOf(value);
  return new InputError(`${where} must be ${wanted}, found ${found}`);
}
