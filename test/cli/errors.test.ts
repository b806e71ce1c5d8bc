import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeError } from "#bregman/cli/errors.js";
import { commandLine, integer, oneOf, repeatingCommand } from "#bregman/cli/options.js";

/** The error that a function throws. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

describe("describeError", () => {
  it("gives the message of bad input as it is", () => {
    for (const error of [
      new RangeError("tau must be positive"),
      new TypeError("tau must be positive"),
      new SyntaxError("tau must be positive"),
    ]) {
      expect(describeError(error)).toBe("bregman: tau must be positive");
    }
  });

  it("turns the system's words around: what, where, why", () => {
    const error = thrown(() => readFileSync("/no/such/file"));
    expect(describeError(error)).toBe(
      "bregman: could not open /no/such/file: no such file or directory",
    );
  });

  it("takes an error with the system's as its cause for bad input", () => {
    const cause = thrown(() => readFileSync("/no/such/file"));
    expect(describeError(new Error("could not read x: it is gone", { cause }))).toBe(
      "bregman: could not read x: it is gone",
    );
  });

  it("owns up to slips of ours, in one line with a hint", () => {
    const nothing = undefined as unknown as { x: number };
    const hint = " (set BREGMAN_DEBUG=1 to see where)";
    expect(describeError(thrown(() => nothing.x))).toBe(
      `bregman: internal error: Cannot read properties of undefined (reading 'x')${hint}`,
    );
    expect(describeError(new Error("line one\nline two\nline three"))).toBe(
      `bregman: internal error: line one: line two: line three${hint}`,
    );
    expect(describeError("just text")).toBe(`bregman: internal error: just text${hint}`);
  });

  it("joins a heading with its one item, and keeps a list of several", () => {
    expect(
      describeError(
        new RangeError("recipe x is not valid: 1 problem\n  3:5 tau: must be positive"),
      ),
    ).toBe("bregman: recipe x is not valid: 1 problem: 3:5 tau: must be positive");
    expect(describeError(new RangeError("2 problems\n  a\n  b"))).toBe(
      "bregman: 2 problems\n  a\n  b",
    );
  });

  it("adds the stack if asked to", () => {
    expect(describeError(new RangeError("no"))).not.toContain("    at ");
    expect(describeError(new RangeError("no"), true)).toContain("    at ");
  });
});

describe("options", () => {
  it("reads whole numbers in their range", () => {
    expect(integer("--n", 0)("12")).toBe(12);
    for (const text of ["", " ", "1e3", "0x10", "1.0", "٣", "Infinity", "-1", "9007199254740993"]) {
      expect(() => integer("--n", 0)(text)).toThrow(
        new RangeError(`--n must be an integer of at least 0, found "${text}"`),
      );
    }
    expect(() => integer("--n", 1, 3)("4")).toThrow(
      `--n must be an integer from 1 to 3, found "4"`,
    );
  });

  it("reads one word of a list", () => {
    expect(oneOf("--b", ["x", "y"])("y")).toBe("y");
    expect(() => oneOf("--b", ["x", "y"])("Y")).toThrow(`--b must be x or y, found "Y"`);
  });

  it("leaves places of this machine out of the command that repeats a run", () => {
    const args = [
      "train",
      "mine",
      "--out",
      "/somewhere/else",
      "--seed",
      "3",
      "--data-dir=/data",
      "--results",
      "results",
    ];
    expect(repeatingCommand(args)).toBe("bregman train mine --seed 3");
  });

  it("quotes a command line for a shell", () => {
    expect(commandLine(["train", "my recipe.json", "--out=a/b", "it's", ""])).toBe(
      `bregman train 'my recipe.json' --out=a/b 'it'\\''s' ''`,
    );
  });
});
