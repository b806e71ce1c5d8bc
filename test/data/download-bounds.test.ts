/**
 * No server keeps a download for ever, or fills the disk or the memory: sizes and rates have
 * bounds.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { type DownloadOptions, downloadPart } from "#bregman/data/download.js";
import { fetchDataset } from "#bregman/data/fetch-dataset.js";
import type { PublishedSet } from "#bregman/data/published.js";
import { type Answer, serve } from "./file-server.js";
import { temporaryFolder } from "./idx-files.js";

const content = Uint8Array.from({ length: 50_000 }, (_, k) => (k * k) % 251);
const file = {
  name: "a",
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};

/** Writes pieces until the other side has enough. */
function writeOn(response: ServerResponse, piece: Uint8Array, pause = 0): void {
  const next = () => {
    if (response.destroyed) return;
    response.write(piece, () => setTimeout(next, pause));
  };
  next();
}

const endless: Answer = (_request, response) =>
  writeOn(response.writeHead(200), new Uint8Array(65_536).fill(7));
const dripping: Answer = (_request, response) =>
  writeOn(response.writeHead(200), Uint8Array.of(7), 5);

describe("one file", () => {
  /** Downloads a.gz of the published set, or the archive. */
  async function fetchFrom(answer: Answer, name = "a.gz", options: DownloadOptions = {}) {
    const server = await serve({ [name]: content }, { [name]: [answer] });
    const set: PublishedSet = {
      description: "",
      addresses: [server.url],
      downloads: [{ name, bytes: content.length }],
      files: [file],
    };
    const folder = temporaryFolder();
    let received = 0;
    const error = await fetchDataset("mnist", folder, {
      set,
      retryDelay: 1,
      attempts: 2,
      ...options,
      onEvent: (event) =>
        event.type === "progress" && (received = Math.max(received, event.received)),
    }).catch((fault: Error) => fault);
    return {
      error: error as Error,
      received,
      files: readdirSync(folder),
      requests: server.requests.length,
    };
  }

  test.each([
    ["a.gz", 116_036],
    ["set.tar.gz", 1_177_167],
  ])("%s without an end is cut at what it can have, and nothing is kept", async (name, most) => {
    const { error, received, files, requests } = await fetchFrom(endless, name);
    expect(error.message).toMatch(
      new RegExp(`^could not download .*: expected at most ${most} bytes, found more$`),
    );
    expect(error).toMatchObject({ code: "ERR_DOWNLOAD" });
    expect(received).toBeLessThanOrEqual(most);
    expect([files, requests]).toEqual([[], 1]);
  });

  test("one that says it is too long is not begun", async () => {
    const long: Answer = (_request, response) => {
      response.writeHead(200, { "content-length": 5e12 });
      writeOn(response, new Uint8Array(65_536));
    };
    const { error, received, files } = await fetchFrom(long);
    expect(error.message).toMatch(/: expected at most 116036 bytes, found 5000000000000$/);
    expect([received, files]).toEqual([0, []]);
  });

  test("one that is unpacked on the way, without an end, is cut too", async () => {
    const bomb = gzipSync(new Uint8Array(5e7));
    const packed: Answer = (_request, response) => {
      response
        .writeHead(200, { "content-encoding": "gzip", "content-length": bomb.length })
        .end(bomb);
    };
    const { error, received, files } = await fetchFrom(packed);
    expect(error.message).toMatch(/: expected at most 116036 bytes, found more$/);
    expect(received).toBeLessThanOrEqual(116_036);
    expect(files).toEqual([]);
  });

  test("a byte now and then is no connection, however often it is asked again", async () => {
    const { error, requests } = await fetchFrom(dripping, "a.gz", {
      stallTimeout: 100,
      attempts: 3,
    });
    expect(error.message).toMatch(
      /: only \d+ bytes came in 0\.1 s \(tried 3 times\); run it again to go on from here$/,
    );
    expect(requests).toBe(3);
  });

  test("one byte a connection is no progress", async () => {
    const breaking: Answer = (request, response) => {
      const begin = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      const range = `bytes ${begin}-${content.length - 1}/${content.length}`;
      response.writeHead(begin ? 206 : 200, {
        "content-length": content.length - begin,
        "content-range": range,
      });
      response.write(Uint8Array.of(7), () => setTimeout(() => response.destroy(), 20));
    };
    const { error, requests } = await fetchFrom(breaking, "a.gz", { attempts: 4 });
    expect(error.message).toMatch(/: the connection broke off \(tried 4 times\); run it again/);
    expect(requests).toBe(4);
  });

  test("a slow start is no slow connection", async () => {
    const thinking: Answer = (_request, response) =>
      void setTimeout(() => response.writeHead(200).end(gzipSync(content)), 150);
    const { error } = await fetchFrom(thinking, "a.gz", { stallTimeout: 200, lowestRate: 1e5 });
    expect(error).toBeUndefined();
  });
});

test("an archive that unpacks to more than its members is refused before it is unpacked", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a"), content);
  writeFileSync(join(folder, "more"), new Uint8Array(2e8));
  await create({ cwd: folder, file: join(folder, "set.tar.gz"), gzip: true }, ["more", "a"]);
  const server = await serve({ "set.tar.gz": readFileSync(join(folder, "set.tar.gz")) });
  const set = {
    description: "",
    addresses: [server.url],
    downloads: [{ name: "set.tar.gz", bytes: 1 }],
    files: [file],
  };
  const out = temporaryFolder();
  await expect(fetchDataset("mnist", out, { set })).rejects.toThrow(
    /expected a \.tar\.gz archive, found a damaged one \(more than 1100624 bytes unpacked\)$/,
  );
  expect(readdirSync(out)).toEqual([]);
});

test("what an earlier process left is thrown away if it is too long", async () => {
  const server = await serve({ x: content });
  const path = join(temporaryFolder(), "x");
  writeFileSync(`${path}.part`, new Uint8Array(60_000));
  await downloadPart(`${server.url}x`, path, async () => {}, { most: 50_000 });
  expect(server.requests).toEqual([{ path: "x", range: undefined }]);
});
