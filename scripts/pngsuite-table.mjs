// Writes test/data/pngsuite.json: what ImageMagick finds in each file of PngSuite, which our reader
// is held against.
//   npm ci --prefix test/pngsuite --ignore-scripts && node scripts/pngsuite-table.mjs
// A line a file: null if ImageMagick can't read it; else [bits a sample, whether all pixels are
// opaque, SHA-256 of "<width>x<height>" and the pixels as RGB bytes, as they are stored: no gamma,
// no colour profile].
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SUITE = fileURLToPath(
  new URL("../test/pngsuite/node_modules/streampng/test/pngs/suite/", import.meta.url),
);
const TABLE = fileURLToPath(new URL("../test/data/pngsuite.json", import.meta.url));

const convert = (...args) =>
  execFileSync("convert", args, { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 28 });

function entry(file) {
  const path = `png:${SUITE}${file}`;
  try {
    const about = convert(
      path,
      "-format",
      "%wx%h %[png:IHDR.bit-depth-orig] %[opaque]",
      "info:",
    ).toString();
    const [size, bits, opaque] = about.split(" ");
    const pixels = convert(
      path,
      "-alpha",
      "off",
      "-set",
      "colorspace",
      "sRGB",
      "-depth",
      "8",
      "rgb:-",
    );
    const hash = createHash("sha256").update(size).update(pixels).digest("hex").slice(0, 32);
    return [Number(bits), opaque.toLowerCase() === "true", hash];
  } catch {
    return null;
  }
}

const images = (folder) => readdirSync(SUITE + folder).filter((name) => name.endsWith(".png"));
const files = [...images(""), ...images("broken").map((name) => `broken/${name}`)].sort();
const lines = files.map(
  (file) => `  ${JSON.stringify(file)}: ${JSON.stringify(entry(file)).replaceAll(",", ", ")}`,
);
writeFileSync(TABLE, `{\n${lines.join(",\n")}\n}\n`);
