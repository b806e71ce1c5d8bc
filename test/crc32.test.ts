/** The checksums of gzip, PNG and TensorBoard. */
import { crc32 as zlibCrc32 } from "node:zlib";
import { expect, test } from "vitest";
import { crc32, crc32c } from "#bregman/crc32.js";
import { stream } from "#bregman/random.js";

const random = stream(1, "crc32");
const bytes = Uint8Array.from({ length: 100 }, () => random.integer(256));

test("the check value of the standard", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

test("wherever the bytes begin, and in how many parts they come", () => {
  for (let from = 0; from <= 20; from++)
    for (let middle = from; middle <= bytes.length; middle += 3) {
      const whole = crc32(bytes.subarray(from));
      const first = crc32(bytes.subarray(from, middle));
      expect(crc32(bytes.subarray(middle), first)).toBe(whole);
      expect(whole).toBe(zlibCrc32(bytes.subarray(from)));
    }
});

test("CRC-32C has the check value of the standard, and those of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, k) => k))).toBe(0x46dd794e);
});
