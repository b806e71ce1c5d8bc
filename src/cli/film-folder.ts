/**
 * Pictures of the first layer's weights in a run folder. They are drawn when the run ends, or
 * stops; the weights they are drawn from stay in files of their own beside them, so that a run that
 * goes on has all its pictures, in the same colours.
 *
 *     pictures/epoch-003.safetensors    the weight after epoch 3, as its non-zeros where that is smaller
 *     pictures/epoch-003.png            its picture
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { removeTemporaries } from "../atomic-file.js";
import { filesOf, ownFolder, ownPath } from "../own-folder.js";
import { createFilm, pictureEpochs, squareImage, type Film } from "../report/film.js";
import { readWeight, writeWeight } from "../report/film-weight.js";
import type { NetworkInTraining } from "../engine/network-in-training.js";

export interface FilmFolder {
  /**
   * Brings back the weights of the epochs up to `epoch` of a run that is resumed, and removes what
   * a kill has left half written. The folder must be locked.
   */
  resume(epoch: number): void;
  /** To be called with each epoch, 0 included. */
  observe(epoch: number, network: NetworkInTraining): void;
  /** Draws the pictures; none of a weight that can't be seen as an image. */
  write(): void;
}

const FOLDER = "pictures";
const NAME = /^epoch-(\d+)\.(?:safetensors|png)$/;

/**
 * The pictures of a run of so many epochs.
 *
 * @throws UnusableFileError if there is something in the place of the folder, such as a link that
 *   leads elsewhere
 */
export function openFilm(run: string, epochs: number): FilmFolder {
  const folder = ownPath(run, FOLDER);
  const wanted = new Set(pictureEpochs(epochs));
  let film: Film | undefined;
  let filmed = "";
  const add = (epoch: number, shape: readonly number[], theta: Float32Array): boolean => {
    const size = shape.length === 2 ? squareImage(shape[1]) : undefined;
    if (!size) return false;
    // What a file says of the past counts for nothing where it is of another network.
    if (filmed !== shape.join()) film = undefined;
    filmed = shape.join();
    film ??= createFilm(shape[0], size, epochs);
    film.add(epoch, theta);
    return true;
  };
  return {
    resume(last) {
      removeTemporaries(ownPath(run, FOLDER));
      for (const { epoch, shape, theta } of keptWeights(run))
        if (epoch <= last) add(epoch, shape, theta);
    },
    observe(epoch, network) {
      const node = network.model.nodes.find(({ parameters }) =>
        parameters.some(({ role }) => role === "weight"),
      );
      const spec = node?.parameters.find(({ role }) => role === "weight");
      if (!node || !spec) return;
      const theta = network.theta(`${node.name}.${spec.name}`);
      if (!add(epoch, spec.shape, theta) || !wanted.has(epoch)) return;
      const name = `epoch-${String(epoch).padStart(3, "0")}.safetensors`;
      writeWeight(join(ownFolder(run, FOLDER), name), spec.shape, theta);
    },
    write() {
      if (!film) return;
      ownFolder(run, FOLDER);
      // An earlier stop may have left the picture of an epoch that is not wanted any more.
      for (const { name } of filesIn(run, "png")) rmSync(join(folder, name));
      film.write(folder);
    },
  };
}

/** The weights that a run kept for its pictures, by their epochs, as far as they are usable. */
export function* keptWeights(run: string): Generator<KeptWeight> {
  for (const { epoch, name } of filesIn(run, "safetensors")) {
    try {
      yield { epoch, ...readWeight(join(run, FOLDER, name)) };
    } catch {
      // A picture less is no reason to stop.
    }
  }
}

/** The first layer's weight after an epoch. */
export interface KeptWeight {
  readonly epoch: number;
  readonly shape: readonly number[];
  readonly theta: Float32Array;
}

/** The folder's files of one kind, in order of their epochs. */
function filesIn(run: string, kind: "png" | "safetensors"): { epoch: number; name: string }[] {
  return filesOf(run, FOLDER)
    .filter((name) => NAME.test(name) && name.endsWith(kind))
    .map((name) => ({ epoch: Number(NAME.exec(name)![1]), name }))
    .sort((a, b) => a.epoch - b.epoch);
}
