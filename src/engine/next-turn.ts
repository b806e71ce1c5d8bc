/** A pause in a long computation, in which signals, timers and messages have their turn. */
import { nodeModule } from "../runtime/node.js";

interface Channel {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: undefined): void };
}

declare const MessageChannel: new () => Channel;

/** Resolves as soon as those who wait have had their turn. */
export function nextTurn(): Promise<void> {
  // Node's own: the global one may be a test runner's, which stands still, or not there, as in
  // jsdom.
  const immediately = nodeModule("node:timers")?.setImmediate;
  return immediately ? new Promise((resolve) => void immediately(resolve)) : turnByMessage();
}

/**
 * A pause in a browser, where a timer of 0 ms would take 4: a message to oneself. An open channel
 * would keep Node alive.
 */
export function turnByMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Asked between the pieces of a long computation: a promise to wait for when it is time that others
 * have their turn.
 */
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
