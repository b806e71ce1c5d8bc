/** A program is run in the way that is faster: by all threads, or by one alone. */
import { afterEach, expect, test, vi } from "vitest";
import type { Pool } from "#bregman/runtime/pool.js";
import { runnerOf } from "#bregman/runtime/thread-choice.js";

/** A pool that writes down how it is asked to run, in which a run takes these milliseconds. */
function pretend(times: { all: number; alone: number }, threads = 2) {
  const ways: string[] = [];
  let clock = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const run = (_: unknown, alone = false) => {
    const way = alone ? "alone" : "all";
    ways.push(way);
    clock += times[way];
  };
  return {
    ways,
    times,
    run: runnerOf({ threads, run } as unknown as Pool, { offset: 0, length: 1 }),
  };
}

const repeat = (count: number, run: () => void) => {
  for (let k = 0; k < count; k++) run();
};

afterEach(() => vi.restoreAllMocks());

test("a small program that is faster alone is run alone, once both ways have been tried", () => {
  const { ways, run } = pretend({ all: 0.2, alone: 0.1 });
  repeat(100, run);
  expect(ways.slice(0, 16)).toEqual([...Array(8).fill("all"), ...Array(8).fill("alone")]);
  expect(new Set(ways.slice(16))).toEqual(new Set(["alone"]));
});

test("one that is faster with all threads is run by all", () => {
  const { ways, run } = pretend({ all: 0.1, alone: 0.15 });
  repeat(100, run);
  expect(new Set(ways.slice(16))).toEqual(new Set(["all"]));
});

test("a large one is run alone twice, and one that takes more than twice as long five times", () => {
  const large = pretend({ all: 6, alone: 7 });
  repeat(1000, large.run);
  expect(large.ways.map((way) => way === "alone").lastIndexOf(true)).toBe(9);
  expect(large.ways.filter((way) => way === "alone")).toHaveLength(2);
  const slow = pretend({ all: 0.5, alone: 1.1 });
  repeat(900, slow.run);
  expect(slow.ways.filter((way) => way === "alone")).toHaveLength(5);
});

test("a small program whose workers take long to wake up is run alone", () => {
  const { ways, run } = pretend({ all: 12, alone: 0.02 });
  repeat(900, run);
  expect(ways.slice(0, 8)).toEqual(Array(8).fill("all"));
  expect(new Set(ways.slice(8))).toEqual(new Set(["alone"]));
});

test("one slow run of a trial, as when others use the machine, decides nothing", () => {
  for (const [slow, way] of [
    [3, "all"],
    [11, "alone"],
  ] as const) {
    const { ways, times, run } = pretend({ all: 0.2, alone: 0.1 });
    for (let k = 0; k < 100; k++) {
      const before = times[way];
      if (k === slow) times[way] = 30;
      run();
      times[way] = before;
    }
    expect(ways.slice(16)).toEqual(Array(84).fill("alone"));
  }
});

test.each([
  ["has become fast", 0.05, "all"],
  ["is too slow to be chosen", 8, "alone"],
] as const)(
  "after a thousand runs a program that is run alone is tried again: running by all %s",
  (_, all, way) => {
    const { ways, times, run } = pretend({ all: 0.2, alone: 0.1 });
    repeat(1000, run);
    expect(ways.slice(900)).toEqual(Array(100).fill("alone"));
    times.all = all;
    repeat(1000, run);
    expect(ways.slice(1000, 1008)).toEqual(Array(8).fill("all"));
    expect(ways.slice(1016)).toEqual(Array(984).fill(way));
  },
);

test("trials that change nothing become rare", () => {
  const { ways, run } = pretend({ all: 0.2, alone: 0.1 });
  repeat(200_000, run);
  const trials = ways.flatMap((way, k) => (way === "all" && ways[k - 1] !== "all" ? [k] : []));
  expect(trials).toEqual([0, 1000, 3000, 7000, 15000, 31000, 63000, 127000, 191000]);
});

test("a pool of one thread has no choice", () => {
  const { ways, run } = pretend({ all: 1, alone: 1 }, 1);
  repeat(30, run);
  expect(new Set(ways)).toEqual(new Set(["all"]));
});
