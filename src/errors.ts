/**
 * The errors that are thrown here: four classes, so that a caller knows by the class who can mend
 * what.
 *
 *     InputError           what the caller says: the value, kind or shape of an argument, an option, a
 *                          recipe or its text; also more than this machine can do
 *     UnusableFileError    what was found outside: a file, folder or download, its bytes or its text,
 *                          which is missing, damaged, foreign, of another version, in use, ...
 *     DivergedError        the numbers of a training: a loss that is not finite
 *     InternalError        a fault of ours: it should not have come to this
 *
 * The rule between the first two: what is said in a call, on a command line or in a recipe is
 * input, in whatever form it comes. What stands in other files is not, though the caller named
 * them: their bytes and texts are unusable, whoever checks them.
 */

/** Any error of bregman's own. */
export class BregmanError extends Error {
  static {
    this.prototype.name = "BregmanError";
  }
}

/**
 * What the caller gives is wrong: a value, a kind, a shape, an option, a recipe.
 *
 * @example
 * try {
 *   l1(-1);
 * } catch (error) {
 *   console.log(error instanceof InputError); // true
 * }
 */
export class InputError extends BregmanError {
  static {
    this.prototype.name = "InputError";
  }
}

/**
 * A file, a folder or a download can't be used: it is missing, damaged, foreign, of another
 * version, in use by another process. What the system or a library said is its `cause`.
 */
export class UnusableFileError extends BregmanError {
  static {
    this.prototype.name = "UnusableFileError";
  }
}

/** A loss that is not finite: the learning rate is too large, as a rule. */
export class DivergedError extends BregmanError {
  static {
    this.prototype.name = "DivergedError";
  }
}

/** Something that can't be, and is: a fault of bregman. */
export class InternalError extends BregmanError {
  static {
    this.prototype.name = "InternalError";
  }
}

/**
 * What `work` returns, which looks at values out of a file: what it says of them as input, it says
 * of the file. Any other error is let through: it is no fault of the file's.
 *
 * @param words - the message, from that of the InputError
 * @throws UnusableFileError in place of an InputError, which is its `cause`
 */
export function ofFile<Result>(
  work: () => Result,
  words: (message: string) => string = (message) => message,
): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new UnusableFileError(words(error.message), { cause: error });
  }
}
