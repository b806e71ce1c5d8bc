/**
 * Pauses of several computations at once: each goes on, also where pauses are messages to oneself,
 * as in a browser.
 */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { nextTurn, takeTurns, turnByMessage } from "#bregman/engine/next-turn.js";

test.each([
  ["a browser", turnByMessage],
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

test.each(["nextTurn", "turnByMessage"])(
  "%s leaves nothing behind that keeps the process alive",
  (name) => {
    const module = new URL("../../dist/engine/next-turn.js", import.meta.url).href;
    const script = `import { ${name} } from ${JSON.stringify(module)}; await ${name}(); await ${name}(); console.log("done");`;
    const options = { encoding: "utf8", timeout: 50_000 } as const;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], options)).toBe(
      "done\n",
    );
  },
);
