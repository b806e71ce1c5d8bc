/**
 * Pictures of the first layer's weights in a run folder. They are drawn when the run ends; the weights they are drawn
 * from wait in files of their own beside them until then, so that a resumed run has all its pictures.
 *
 *     pictures/epoch-003.safetensors    the weight after epoch 3, until the run is finished
 *     pictures/epoch-003.png            its picture
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeTemporaries } from "../atomic-file.js";
import { readSafetensors, writeSafetensors } from "../export/safetensors.js";
import { createFilm, pictureEpochs, squareImage, type Film } from "../report/film.js";
import type { Trainer } from "../train/trainer.js";

export interface FilmFolder {
  /** Brings back the weights of the epochs up to `epoch` of a run that is resumed. */
  resume(epoch: number): void;
  /** To be called with each epoch, 0 included. */
  observe(epoch: number, trainer: Trainer): void;
  /**
   * Draws the pictures; `finished` says that there will be no more. Returns false if there is nothing to draw, as of a
   * weight that can't be seen as an image.
   */
  write(finished: boolean): boolean;
}

const NAME = /^epoch-(\d+)\.(?:safetensors|png)$/;
const WEIGHT = "weight";

/** The pictures of a run of so many epochs. One that is `resumed` has its folder to itself: what a kill left half written goes. */
export function openFilm(run: string, epochs: number, resumed: boolean): FilmFolder {
  const folder = join(run, "pictures");
  const wanted = new Set(pictureEpochs(epochs));
  const fileOf = (epoch: number) => join(folder, `epoch-${String(epoch).padStart(3, "0")}.safetensors`);
  let film: Film | undefined;
  if (resumed) removeTemporaries(folder);
  const add = (epoch: number, shape: readonly number[], theta: Float32Array): boolean => {
    const size = shape.length === 2 ? squareImage(shape[1]) : undefined;
    if (!size) return false;
    film ??= createFilm(shape[0], size, epochs);
    film.add(epoch, theta);
    return true;
  };
  return {
    resume(last) {
      const found = filesIn(folder, "safetensors").filter(({ epoch }) => epoch <= last);
      for (const { epoch, path } of found) {
        try {
          const { shape, data } = readSafetensors(path).tensors.get(WEIGHT)!;
          add(epoch, shape, data as Float32Array);
        } catch {
          // A picture less is no reason not to train.
        }
      }
    },
    observe(epoch, trainer) {
      const node = trainer.model.nodes.find(({ parameters }) => parameters.some(({ role }) => role === "weight"));
      const spec = node?.parameters.find(({ role }) => role === "weight");
      if (!node || !spec) return;
      const theta = trainer.theta(`${node.name}.${spec.name}`);
      if (!add(epoch, spec.shape, theta) || !wanted.has(epoch)) return;
      mkdirSync(folder, { recursive: true });
      writeSafetensors(fileOf(epoch), { [WEIGHT]: { shape: spec.shape, data: theta } });
    },
    write(finished) {
      if (!film) return false;
      // An earlier stop may have left the picture of an epoch that is not wanted any more.
      for (const { path } of filesIn(folder, "png")) rmSync(path);
      film.write(folder);
      if (finished) for (const { path } of filesIn(folder, "safetensors")) rmSync(path);
      return true;
    },
  };
}

/** The folder's files of one kind, in order of their epochs. */
function filesIn(folder: string, kind: "png" | "safetensors"): { epoch: number; path: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => NAME.test(name) && name.endsWith(kind))
    .map((name) => ({ epoch: Number(NAME.exec(name)![1]), path: join(folder, name) }))
    .sort((a, b) => a.epoch - b.epoch);
}
