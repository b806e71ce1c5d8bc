/** The pieces of JSON on docs/format.md are what readers take; its tables have what is written. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encodeModel } from "#bregman/export/index.js";
import { decodeSafetensors } from "#bregman/export/safetensors-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { modelFromJson } from "#bregman/nn/model-json.js";
import { checkPreparation } from "#bregman/preparation.js";
import { allBlocks } from "../support/doc-examples.js";
import { randomNetwork } from "../support/random-network.js";

const PAGE = "docs/format.md";
const [head, table, graph] = allBlocks(PAGE, "json json json").map(({ code }) => JSON.parse(code));
const page = readFileSync(PAGE, "utf8");

test("the graph, and what a table became, are read", () => {
  expect(modelFromJson(graph).nodes.map(({ name }) => name)).toEqual(["conv2d1", "relu1"]);
  // Three islands and a number.
  expect(() => checkPreparation(table, [4])).not.toThrow();
  expect(() => checkPreparation(table, [5])).toThrow("4");
  const [, image] = /`("image": \{[^`]*\})`/.exec(page)!;
  expect(() => checkPreparation(JSON.parse(`{${image}}`), [3, 64, 64])).not.toThrow();
  const [, sound] = /`("sound": \{[^`]*\})`/.exec(page)!;
  expect(() => checkPreparation(JSON.parse(`{${sound}}`), [8000])).not.toThrow();
});

test("a file has the header of the page, and no text that the page leaves out", () => {
  const network = randomNetwork(mlp([40, 30, 7]), { density: 0.1, dead: 0.1 });
  const bytes = encodeModel({ ...network, labelNames: [..."abcdefg"] }, {}, { sparse: true });
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(Object.keys(header["linear1.bias"])).toEqual(Object.keys(head["linear1.bias"]));
  expect(Object.keys(header.__metadata__)).toEqual(
    expect.arrayContaining(Object.keys(head.__metadata__)),
  );
  const texts = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  const { metadata } = decodeSafetensors(bytes);
  expect(Object.keys(metadata).filter((name) => !texts.includes(name))).toEqual([]);
});
