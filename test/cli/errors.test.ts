import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeError } from "#bregman/cli/errors.js";
import {
  BregmanError,
  DivergedError,
  InputError,
  InternalError,
  UnusableFileError,
} from "#bregman/errors.js";
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
  it.each([BregmanError, InputError, UnusableFileError, DivergedError])(
    "gives the message of %o as it is",
    (Kind) => {
      // The words say nothing about who is at fault.
      for (const text of ["tau must be positive", "Cannot read properties: it is not a function"]) {
        expect(describeError(new Kind(text))).toBe(`bregman: ${text}`);
      }
    },
  );

  it.each([InternalError, Error, RangeError, TypeError, SyntaxError])(
    "says of %o that it is a fault of ours",
    (Kind) => {
      expect(describeError(new Kind("tau must be positive"))).toMatch(
        /^bregman: internal error: tau must be positive \(set/,
      );
    },
  );

  it("knows an error of the system by its code and its call, not by one of them", () => {
    const made = (more: object) => Object.assign(new Error("no room"), more);
    expect(describeError(made({ code: "ENOSPC", syscall: "write" }))).toBe("bregman: no room");
    for (const more of [{ code: "ERR_INVALID_ARG_TYPE" }, { syscall: "write" }]) {
      expect(describeError(made(more))).toMatch(/internal error: no room/);
    }
  });

  it("turns the system's words around: what, where, why", () => {
    const error = thrown(() => readFileSync("/no/such/file"));
    expect(describeError(error)).toBe(
      "bregman: could not open /no/such/file: no such file or directory",
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
        new InputError("recipe x is not valid: 1 problem\n  3:5 tau: must be positive"),
      ),
    ).toBe("bregman: recipe x is not valid: 1 problem: 3:5 tau: must be positive");
    expect(describeError(new InputError("2 problems\n  a\n  b"))).toBe(
      "bregman: 2 problems\n  a\n  b",
    );
  });

  it("adds the stack if asked to", () => {
    expect(describeError(new InputError("no"))).not.toContain("    at ");
    expect(describeError(new InputError("no"), true)).toContain("    at ");
  });
});

describe("options", () => {
  it("reads whole numbers in their range", () => {
    expect(integer("--n", 0)("12")).toBe(12);
    for (const text of ["", " ", "1e3", "0x10", "1.0", "٣", "Infinity", "-1", "9007199254740993"]) {
      expect(() => integer("--n", 0)(text)).toThrow(
        new InputError(`--n must be an integer of at least 0, found "${text}"`),
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
