/** Sounds without labels, as a network takes them that has learned of sounds. */
import { UnusableFileError } from "../errors.js";
import type { SoundPreparation } from "../preparation.js";
import { soundSample } from "./sound-folder.js";
import type { Sound } from "./wav.js";

/** A sound that is still to be read. */
export interface NamedSound {
  readonly name: string;
  readonly where: string;
  open(): Sound;
}

/**
 * The samples of sounds, a piece after the other.
 *
 * @param prepared - how training prepared sounds
 * @throws UnusableFileError if it had none; otherwise as the sounds
 */
export function soundPieces(
  sounds: readonly NamedSound[],
  prepared: SoundPreparation | undefined,
  piece: number,
): Generator<{ readonly names: readonly string[]; readonly inputs: Float32Array }> {
  if (prepared) return pieces(sounds, prepared, piece);
  throw new UnusableFileError(
    `${sounds[0].where}: a sound, for a network that has not learned of sounds`,
  );
}

function* pieces(
  sounds: readonly NamedSound[],
  prepared: SoundPreparation,
  piece: number,
): ReturnType<typeof soundPieces> {
  for (let from = 0; from < sounds.length; from += piece) {
    const some = sounds.slice(from, from + piece);
    const inputs = new Float32Array(some.length * prepared.length);
    some.forEach(({ open }, k) => inputs.set(soundSample(open(), prepared), k * prepared.length));
    yield { names: some.map(({ name }) => name), inputs };
  }
}
