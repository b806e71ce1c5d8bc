/**
 * The order in which the gradients of a batch's parts are added: one fixed binary tree.
 *
 *     parts 0 1 2 3 4 5        ((0 + 1) + (2 + 3)) + (4 + 5)
 *
 * The left branch of a node has the largest power of two of its parts that leaves some to the
 * right. So the sum has the same bits whoever adds which branch: one process all of them, or
 * several ranks their own. With up to three parts it is one part after the other.
 */

/** Parts of a batch, from the first one to before the last. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/** What is done with the gradient of a part. Blocks are places for sums. */
export interface Adding {
  /** The sum that it begins, or that it is added to. */
  readonly block: number;
  readonly begins: boolean;
  /** A part that is a branch by itself is not weighted yet: who adds it does so. */
  readonly alone: boolean;
  /** Afterwards: blocks that are added to others, in this order. */
  readonly merges: readonly { readonly from: number; readonly into: number }[];
}

/** Parts of the left branch, of a node with so many. */
function leftOf(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}

/** The two branches of a node with more than one part. */
export function branchesOf({ from, to }: PartRange): readonly [PartRange, PartRange] {
  const middle = from + leftOf(to - from);
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** Whether a branch is a part. */
export function isPart({ from, to }: PartRange): boolean {
  return to - from === 1;
}

/** The parts of a rank: as many as of any other, or one less. */
export function rangeOf(count: number, rank: number, ranks: number): PartRange {
  const at = (k: number) => Math.floor((k * count) / ranks);
  return { from: at(rank), to: at(rank + 1) };
}

/** The largest branches of the tree of so many parts that lie in a range, from left to right. */
export function branchesIn(count: number, range: PartRange): PartRange[] {
  const within = (node: PartRange): PartRange[] => {
    if (node.to <= range.from || node.from >= range.to) return [];
    if (node.from >= range.from && node.to <= range.to) return [node];
    return branchesOf(node).flatMap(within);
  };
  return count > 0 ? within({ from: 0, to: count }) : [];
}

/**
 * What is done with the gradient of each part of a range, in the order of the parts. In the end
 * block k has the sum of branch k of {@link branchesIn}.
 */
export function additionsIn(count: number, range: PartRange): Adding[] {
  return branchesIn(count, range).flatMap((branch, block) =>
    isPart(branch) && count > 1
      ? [{ block, begins: true, alone: true, merges: [] }]
      : additionsOf(branch, block),
  );
}

function additionsOf(node: PartRange, block: number): Adding[] {
  if (isPart(node)) return [{ block, begins: true, alone: false, merges: [] }];
  const [left, right] = branchesOf(node);
  const before = additionsOf(left, block);
  if (isPart(right)) return [...before, { block, begins: false, alone: false, merges: [] }];
  const after = additionsOf(right, block + 1);
  const last = after.at(-1)!;
  const merges = [...last.merges, { from: block + 1, into: block }];
  return [...before, ...after.slice(0, -1), { ...last, merges }];
}

/** Blocks that the sums of a rank take, for batches of up to so many parts. */
export function blocksFor(most: number, rank: number, ranks: number): number {
  let blocks = 1;
  for (let count = 1; count <= most; count++)
    for (const { block } of additionsIn(count, rangeOf(count, rank, ranks)))
      blocks = Math.max(blocks, block + 1);
  return blocks;
}
