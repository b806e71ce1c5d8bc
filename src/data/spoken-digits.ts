/**
 * The Free Spoken Digit Dataset: 3000 recordings of the digits 0 to 9 by six speakers, 8 kHz, half
 * a second each (Z. Jackson and others, https://github.com/Jakobovski/free-spoken-digit-dataset, CC
 * BY-SA 4.0).
 *
 *     recordings/{digit}_{speaker}_{index}.wav
 *
 * Its test part, by its own rule, is the recordings 0 to 4 of each speaker and digit. A recording
 * becomes a sample of `length` numbers: a longer one is cut at its end, a shorter one is silent
 * there.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError, UnusableFileError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { SoundPreparation } from "../preparation.js";
import {
  type ChosenFolder,
  chosenFolder,
  DATA_OPTIONS,
  type DataOptions,
  downloadedFolder,
  missingData,
} from "./data-dir.js";
import type { Dataset, Samples } from "./dataset.js";
import { soundInputs } from "./sound-folder.js";
import { channelStatistics } from "./statistics.js";

const NAME = "spoken-digits";

/** The folder of the recordings, in an archive and where they are put. */
const RECORDINGS = "recordings";
const SUBFOLDERS = [`${NAME}/${RECORDINGS}`, `free-spoken-digit-dataset/${RECORDINGS}`, RECORDINGS];

const FILE = /^(\d)_([a-z]+)_(\d+)\.wav$/;
const COUNT = 3000;
/** Recordings of each speaker and digit that are for the test. */
const TESTED = 5;

export interface SpokenDigitsOptions extends DataOptions {
  /** Samples a second. Default 8000, as they were recorded. */
  readonly rate?: number | undefined;
  /** Samples of each. Default 8000: of 3000 recordings 20 are longer than a second. */
  readonly length?: number | undefined;
}

const SOUND_DEFAULTS = { rate: 8000, length: 8000 } as const satisfies SoundPreparation;

const OPTIONS: OptionKeys<SpokenDigitsOptions> = { ...DATA_OPTIONS, rate: 1, length: 1 };

/**
 * Loads the spoken digits: 2700 recordings to train with, 300 to test.
 *
 * @example
 * const { train, test, shape } = loadSpokenDigits({ dataDir: "data", length: 4000 });
 * shape; // [1, 1, 4000]
 *
 * @throws UnusableFileError if no recordings are found, with how to get them, or if some are
 *   missing or damaged; InputError for a rate or length that is no whole number above 0
 */
export function loadSpokenDigits(options: SpokenDigitsOptions = {}): Dataset {
  const known = knownOptions("loadSpokenDigits", options, OPTIONS);
  const { rate = SOUND_DEFAULTS.rate, length = SOUND_DEFAULTS.length } = known;
  for (const [what, value] of Object.entries({ rate, length })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError(
        `loadSpokenDigits: ${what} must be a whole number above 0, found ${value}`,
      );
    }
  }
  const chosen = chosenFolder(known) ?? downloadedFolder(NAME);
  if (chosen === undefined) throw missingData(NAME);
  return readSpokenDigits(recordingsIn(chosen), { rate, length });
}

/** The folder that has the recordings: one of the subfolders, or the folder itself. */
function recordingsIn({ folder, source }: ChosenFolder): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UnusableFileError(`could not find ${NAME}: ${folder} (${source}) is not a folder`);
  }
  const candidates = [...SUBFOLDERS.map((sub) => join(folder, sub)), folder];
  const found = candidates.find(
    (candidate) => existsSync(candidate) && readdirSync(candidate).some((name) => FILE.test(name)),
  );
  if (found !== undefined) return found;
  throw new UnusableFileError(
    `could not find ${NAME} in ${folder} (${source}): looked for 0_george_0.wav and others there ` +
      `and in its subfolders ${SUBFOLDERS.join(", ")}; \`bregman data ${NAME}\` downloads them`,
  );
}

/**
 * Reads the recordings of this very folder.
 *
 * @param count - recordings that there must be; tests may have fewer
 * @throws as {@link loadSpokenDigits}
 */
export function readSpokenDigits(
  folder: string,
  sound: SoundPreparation,
  count: number = COUNT,
): Dataset {
  const names = readdirSync(folder)
    .filter((name) => FILE.test(name))
    .sort();
  if (names.length !== count) {
    throw new UnusableFileError(
      `${folder}: expected ${count} recordings of ${NAME}, found ${names.length}`,
    );
  }
  const isTest = (name: string) => Number(FILE.exec(name)![3]) < TESTED;
  const part = (chosen: readonly string[]): Samples => ({
    inputs: soundInputs(
      chosen.map((name) => ({ name, path: join(folder, name), isFolder: false })),
      { ...sound, where: folder },
    ),
    labels: Uint8Array.from(chosen, (name) => Number(name[0])),
    count: chosen.length,
  });
  const train = part(names.filter((name) => !isTest(name)));
  return {
    name: NAME,
    classes: 10,
    labelNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    shape: [1, 1, sound.length],
    ...channelStatistics(train.inputs, 1, sound.length),
    train,
    test: part(names.filter(isTest)),
    preparation: { sound },
  };
}
