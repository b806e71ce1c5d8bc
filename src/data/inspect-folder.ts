/** What is in a folder with a folder of images or sounds for each class. */
import { BregmanError } from "../errors.js";
import { classFolders, type LabelledFile } from "./sample-files.js";
import { readImageEntry } from "./folder-entries.js";
import { readSound } from "./sound-folder.js";
import { SOUND_ENDING } from "./wav.js";

export interface InspectedFolder {
  readonly kind: "imageFolder" | "soundFolder";
  /** Files of each class. */
  readonly classes: readonly (readonly [name: string, count: number])[];
  /** Files that were looked into, spread over all of them. */
  readonly looked: number;
  /** Shapes of images or rates of sounds, with how often each was found, most frequent first. */
  readonly forms: readonly (readonly [form: string, count: number])[];
  /** Of sounds: their lengths in samples, at their own rates. */
  readonly lengths?: { readonly least: number; readonly median: number; readonly most: number };
  readonly odd: readonly string[];
}

/** More take too long to be looked into. */
const MOST_LOOKED = 2000;
const MOST_ODD = 5;

/**
 * Inspects a folder: that of the first file says whether it has images or sounds.
 *
 * @throws UnusableFileError as `classFolders`
 */
export function inspectFolder(folder: string): InspectedFolder {
  const what = { samples: "images or sounds", files: "PNG, JPEG or WAV files" };
  const { files, labelNames } = classFolders(folder, what, undefined);
  const isSound = SOUND_ENDING.test(files[0].name);
  const step = Math.max(1, files.length / MOST_LOOKED);
  const chosen = Array.from(
    { length: Math.ceil(files.length / step) },
    (_, k) => files[Math.floor(k * step)],
  );
  const forms = new Map<string, number>();
  const lengths: number[] = [];
  const faults: string[] = [];
  for (const file of chosen) {
    try {
      const form = isSound ? soundForm(file, lengths) : imageForm(file);
      forms.set(form, (forms.get(form) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof BregmanError)) throw error;
      faults.push(error.message);
    }
  }
  lengths.sort((a, b) => a - b);
  const more = faults.length - MOST_ODD;
  const counts = labelNames.map((name, label) => {
    return [name, files.filter((file) => file.label === label).length] as const;
  });
  return {
    kind: isSound ? "soundFolder" : "imageFolder",
    classes: counts,
    looked: chosen.length,
    forms: [...forms].sort(([, m], [, n]) => n - m),
    ...(lengths.length > 0 && {
      lengths: {
        least: lengths[0],
        median: lengths[lengths.length >> 1],
        most: lengths[lengths.length - 1],
      },
    }),
    odd: [...faults.slice(0, MOST_ODD), ...(more > 0 ? [`${more} more files can't be read`] : [])],
  };
}

function imageForm(file: LabelledFile): string {
  const { channels, height, width } = readImageEntry(file);
  return `[${channels}, ${height}, ${width}]`;
}

function soundForm(file: LabelledFile, lengths: number[]): string {
  const { rate, samples } = readSound(file);
  lengths.push(samples.length);
  return `${rate} Hz`;
}
