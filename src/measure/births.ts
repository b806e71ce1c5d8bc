/**
 * When each weight was born: looked at after each epoch, weight by weight.
 *
 *     0         the weight is zero
 *     e + 1     it is not, and was born in epoch e (0: it was there at the start); after a death, the last birth counts
 *
 * A weight that was born and died between two looks is not seen. Two bytes a weight; epochs past
 * 65,534 count as that one.
 */
import { UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import type { Tensor } from "../export/safetensors-format.js";
import { isWeightRole } from "../runtime/parameter.js";
import type { Trainer } from "../engine/trainer.js";

/**
 * By the name of the weight, e.g. "linear1.weight": for each entry 0, or 1 + the epoch of its last
 * birth.
 */
export type Births = ReadonlyMap<string, Uint16Array>;

/** Weights born and died in an epoch. */
export interface Changes {
  /** Weights that are non-zero now and were zero at the last look. */
  readonly births: number;
  /** Weights that are zero now and were non-zero at the last look. */
  readonly deaths: number;
}

/** Counts the weights born and died between two looks, and remembers when. */
export interface BirthCounter {
  /**
   * Looks at the end of an epoch. `layers` has the changes of each weight, in the order of
   * layerMetrics.
   */
  look(epoch: number): Changes & { readonly layers: readonly Changes[] };
  /** As of the last look; the arrays change with the next. */
  state(): Births;
}

const LAST_EPOCH = 0xffff - 1;

/**
 * Starts counting from the weights as they are now: those that are there were born in epoch 0.
 *
 * @param from - or goes on from the state of another counter, which it takes over
 */
export function createBirthCounter(trainer: Trainer, from?: Births): BirthCounter {
  const names = trainer.updaters.flatMap(({ parameter: { name, role } }) =>
    isWeightRole(role) ? [name] : [],
  );
  const born = new Map<string, Uint16Array>();
  for (const name of names) {
    const theta = trainer.theta(name);
    const known = from?.get(name);
    if (known && known.length !== theta.length) {
      throw new UnusableFileError(
        `could not resume: expected a tensor ${BORN}${name} of ${theta.length} numbers, found ${known.length}`,
      );
    }
    born.set(name, known ?? new Uint16Array(theta.length));
    if (!known) mark(born.get(name)!, theta, 0);
  }
  return {
    look(epoch) {
      const layers = names.map((name) => mark(born.get(name)!, trainer.theta(name), epoch));
      const sum = (key: keyof Changes) => layers.reduce((total, layer) => total + layer[key], 0);
      return { births: sum("births"), deaths: sum("deaths"), layers };
    },
    state: () => born,
  };
}

/** Brings the births of a weight up to date with its theta. */
function mark(birth: Uint16Array, theta: Float32Array, epoch: number): Changes {
  const now = Math.min(epoch, LAST_EPOCH) + 1;
  let [births, deaths] = [0, 0];
  for (let k = 0; k < theta.length; k++) {
    if (theta[k] !== 0 && birth[k] === 0) {
      birth[k] = now;
      births++;
    } else if (theta[k] === 0 && birth[k] !== 0) {
      birth[k] = 0;
      deaths++;
    }
  }
  return { births, deaths };
}

const BORN = "born/";

/** Births as the tensors of a checkpoint. */
export function birthTensors(births: Births): [string, Tensor][] {
  return [...births].map(([name, data]) => [`${BORN}${name}`, { shape: [data.length], data }]);
}

/**
 * The births among the tensors of a checkpoint. Those of earlier versions say only where a weight
 * is: such weights count as there at the start, and the lines of metrics beside them have no births
 * of layers.
 */
export function birthsOf(tensors: ReadonlyMap<string, Tensor>): Births {
  const born = [...tensors].filter(([name]) => name.startsWith(BORN));
  return new Map(
    born.map(([name, { data }]) => {
      if (isTypedArray(data, "BigInt64Array"))
        throw new UnusableFileError(
          `could not resume: expected a tensor ${name} of 16 bits, found 64`,
        );
      return [name.slice(BORN.length), new Uint16Array(data as Uint16Array)];
    }),
  );
}
