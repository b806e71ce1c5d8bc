// Writes docs/images/births.png, the moving picture of the README: the first layer of an MLP on
// MNIST as its weights are born, a frame an epoch. 36 units, the most active ones at the end;
// LinBreg, seed 0. An animated PNG, https://www.w3.org/TR/png-3/#apng-frame-based-animation.
//   npm run build && node scripts/births-animation.mjs
import { writeFileSync } from "node:fs";
import { fit, l1, linBreg, loadMnist, mlp } from "../dist/index.js";
import { crc32 } from "../dist/crc32.js";
import { mostActiveUnits, weightGrid, weightScale } from "../dist/report/pictures.js";

const [UNITS, SHOWN, SIZE, EPOCHS] = [200, 36, [28, 28], 20];
/** How long a frame is seen, in milliseconds. */
const [EACH, FIRST, LAST] = [200, 1000, 3000];

const thetas = [];
await fit(mlp([784, UNITS, 80, 10]), loadMnist(), {
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.01 } },
  epochs: EPOCHS,
  observe: (_, trainer) => thetas.push(trainer.theta("linear1.weight").slice()),
});
const units = mostActiveUnits(thetas.at(-1), UNITS, SHOWN);
const scale = weightScale(thetas.at(-1), UNITS, units);
const look = { units, columns: 9, scale, gap: 2, zoom: 2 };
const frames = thetas.map((theta) => chunksOf(weightGrid(theta, UNITS, SIZE, look)));

/** The chunks of a PNG file, by their names. */
function chunksOf(file) {
  const view = Buffer.from(file);
  const chunks = {};
  for (let at = 8; at < view.length; at += 12 + view.readUInt32BE(at)) {
    const name = view.toString("latin1", at + 4, at + 8);
    const content = view.subarray(at + 8, at + 8 + view.readUInt32BE(at));
    chunks[name] = Buffer.concat([chunks[name] ?? Buffer.alloc(0), content]);
  }
  return chunks;
}

function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content]);
  return Buffer.concat([numbers(content.length), named, numbers(crc32(named))]);
}

function numbers(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, k) => bytes.writeUInt32BE(value, 4 * k));
  return bytes;
}

const [{ IHDR, PLTE, tRNS }] = frames;
let sequence = 0;
const animation = frames.flatMap(({ IDAT }, k) => {
  const time = k === 0 ? FIRST : k === frames.length - 1 ? LAST : EACH;
  // Place 0, 0; time as time / 1000 s; the whole frame takes the place of the one before.
  const control = Buffer.concat([
    numbers(sequence++),
    IHDR.subarray(0, 8),
    numbers(0, 0, time * 65536 + 1000),
    Buffer.of(0, 0),
  ]);
  const pixels =
    k === 0 ? chunk("IDAT", IDAT) : chunk("fdAT", Buffer.concat([numbers(sequence++), IDAT]));
  return [chunk("fcTL", control), pixels];
});
const file = Buffer.concat([
  Buffer.from("89504e470d0a1a0a", "hex"),
  chunk("IHDR", IHDR),
  chunk("PLTE", PLTE),
  chunk("tRNS", tRNS),
  chunk("acTL", numbers(frames.length, 0)),
  ...animation,
  chunk("IEND", Buffer.alloc(0)),
]);
writeFileSync(new URL("../docs/images/births.png", import.meta.url), file);
console.log(`${frames.length} frames, ${file.length} bytes`);
