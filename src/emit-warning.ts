/** Warnings where the platform's own go: Node's stderr, or the console of a browser. */

/** Node's can be listened to and switched off. */
export function emitWarning(text: string): void {
  const node = globalThis.process as Pick<NodeJS.Process, "emitWarning"> | undefined;
  if (node?.emitWarning) node.emitWarning(text, "BregmanWarning");
  else console.warn(`bregman: ${text}`);
}
