/**
 * Targets of the files in a folder: a table in it names them, as data sets of images and sounds on
 * the Hugging Face hub have it.
 *
 *     metadata.csv    file_name,age          a/001.png    a/002.png    ...
 *                     a/001.png,31
 *
 * The files may lie in folders of the folder. Those that the table does not name are no samples.
 */
import { join } from "node:path";
import { UnusableFileError } from "../errors.js";
import { type Answers, targetAnswers } from "./answers.js";
import { places } from "./csv-columns.js";
import { csvRows } from "./csv-rows.js";
import { readCsvText } from "./csv-text.js";
import { FOLDER_TABLE, type FolderEntry } from "./folder-entries.js";

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
