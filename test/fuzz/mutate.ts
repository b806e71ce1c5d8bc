/** Seeded damage: what a file says is changed in few places, or its bytes are. */
import type { Random } from "../support/random.js";

const NUMBERS = [
  0,
  1,
  -1,
  2,
  3,
  5,
  7,
  16,
  17,
  0.5,
  1e-30,
  1e9,
  33554433,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
];
const OTHERS = [null, true, false, "", "x", "__proto__", [], {}, [[]], [1, 2, 3]];

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.int(list.length)]!;
}

/**
 * A copy of JSON data with one to three changes: other numbers (many small), words of elsewhere,
 * keys gone or twice.
 */
export function mutatedJson(random: Random, data: unknown): unknown {
  const root = { data: structuredClone(data) };
  for (let changes = 1 + random.int(3); changes > 0; changes--) mutateOnce(random, root);
  return root.data;
}

function mutateOnce(random: Random, root: object): void {
  const places = placesIn(root);
  if (places.length === 0) return;
  const [holder, key] = pick(random, places);
  const old = holder[key];
  const kind = random.int(10);
  if (kind === 0) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (kind === 1) {
    if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(old));
    else holder[`${key}${pick(random, ["", "s", "2"])}`] = structuredClone(old);
  } else if (kind === 2) holder[key] = pick(random, OTHERS);
  else if (kind === 3) {
    const [other, place] = pick(random, places);
    holder[key] = structuredClone(other[place]);
  } else if (typeof old === "number") {
    holder[key] =
      random.next() < 0.5 ? pick(random, NUMBERS) : old + pick(random, [-2, -1, 1, 2, 0.5]);
  } else if (typeof old === "boolean") holder[key] = !old;
  else if (typeof old === "string") {
    const strings = places
      .map(([other, place]) => other[place])
      .filter((value) => typeof value === "string");
    holder[key] = pick(random, strings);
  }
}

type Place = readonly [holder: Record<string, unknown>, key: string];

/** Every value of some data, as the object that holds it and its key. */
function placesIn(holder: object): Place[] {
  return Object.entries(holder).flatMap(([key, value]): Place[] => [
    [holder as Record<string, unknown>, key],
    ...(typeof value === "object" && value !== null ? placesIn(value) : []),
  ]);
}

/** A copy of bytes: some of them others, or an end cut off or put on. */
export function mutatedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const kind = random.int(4);
  if (kind === 0) return bytes.slice(0, random.int(bytes.length));
  if (kind === 1) return Uint8Array.from([...bytes, ...random.bytes(1 + random.int(20))]);
  const copy = bytes.slice();
  // Many files say what they are at their beginning.
  const most = random.next() < 0.5 ? Math.min(300, bytes.length) : bytes.length;
  for (let changes = 1 + random.int(4); changes > 0; changes--)
    copy[random.int(most)] = random.int(256);
  return copy;
}
