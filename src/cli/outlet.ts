/** Text that goes out as fast as it is read, until nobody reads any more. */
import { isReaderGone } from "./stop.js";

export interface Outlet {
  /**
   * Resolves when the text has gone out: with false if nobody reads any more.
   *
   * @throws the system's error if writing failed otherwise
   */
  write(text: string): Promise<boolean>;
  close(): void;
}

/** An outlet to a stream. */
export function createOutlet(stream: NodeJS.WritableStream): Outlet {
  let failure: NodeJS.ErrnoException | undefined;
  let done: (() => void) | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
    done?.();
  };
  stream.on("error", onError);
  return {
    async write(text) {
      if (!failure) {
        await new Promise<void>((resolve) => {
          done = resolve;
          stream.write(text, (error) => {
            if (error) failure ??= error;
            resolve();
          });
        });
      }
      if (failure && !isReaderGone(failure)) throw failure;
      return failure === undefined;
    },
    close: () => void stream.off("error", onError),
  };
}
