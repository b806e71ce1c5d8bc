/**
 * The convolution kernels of one backend with so many threads: every layer, kind of weight and
 * work, in milliseconds. All kinds of one layer and work take turns, so that what the machine does
 * meanwhile falls on all alike.
 */
import { LAYERS, WORK, convPrograms } from "../lib/conv-layers.mjs";
import { openPool } from "../lib/pool.mjs";

/** Runs before the clock starts: memory is touched, and V8 has compiled the kernels for good. */
const WARMUP = 3;

const { backend, threads, batch, density, precision, samples, pick } = JSON.parse(process.argv[2]);
const pool = await openPool({ backend, threads });

/**
 * @type {{ layer: string, work: string, kind: string, nonZeros: number, flops: number, samples:
 *   number[] }[]}
 */
const measured = [];
for (const layer of LAYERS.filter(({ name }) => name.includes(pick))) {
  const mark = pool.memory.mark();
  const { kinds, flops } = convPrograms(pool, layer, { batch, density, precision });
  const sides = Object.entries(kinds).map(([kind, make]) => ({ kind, ...make() }));
  sides.forEach(({ prepare }) => pool.run(prepare));
  WORK.forEach((work, k) => {
    const times = sides.map(() => []);
    for (let run = 0; run < WARMUP + samples; run++)
      sides.forEach(({ programs }, side) => {
        const start = performance.now();
        pool.run(programs[k]);
        if (run >= WARMUP) times[side].push(performance.now() - start);
      });
    sides.forEach(({ kind, nonZeros }, side) => {
      measured.push({
        layer: layer.name,
        work,
        kind,
        nonZeros,
        flops: flops(nonZeros),
        samples: times[side],
      });
    });
  });
  pool.memory.release(mark);
}
const { user, system } = process.cpuUsage();
const note = `${pool.backend}, ${pool.isa}, ${pool.threads} threads`;
process.stdout.write(`${JSON.stringify({ measured, cpuMs: (user + system) / 1000, note })}\n`, () =>
  process.exit(0),
);
