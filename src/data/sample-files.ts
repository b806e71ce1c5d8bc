/**
 * The files of a folder that are samples.
 *
 * Of a folder of folders each is a class:
 *
 *     train/cat/001.png   train/cat/002.png   train/dog/a.png   ...
 *
 * Classes and files are taken in the order of their names (by code points), so that the same files
 * give the same samples everywhere. What systems leave behind is passed over (folder-entries.ts).
 *
 * Of a folder with targets a table names the files, as data sets of images and sounds on the
 * Hugging Face hub have it, in the order of its rows; they may lie in folders of the folder:
 *
 *     metadata.csv    file_name,age          a/001.png    a/002.png    ...
 *                     a/001.png,31
 */
import { join } from "node:path";
import { ofFile, UnusableFileError } from "../errors.js";
import { someNames } from "../nearest.js";
import { places } from "./csv-columns.js";
import { csvRows } from "./csv-rows.js";
import { readCsvText } from "./csv-text.js";
import { FOLDER_TABLE, type FolderEntry, folderEntries } from "./folder-entries.js";
import { asLabels, type Labels, MOST_CLASSES } from "./labels.js";
import { type Answers, labelAnswers, targetAnswers } from "./own-part.js";

export interface LabelledFile extends FolderEntry {
  /** Place of its class among the names. */
  readonly label: number;
}

/** The files of a folder that are samples. */
export interface SampleFiles extends TargetFiles {
  /** Of the classes, where they have some. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ClassFolders {
  /** Of all files. */
  readonly labels: Labels;
  readonly files: readonly LabelledFile[];
  readonly labelNames: readonly string[];
}

/**
 * The files of each class.
 *
 * @param what - they are, for messages: "images", and "PNG files" in folders
 * @param labelNames - the classes; a folder may have fewer, but no others. Default: its own
 * @throws UnusableFileError if a folder can't be read; also if there are no files, in the folder or
 * in one of a class, or if a class is not one of `labelNames`
 */
export function classFolders(
  folder: string,
  what: { readonly samples: string; readonly files: string },
  labelNames: readonly string[] | undefined,
): ClassFolders {
  const found = folderEntries(folder).filter(({ isFolder }) => isFolder);
  const names = labelNames ?? found.map(({ name }) => name);
  if (names.length > MOST_CLASSES) {
    throw new UnusableFileError(
      `${folder}: expected ${MOST_CLASSES} classes at most, found ${names.length} folders`,
    );
  }
  const places = new Map(names.map((name, k) => [name, k]));
  const files = found.flatMap(({ name, path }) => {
    const label = places.get(name) ?? -1;
    const shown = JSON.stringify(name);
    if (label < 0) {
      throw new UnusableFileError(
        `${path}: unknown class ${shown}; expected one of ${someNames(names)}`,
      );
    }
    const inside = folderEntries(path);
    if (inside.length === 0) {
      throw new UnusableFileError(
        `${path}: expected ${what.files} of the class ${shown}, found none; remove the folder, or fill it`,
      );
    }
    return inside.map((file) => ({ ...file, label }));
  });
  const labels = ofFile(() =>
    asLabels(
      files.map(({ label }) => label),
      folder,
    ),
  );
  if (files.length > 0) return { files, labels, labelNames: names };
  throw new UnusableFileError(
    `could not find ${what.samples} in ${folder}: expected a folder for each class with ${what.files} in it`,
  );
}

/**
 * The files that are samples: those of class folders, or with targets those that the folder's table
 * names.
 *
 * @throws as classFolders and targetFiles
 */
export function filesOf(
  folder: string,
  what: { readonly samples: string; readonly files: string },
  options: {
    readonly labelNames?: readonly string[] | undefined;
    readonly targets?: readonly string[] | undefined;
  },
): SampleFiles {
  if (options.targets) return targetFiles(folder, options.targets);
  const { files, labels, labelNames } = classFolders(folder, what, options.labelNames);
  return { files, answers: labelAnswers(labels), labelNames };
}

/** The column of the files' names. */
const FILE_NAME = "file_name";

export interface TargetFiles {
  readonly files: readonly FolderEntry[];
  readonly answers: Answers;
}

/**
 * The files that the table of a folder names, in its order.
 *
 * @param targets - columns of numbers
 * @throws UnusableFileError if there is no such table, or it is damaged; also for a target that is
 * no number, or a name that leads out of the folder; InputError for a column that is not there
 */
export function targetFiles(folder: string, targets: readonly string[]): TargetFiles {
  const where = join(folder, FOLDER_TABLE);
  const delimiter = ",";
  const { labels: names, targets: values } = csvRows(readCsvText(where, delimiter), {
    where,
    delimiter,
    pixels: false,
    columnsOf(first) {
      const cells = first.map((cell) => cell.trim());
      const place = (column: string, what: string) => places(cells, column, what, {}, where)[0];
      return {
        names: cells,
        header: true,
        label: place(FILE_NAME, "for the files"),
        targets: targets.map((column) => place(column, "for the targets")),
        features: [],
      };
    },
  });
  const files = names.map((name) => {
    const isInside = !/^([/\\]|[a-z]:)/i.test(name) && !name.split(/[/\\]/).includes("..");
    if (isInside) return { name, path: join(folder, name), isFolder: false };
    throw new UnusableFileError(
      `${where}: expected names of files in ${folder}, found ${JSON.stringify(name)}`,
    );
  });
  return { files, answers: targetAnswers(values, targets.length, where) };
}
