/** What a network costs where it is used: the bytes of its file, and the time of an answer. */
import { encodeModel, networkSize, type Network } from "bregman/browser";
import { createPredictor } from "bregman/predict";
import type { Costs } from "./messages.js";

/** Clocks of browsers have ticks of up to 1 ms: so long is called again and again, and divided. */
const MILLISECONDS = 5;
/** Times that are taken; their median counts. */
const TIMES = 11;

/**
 * Measures with `bregman/predict`, as a page would have it: one sample, on one thread.
 *
 * @param sample - bytes of one input
 */
export async function costsOf(network: Network, sample: Uint8Array): Promise<Costs> {
  const file = encodeModel(network, {}, { sparse: true });
  const predictor = await createPredictor(file);
  try {
    return {
      bytes: await packedSize(file),
      denseBytes: networkSize(network).bytes.dense,
      milliseconds: timeOf(() => void predictor.predictSync(sample)),
    };
  } finally {
    await predictor.close();
  }
}

/** Median milliseconds of a call. */
function timeOf(call: () => void): number {
  const time = (calls: number): number => {
    const began = performance.now();
    for (let k = 0; k < calls; k++) call();
    return performance.now() - began;
  };
  let calls = 1;
  while (time(calls) < MILLISECONDS) calls *= 2;
  const times = Array.from({ length: TIMES }, () => time(calls) / calls).sort((a, b) => a - b);
  return times[(TIMES - 1) / 2];
}

async function packedSize(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
