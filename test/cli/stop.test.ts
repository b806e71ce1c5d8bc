import { afterEach, describe, expect, it, vi } from "vitest";
import { createStopper } from "#bregman/cli/stop.js";

describe("createStopper", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("asks to stop at the first signal, and exits at once at the second", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const calls: string[] = [];
    const stopper = createStopper(
      () => calls.push("first"),
      () => calls.push("second"),
    );
    try {
      expect([stopper.signal.aborted, stopper.exitCode]).toEqual([false, undefined]);
      process.emit("SIGINT", "SIGINT");
      expect([stopper.signal.aborted, stopper.exitCode, ...calls]).toEqual([true, 130, "first"]);
      expect(exit).not.toHaveBeenCalled();
      expect(() => process.emit("SIGTERM", "SIGTERM")).toThrow("exit 143");
      expect(calls).toEqual(["first", "second"]);
    } finally {
      stopper.close();
    }
  });

  it("takes the error of a closed terminal and its signal for one wish to stop", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const stopper = createStopper(
      () => {},
      () => {},
    );
    try {
      process.stderr.emit("error", Object.assign(new Error("write EIO"), { code: "EIO" }));
      expect([stopper.signal.aborted, stopper.exitCode]).toEqual([true, 141]);
      process.emit("SIGHUP", "SIGHUP");
      expect([stopper.signal.aborted, stopper.exitCode]).toEqual([true, 129]);
      expect(exit).not.toHaveBeenCalled();
    } finally {
      stopper.close();
    }
  });

  it("stops a run whose output can't be written, and says why", () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const stopper = createStopper(
      () => {},
      () => {},
    );
    try {
      const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
        code: "ENOSPC",
        syscall: "write",
      });
      process.stdout.emit("error", full);
      process.stdout.emit("error", full);
      expect([stopper.signal.aborted, stopper.exitCode]).toEqual([true, 1]);
      expect(said.mock.calls).toEqual([["bregman: ENOSPC: no space left on device, write\n"]]);
    } finally {
      stopper.close();
    }
  });

  it("gives the signals back", () => {
    const before = (["SIGHUP", "SIGINT", "SIGTERM"] as const).map((name) =>
      process.listenerCount(name),
    );
    const pipes = () =>
      [process.stdout, process.stderr].map((stream) => stream.listenerCount("error"));
    const pipesBefore = pipes();
    createStopper(
      () => {},
      () => {},
    ).close();
    expect(
      (["SIGHUP", "SIGINT", "SIGTERM"] as const).map((name) => process.listenerCount(name)),
    ).toEqual(before);
    expect(pipes()).toEqual(pipesBefore);
  });
});
