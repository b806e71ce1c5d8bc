/**
 * Layers that only move or add numbers, by the tile. A flatten is free where the image has no
 * border.
 */
import type { AddLayer, ChannelsLayer, ConcatLayer, FlattenLayer } from "../layers/join.js";
import { NO_BORDER, numberBytes, strides, type PlacedTensor } from "../tensor.js";
import { copyOp, zeroOp } from "./planes.js";
import type { Destination, TiledRule } from "./rule.js";

const MOVES = { backwardReads: { x: false, y: false }, accumulates: true, fuses: {} } as const;

/** Channels from `from` on, as a tensor of their own over the same memory. */
function channelsOf(
  tensor: PlacedTensor,
  from: number,
  count: number,
): PlacedTensor & { readonly whole: PlacedTensor } {
  return {
    ...tensor,
    offset: tensor.offset + from * strides(tensor).plane * numberBytes(tensor),
    channels: count,
    whole: tensor,
  };
}

export const flattenTiled: TiledRule<FlattenLayer> = {
  ...MOVES,
  forward: (_layer, { tiles, xs: [x], y }) => [copyOp(x, asImage(y, x), tiles, false)],
  backward: (_layer, { tiles, dy, dxs: [dx] }) =>
    dx ? [copyOp(asImage(dy, dx.tensor), dx.tensor, tiles, dx.accumulate)] : [],
};

export const addTiled: TiledRule<AddLayer> = {
  takesHalf: true,
  ...MOVES,
  forward: (_layer, { tiles, xs, y }) => xs.map((x, k) => copyOp(x, y, tiles, k > 0)),
  backward: (_layer, { tiles, dy, dxs }) =>
    dxs.flatMap((dx) => (dx ? [copyOp(dy, dx.tensor, tiles, dx.accumulate)] : [])),
};

export const concatTiled: TiledRule<ConcatLayer> = {
  takesHalf: true,
  ...MOVES,
  forward(_layer, { tiles, xs, y }) {
    let from = 0;
    return xs.map((x) => {
      from += x.channels;
      return copyOp(x, channelsOf(y, from - x.channels, x.channels), tiles, false);
    });
  },

  backward(_layer, { tiles, xs, dy, dxs }) {
    let from = 0;
    return dxs.flatMap((dx: Destination | undefined, k) => {
      from += xs[k].channels;
      if (!dx) return [];
      return [
        copyOp(
          channelsOf(dy, from - xs[k].channels, xs[k].channels),
          dx.tensor,
          tiles,
          dx.accumulate,
        ),
      ];
    });
  },
};

export const channelsTiled: TiledRule<ChannelsLayer> = {
  takesHalf: true,
  ...MOVES,
  forward: ({ from, count }, { tiles, xs: [x], y }) => [
    copyOp(channelsOf(x, from, count), y, tiles, false),
  ],

  backward({ from, count }, { tiles, dy, dxs: [dx], constant }) {
    if (!dx) return [];
    const copy = copyOp(dy, channelsOf(dx.tensor, from, count), tiles, dx.accumulate);
    return dx.accumulate ? [copy] : [zeroOp(dx.tensor, tiles, constant), copy];
  },
};

/** A flat tensor seen as an image without border: the same bytes. */
function asImage(
  flat: PlacedTensor,
  { channels: count, height, width }: PlacedTensor,
): PlacedTensor {
  return { offset: flat.offset, channels: count, height, width, pad: NO_BORDER };
}
