/**
 * The stream of random numbers: its bits, that it goes on where it stopped, and that it is as
 * random as claimed.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { restore, stream } from "#bregman/random.js";

describe("one seed, the same bits", () => {
  // Recorded once. They change only if the generator changes, and then every seed of every result
  // does.
  test("constants", () => {
    const random = stream(1, "init");
    expect([random.uniform(), random.uniform32(), random.normal(), random.normal()]).toEqual([
      0.8828722977202244, 0.23933768272399902, -1.081751039667754, 0.7295212845516921,
    ]);
    expect([random.integer(10), random.integer(1000), random.integer(2 ** 32)]).toEqual([
      2, 120, 976431728,
    ]);
    const order = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    random.shuffle(order);
    expect([...order]).toEqual([5, 3, 2, 1, 0, 6, 4, 7]);
  });

  test("seeds and names each give a stream of their own", () => {
    const first = new Set<number>();
    for (const seed of [0, 1, 2, 3, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])
      for (const name of ["", "init", "order", "order/0", "order/1"])
        first.add(stream(seed, name).uniform());
    expect(first.size).toBe(8 * 5);
    expect(stream(7, "a").uniform()).toBe(stream(7, "a").uniform());
  });

  test.each([0.5, Number.NaN, 2 ** 53])("seed %s is refused", (seed) => {
    expect(() => stream(seed)).toThrow(InputError);
    expect(() => stream(seed)).toThrow(`found ${seed}`);
  });
});

describe("state", () => {
  test("goes through JSON and continues the sequence, between two normals as well", () => {
    for (const drawn of [0, 1, 2, 3]) {
      const random = stream(5, "state");
      for (let k = 0; k < drawn; k++) random.normal();
      const twin = restore(JSON.parse(JSON.stringify(random.state())));
      for (let k = 0; k < 20; k++) {
        expect(twin.normal()).toBe(random.normal());
        expect(twin.integer(97)).toBe(random.integer(97));
      }
    }
  });
  test("is a copy", () => {
    const random = stream(5);
    const before = random.state();
    random.uniform();
    expect(random.state()).not.toEqual(before);
    expect(restore(before).uniform()).toBe(stream(5).uniform());
  });
  test.each([[[1, 2, 3]], [[0, 0, 0, 0]], [[1, 2, 3, 0.5]]])("words %j are refused", (words) => {
    expect(() => restore({ words, spare: null })).toThrow(InputError);
  });
});

describe("distributions", () => {
  const N = 200_000;
  const draw = (f: () => number): number[] => Array.from({ length: N }, f);
  const mean = (x: readonly number[]): number =>
    x.reduce((sum, value) => sum + value, 0) / x.length;

  test.each(["uniform", "uniform32"] as const)(
    "%s: in [0, 1), moments, and every bit of its 16 boxes",
    (kind) => {
      const random = stream(11, kind);
      const x = draw(random[kind]);
      expect(Math.min(...x.slice(0, 1e5))).toBeGreaterThanOrEqual(0);
      expect(x.every((value) => value < 1)).toBe(true);
      // Five standard errors of the mean, and chi-square of 15 degrees of freedom below 45 (p about
      // 1e-4).
      expect(Math.abs(mean(x) - 0.5)).toBeLessThan(5 / Math.sqrt(12 * N));
      const boxes = Array.from({ length: 16 }, () => 0);
      for (const value of x) boxes[Math.floor(value * 16)]++;
      expect(boxes.reduce((sum, n) => sum + (n - N / 16) ** 2 / (N / 16), 0)).toBeLessThan(45);
      if (kind === "uniform32") expect(x.every((value) => Math.fround(value) === value)).toBe(true);
      else expect(x.some((value) => Math.fround(value) !== value)).toBe(true);
    },
  );

  test("normal: the first four moments, and no memory", () => {
    const random = stream(12, "normal");
    const x = draw(random.normal);
    const moment = (p: number): number => mean(x.map((value) => value ** p));
    // Variances of the moments' estimates: 1, 2, 15, 96 over N.
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(N));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / N));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / N));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / N));
    expect(Math.abs(mean(x.slice(1).map((value, i) => value * x[i])))).toBeLessThan(
      5 / Math.sqrt(N),
    );
  });

  test("normal: the two of a pair are what the polar method makes of the engine's own logarithm", () => {
    const random = stream(13, "pairs");
    const twin = restore(random.state());
    for (let k = 0; k < 1000; k++) {
      let [x, y, s] = [0, 0, 1];
      while (s >= 1) {
        [x, y] = [2 * twin.uniform() - 1, 2 * twin.uniform() - 1];
        s = x * x + y * y;
      }
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      expect(Math.abs(random.normal() - x * scale)).toBeLessThan(1e-14);
      expect(Math.abs(random.normal() - y * scale)).toBeLessThan(1e-14);
    }
  });

  test("integer: every value of 0 to n - 1 equally often, for n that do not divide 2^32", () => {
    for (const n of [1, 2, 7, 10, 1000]) {
      const random = stream(14, `integer ${n}`);
      const counts = Array.from({ length: n }, () => 0);
      for (let k = 0; k < N; k++) counts[random.integer(n)]++;
      const chi = counts.reduce((sum, count) => sum + (count - N / n) ** 2 / (N / n), 0);
      expect(chi).toBeLessThan(n - 1 + 5 * Math.sqrt(2 * n) + 10);
    }
    // A plain remainder would give the lower half of this range twice as often as the upper one.
    const random = stream(15);
    const n = 3 * 2 ** 30;
    const low = draw(() => random.integer(n)).filter((value) => value < n / 2).length;
    expect(Math.abs(low / N - 0.5)).toBeLessThan(5 / Math.sqrt(4 * N));
  });

  test.each([0, -1, 1.5, 2 ** 32 + 1])("integer(%s) is refused", (n) => {
    expect(() => stream(1).integer(n)).toThrow(InputError);
    expect(() => stream(1).integer(n)).toThrow(`found ${n}`);
  });

  test("bernoulli: never, always, and p of the time", () => {
    const random = stream(16);
    expect(draw(() => Number(random.bernoulli(0)))).not.toContain(1);
    expect(draw(() => Number(random.bernoulli(1)))).not.toContain(0);
    const p = mean(draw(() => Number(random.bernoulli(0.01))));
    expect(Math.abs(p - 0.01)).toBeLessThan(5 * Math.sqrt((0.01 * 0.99) / N));
  });

  test("shuffle: a permutation, and all six orders of three equally often", () => {
    const random = stream(17);
    const order = Uint32Array.from({ length: 1000 }, (_, i) => i);
    random.shuffle(order);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const counts = new Map<string, number>();
    for (let k = 0; k < 60_000; k++) {
      const three = Int32Array.of(0, 1, 2);
      random.shuffle(three);
      counts.set(three.join(), (counts.get(three.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
