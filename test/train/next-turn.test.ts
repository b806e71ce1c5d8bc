/** Pauses of several computations at once: each goes on, also where pauses are messages to oneself, as in a browser. */
import { expect, test } from "vitest";
import { byMessages, nextTurn, takeTurns } from "#bregman/train/next-turn.js";

test.each([
  ["a browser", byMessages()],
  ["Node", nextTurn],
])("as in %s", async (_where, pause) => {
  const log: string[] = [];
  const computation = async (name: string, pieces: number) => {
    for (let k = 0; k < pieces; k++) {
      log.push(`${name}${k}`);
      await pause();
    }
    return name;
  };
  expect(await Promise.all([computation("a", 3), computation("b", 2)])).toEqual(["a", "b"]);
  expect(log).toEqual(["a0", "b0", "a1", "b1", "a2"]);
});

test("there is nothing to wait for right after a turn", () => {
  expect(takeTurns()()).toBeUndefined();
});
