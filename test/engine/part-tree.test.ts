/** The tree by which the gradients of parts are added: the same one, whoever adds which branch. */
import { expect, test } from "vitest";
import {
  additionsIn,
  blocksFor,
  branchesIn,
  branchesOf,
  isPart,
  rangeOf,
  type PartRange,
} from "#bregman/ranks/part-tree.js";

/** The tree as text, "((0+1)+2)". */
function textOf(node: PartRange): string {
  if (isPart(node)) return String(node.from);
  const [left, right] = branchesOf(node);
  return `(${textOf(left)}+${textOf(right)})`;
}

test("up to three parts are added one after the other, more in pairs", () => {
  const trees = [1, 2, 3, 4, 6, 7].map((to) => textOf({ from: 0, to }));
  expect(trees).toEqual([
    "0",
    "(0+1)",
    "((0+1)+2)",
    "((0+1)+(2+3))",
    "(((0+1)+(2+3))+(4+5))",
    "(((0+1)+(2+3))+((4+5)+6))",
  ]);
});

/** What a rank adds, carried out on texts: the sums in its blocks. */
function blocksOf(count: number, range: PartRange): string[] {
  const blocks: string[] = [];
  additionsIn(count, range).forEach(({ block, begins, merges }, k) => {
    const part = String(range.from + k);
    blocks[block] = begins ? part : `(${blocks[block]}+${part})`;
    for (const { from, into } of merges) {
      blocks[into] = `(${blocks[into]}+${blocks[from]})`;
      delete blocks[from];
    }
  });
  return blocks.filter((text) => text !== undefined);
}

test.each([1, 2, 3, 4, 5, 8, 13, 16])("%i parts shared out over ranks", (count) => {
  for (let ranks = 1; ranks <= 9; ranks++) {
    const ranges = Array.from({ length: ranks }, (_, rank) => rangeOf(count, rank, ranks));
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map((r) => r.to)]);
    expect(ranges.at(-1)!.to).toBe(count);
    const sizes = ranges.map(({ from, to }) => to - from);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    ranges.forEach((range, rank) => {
      const branches = branchesIn(count, range);
      expect(blocksOf(count, range)).toEqual(branches.map(textOf));
      const used = additionsIn(count, range).map(({ block }) => block + 1);
      expect(Math.max(1, ...used)).toBeLessThanOrEqual(blocksFor(count, rank, ranks));
      // A part that travels alone is weighted by whoever adds it.
      expect(additionsIn(count, range).filter(({ alone }) => alone)).toHaveLength(
        count > 1 ? branches.filter(isPart).length : 0,
      );
      // As many parts for each rank, a power of two: nothing travels that need not.
      const each = count / ranks;
      if (each >= 1 && Number.isInteger(Math.log2(each))) expect(branches).toHaveLength(1);
    });
  }
});
