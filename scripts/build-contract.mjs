/**
 * Writes kernels/contract.h, what C must know of the contract in src/runtime/contract/, and
 * kernels/sources.h, the files that have kernels.
 *
 *     npm run build && node scripts/build-contract.mjs            writes it
 *     npm run build && node scripts/build-contract.mjs --check    compares, and fails if it differs
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as layers from "../dist/nn/layers/index.js";
import { AUGMENT_WORDS } from "../dist/runtime/contract/data.js";
import { SINGLE_BLOCK, SINGLE_KERNELS } from "../dist/runtime/contract/single.js";
import { FOLLOW, HYPER, MOVE, PENALTY } from "../dist/runtime/contract/update.js";
import { KERNELS } from "../dist/runtime/all-kernels.js";
import {
  HALF_PLANES_ID,
  OP_ARGS,
  OP_WORDS,
  takesPlanes,
  TILE,
  WHOLE_SHARES,
} from "../dist/runtime/kernel-table.js";

const KERNELS_FOLDER = fileURLToPath(new URL("../kernels/", import.meta.url));
const WIDTH = 100;

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Items with commas between them, wrapped. */
function list(head, items, tail) {
  const lines = [head];
  items.forEach((item, k) => {
    const text = k < items.length - 1 ? `${item},` : `${item}${tail}`;
    const separator = k === 0 ? "" : " ";
    if (lines.at(-1).length + separator.length + text.length <= WIDTH)
      lines.push(`${lines.pop()}${separator}${text}`);
    else lines.push(`      ${text}`);
  });
  return lines.join("\n");
}

/** Members of a struct: neighbours of one type stand in one declaration. */
function members(fields) {
  const groups = [];
  for (const field of fields) {
    const [name, type] =
      typeof field === "string" ? [field, "int32_t"] : [field[0], `struct ${field[1].struct}`];
    if (groups.at(-1)?.type === type) groups.at(-1).names.push(snake(name));
    else groups.push({ type, names: [snake(name)] });
  }
  return groups.map(({ type, names }) => list(`  ${type} `, names, ";")).join("\n");
}

const words = (fields) =>
  fields.reduce((sum, field) => sum + (typeof field === "string" ? 1 : words(field[1].fields)), 0);
const struct = (name, fields) =>
  `struct ${name} {\n${members(fields)}\n};\n_Static_assert(sizeof(struct ${name}) == 4 * ${words(fields)}, "${name}");\n`;
const names = (prefix, table) =>
  list(
    "enum { ",
    Object.entries(table).map(
      ([name, value]) => `${prefix}_${snake(name).toUpperCase()} = ${value}`,
    ),
    " };",
  );

const ids = new Map(Object.keys(KERNELS).map((name, id) => [name, id]));
const table = (kernels) =>
  kernels.map((name) => `  X(${ids.get(name)}, ${snake(name)})`).join(" \\\n");

const planesKernels = Object.keys(KERNELS).filter((name) => takesPlanes(KERNELS, name));

const composites = new Map();
const collect = (fields) => {
  for (const field of fields.filter((each) => typeof each !== "string")) {
    collect(field[1].fields);
    composites.set(field[1].struct, field[1].fields);
  }
};
Object.values(KERNELS).forEach(collect);
for (const [name, fields] of Object.entries(KERNELS)) {
  const most = OP_WORDS - OP_ARGS;
  if (words(fields) > most)
    throw new RangeError(`${name} has ${words(fields)} words of arguments, most is ${most}`);
}

/** Elementwise functions by the names of their layers. */
const activations = Object.fromEntries(
  Object.entries(layers).flatMap(([name, { rule }]) =>
    rule?.code === undefined ? [] : [[name, rule.code]],
  ),
);
if (new Set(Object.values(activations)).size < Object.keys(activations).length) {
  throw new RangeError(`two activations have one code: ${JSON.stringify(activations)}`);
}

const hyper = Object.entries(HYPER).sort(([, a], [, b]) => a - b);
const text = `/* Written by scripts/build-contract.mjs from src/runtime/all-kernels.ts and src/runtime/contract/,
 * which say what every argument means. Don't edit. */
#ifndef BREGMAN_CONTRACT_H
#define BREGMAN_CONTRACT_H

#include <stdint.h>

#define T ${TILE}
#define OP_WORDS ${OP_WORDS}
#define OP_ARGS ${OP_ARGS}
#define WHOLE_SHARES ${WHOLE_SHARES}
#define AUGMENT_WORDS ${AUGMENT_WORDS}
#define SINGLE_BLOCK ${SINGLE_BLOCK}
#define HALF_PLANES_ID ${HALF_PLANES_ID}

${names("ACTIVATION", activations)}
/* X(name, code) for every activation. */
#define ACTIVATIONS(X) ${Object.entries(activations)
  .map(([name, code]) => `X(${snake(name)}, ${code})`)
  .join(" ")}
${names("MOVE", MOVE)}
${names("FOLLOW", FOLLOW)}
${names("PENALTY", PENALTY)}

struct hyper {
${list(
  "  float ",
  hyper.map(([name]) => snake(name)),
  ";",
)}
};
_Static_assert(sizeof(struct hyper) == 4 * ${hyper.length}, "hyper");

${[...composites].map(([name, fields]) => struct(name, fields)).join("\n")}
${Object.entries(KERNELS)
  .map(([name, fields]) => struct(`${snake(name)}_args`, fields))
  .join("\n")}
/* X(id, name) for the kernels of one sample, and for all others. */
#define SINGLE_TABLE(X) \\
${table(Object.keys(SINGLE_KERNELS))}
#define OTHER_TABLE(X) \\
${table(Object.keys(KERNELS).slice(Object.keys(SINGLE_KERNELS).length))}
/* Those that are there for planes of bf16 too. */
#define PLANES_TABLE(X) \\
${table(planesKernels)}
/* Those of them that are sums of products of two planes. */
#define PRODUCTS_TABLE(X) \\
${table(planesKernels.filter((name) => name.endsWith("WeightGrad")))}

#endif
`;

const withKernels = readdirSync(KERNELS_FOLDER)
  .filter((name) => name.endsWith(".c"))
  .filter((name) => /^KERNEL\(/m.test(readFileSync(KERNELS_FOLDER + name, "utf8")))
  .sort();
const sources = `/* Written by scripts/build-contract.mjs: the files that have kernels. Don't edit. */
${withKernels.map((name) => `#include "${name}"`).join("\n")}
`;

for (const [name, should] of Object.entries({ "contract.h": text, "sources.h": sources })) {
  const file = KERNELS_FOLDER + name;
  if (!process.argv.includes("--check")) writeFileSync(file, should);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== should) {
    process.stderr.write(
      `kernels/${name} is not what the sources say: npm run build && npm run build:contract\n`,
    );
    process.exitCode = 1;
  }
}
