/** A pause in a long computation, in which signals, timers and messages have their turn. */

interface Channel {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: undefined): void };
}

declare const MessageChannel: new () => Channel;

/** Resolves as soon as those who wait have had their turn. */
export const nextTurn: () => Promise<void> =
  typeof setImmediate === "function" ? () => new Promise((resolve) => void setImmediate(resolve)) : byMessages();

/** Pauses in a browser, where a timer of 0 ms would take 4: messages to oneself. */
export function byMessages(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  /** Several computations may pause at once: a message for each, in their order. */
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()!();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(undefined);
    });
}

/** Asked between the pieces of a long computation: a promise to wait for when it is time that others have their turn. */
export type Turns = () => Promise<void> | undefined;

/** How long a computation may hold the event loop, in milliseconds. */
const EVERY = 40;

/** Turns for others, at most one each 40 ms. */
export function takeTurns(): Turns {
  let last = performance.now();
  return () => {
    if (performance.now() - last < EVERY) return undefined;
    return nextTurn().then(() => void (last = performance.now()));
  };
}
