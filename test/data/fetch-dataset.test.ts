import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { type FetchEvent, fetchDataset, type FetchOptions } from "#bregman/data/fetch-dataset.js";
import { PUBLISHED, type PublishedSet } from "#bregman/data/published.js";
import { InputError } from "#bregman/errors.js";
import { stream } from "#bregman/random.js";
import { type Answer, breakingOff, good, ignoringRange, serve, status } from "./file-server.js";
import { temporaryFolder } from "./idx-files.js";

const random = stream(1);
/** Random bytes: gzip makes them no smaller, so that there is something to break off from. */
const noise = (length: number) => Uint8Array.from({ length }, () => random.integer(256));
const contentOf = { a: noise(100_000), b: noise(5_000) };
const packed = { "a.gz": gzipSync(contentOf.a), "b.gz": gzipSync(contentOf.b) };
const published = (name: string, content: Uint8Array) => ({
  name,
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
});

/** Two packed files, as MNIST has four. */
function twoFiles(addresses: readonly string[] = []): PublishedSet {
  return {
    description: "",
    addresses,
    downloads: Object.entries(packed).map(([name, { length }]) => ({ name, bytes: length })),
    files: [published("a", contentOf.a), published("b", contentOf.b)],
  };
}

/** Fetches into a new folder, or the one given; tells what happened. */
async function run(set: PublishedSet, options: FetchOptions & { folder?: string } = {}) {
  const folder = options.folder ?? join(temporaryFolder(), "new");
  const events: FetchEvent[] = [];
  const onEvent = (event: FetchEvent) => void events.push(event);
  const result = await fetchDataset("mnist", folder, {
    retryDelay: 1,
    ...options,
    set,
    onEvent,
  }).catch((error: Error) => error);
  const error = result as Error | undefined;
  const of = (type: FetchEvent["type"]) => events.filter((event) => event.type === type);
  return { folder, error, events, of, files: () => readdirSync(folder).sort() };
}

/** Sends the whole from its beginning, whatever was asked for, and breaks off. */
const cutOff =
  (after: number): Answer =>
  (request, response, content) => {
    delete request.headers.range;
    breakingOff(after)(request, response, content);
  };

/** Serves the two files; the answers are those for a.gz. */
const serveTwo = (...answers: Answer[]) =>
  serve(packed, answers.length > 0 ? { "a.gz": answers } : {});

function expectBoth(folder: string): void {
  expect(readdirSync(folder).sort()).toEqual(["a.gz", "b.gz"]);
  for (const [name, bytes] of Object.entries(packed))
    expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
}

describe("ends right", () => {
  test("a good server: each file once, progress to the end; the second time nothing is fetched", async () => {
    const server = await serveTwo();
    const first = await run(twoFiles([server.url]));
    expect(first.error).toBeUndefined();
    expectBoth(first.folder);
    expect(server.requests).toEqual([
      { path: "a.gz", range: undefined },
      { path: "b.gz", range: undefined },
    ]);
    const last = first.of("progress").findLast(({ name }) => name === "a.gz");
    expect(last).toEqual({
      type: "progress",
      name: "a.gz",
      received: packed["a.gz"].length,
      total: packed["a.gz"].length,
    });
    const second = await run(twoFiles([server.url]), { folder: first.folder });
    expect(second.events.map(({ type }) => type)).toEqual(["present", "present"]);
    expect(server.requests).toHaveLength(2);
  });

  test("a connection that breaks off again and again is gone on with from where it was", async () => {
    const server = await serveTwo(...Array.from({ length: 9 }, () => breakingOff(10_000)), good);
    const { error, folder, of } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
    expectBoth(folder);
    const begins = server.requests.filter(({ path }) => path === "a.gz").map(({ range }) => range);
    // More breaks than attempts: each brought something, so it went on.
    expect(begins).toEqual([
      undefined,
      ...Array.from({ length: 9 }, (_, k) => `bytes=${10_000 * (k + 1)}-`),
    ]);
    expect(of("retry")).toHaveLength(9);
    expect(of("retry")[0]).toMatchObject({ reason: "the connection broke off" });
  });

  test("a server that ignores Range sends everything again", async () => {
    const server = await serveTwo(breakingOff(10_000), ignoringRange);
    const { error, folder } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
    expectBoth(folder);
  });

  test("what an earlier process began is gone on with, also if nothing is missing", async () => {
    for (const have of [30_000, packed["a.gz"].length]) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "a.gz.part"), packed["a.gz"].subarray(0, have));
      const server = await serveTwo();
      const { error } = await run(twoFiles([server.url]), { folder });
      expect(error).toBeUndefined();
      expectBoth(folder);
      expect(server.requests.filter(({ path }) => path === "a.gz")).toEqual([
        { path: "a.gz", range: `bytes=${have}-` },
      ]);
    }
  });

  test("an old part of something else, or one too long, is thrown away", async () => {
    for (const part of [noise(30_000), noise(105_000), noise(200_000)]) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "a.gz.part"), part);
      const server = await serveTwo();
      const { error } = await run(twoFiles([server.url]), { folder });
      expect(error).toBeUndefined();
      expectBoth(folder);
      // Of one that is longer than the file can be the rest is not asked for.
      const asked = part.length < 200_000 ? [`bytes=${part.length}-`, undefined] : [undefined];
      expect(
        server.requests.filter(({ path }) => path === "a.gz").map(({ range }) => range),
      ).toEqual(asked);
    }
  });

  test("a range that is not the one asked for is not glued on", async () => {
    const wrongRange = status(206, { "content-range": `bytes 5-12/${packed["a.gz"].length}` });
    const server = await serveTwo(breakingOff(10_000), wrongRange, good);
    const { error, folder } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
    expectBoth(folder);
  });

  test("a redirect is followed, a busy server asked again", async () => {
    const server = await serve(
      { ...packed, "moved/a.gz": packed["a.gz"] },
      {
        "a.gz": [status(503), status(429), status(302, { location: "/moved/a.gz" })],
      },
    );
    const { error, folder } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
    expectBoth(folder);
  });

  test("a connection that stalls counts as broken", async () => {
    const stalling: Answer = (_request, response, content) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 20_000));
    };
    const server = await serveTwo(stalling, good);
    const { error, folder, of } = await run(twoFiles([server.url]), { stallTimeout: 200 });
    expect(error).toBeUndefined();
    expectBoth(folder);
    expect(of("retry")).toEqual([
      { type: "retry", name: "a.gz", reason: "no data came for 0.2 s" },
    ]);
  });

  test("a server that unpacks on the way, or sends the content unpacked, serves as well", async () => {
    const encoding: Answer = (_request, response, content) => {
      response
        .writeHead(200, { "content-encoding": "gzip", "content-length": content.length })
        .end(content);
    };
    const server = await serveTwo(encoding);
    const { error, folder } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
    // The reader of idx files recognises gzip by its first bytes, not by the name.
    expect(readFileSync(join(folder, "a.gz")).equals(contentOf.a)).toBe(true);
  });

  test("a copy that was compressed anew has the same content", async () => {
    const server = await serve({ ...packed, "a.gz": gzipSync(contentOf.a, { level: 1 }) });
    const { error } = await run(twoFiles([server.url]));
    expect(error).toBeUndefined();
  });

  test("the next address is used if one fails; --from goes before all", async () => {
    const empty = await serve({});
    const server = await serveTwo();
    const { error, folder } = await run(twoFiles([empty.url, server.url]));
    expect(error).toBeUndefined();
    expectBoth(folder);
    const mirror = await serve(
      Object.fromEntries(Object.entries(packed).map(([name, bytes]) => [`m/${name}`, bytes])),
    );
    // With and without a slash at the end.
    for (const from of [`${mirror.url}m`, `${mirror.url}m/`]) {
      const fromMirror = await run(twoFiles(["http://192.0.2.1/"]), { from });
      expect(fromMirror.error).toBeUndefined();
    }
    expect(mirror.requests.map(({ path }) => path)).toEqual([
      "m/a.gz",
      "m/b.gz",
      "m/a.gz",
      "m/b.gz",
    ]);
  });
});

describe("ends with one line, and nothing wrong is left", () => {
  const wrong = gzipSync(noise(100_000));
  const sendingWrong: Answer = (_request, response) => void response.writeHead(200).end(wrong);
  const cases: [string, Answer[], RegExp][] = [
    ["404", [status(404)], /the server answered 404 Not Found$/],
    [
      "a fault that stays",
      [status(500)],
      /the server answered 500 Internal Server Error \(tried 3 times\)$/,
    ],
    [
      "wrong bytes",
      [sendingWrong],
      /a\.gz is not what was published: expected content of SHA-256 \w{12}\.\.\., found \w{12}\.\.\.$/,
    ],
    [
      "a page instead of the file",
      [(_request, response) => void response.writeHead(200).end("<html>log in first</html>")],
      /a\.gz is not what was published: expected 100000 bytes of content, found 25$/,
    ],
    [
      "content without end",
      [(_request, response) => void response.writeHead(200).end(gzipSync(new Uint8Array(1e6)))],
      /a\.gz is damaged \(Cannot create a Buffer larger than 100001 bytes\)$/,
    ],
    [
      "cut short without telling",
      [
        (_request, response, content) =>
          void response.writeHead(200).end(content.subarray(0, 50_000)),
      ],
      /a\.gz is damaged \(unexpected end of file\)$/,
    ],
    ["redirects in a circle", [status(302, { location: "/a.gz" })], /redirect count exceeded/],
  ];
  test.each(cases)("%s", async (_, answers, message) => {
    const server = await serveTwo(...answers);
    const { error, files } = await run(twoFiles([server.url]), { attempts: 3 });
    expect(error!.message.startsWith(`could not download ${server.url}a.gz: `)).toBe(true);
    expect(error!.message).toMatch(message);
    expect(error!.message).not.toMatch(/\n/);
    expect(error).toMatchObject({ code: "ERR_DOWNLOAD" });
    expect(files()).toEqual([]);
  });

  test("a connection that gives nothing more: what came is kept for the next time", async () => {
    const server = await serveTwo(breakingOff(10_000), breakingOff(0));
    const { error, folder, files } = await run(twoFiles([server.url]), { attempts: 3 });
    expect(error!.message).toMatch(
      /: the connection broke off \(tried 3 times\); run it again to go on from here$/,
    );
    expect(files()).toEqual(["a.gz.part"]);
    expect(readFileSync(join(folder, "a.gz.part")).equals(packed["a.gz"].subarray(0, 10_000))).toBe(
      true,
    );
  });

  test("a server that never gets to the end, or never gets it right, is not asked for ever", async () => {
    const unsteady = await serveTwo(
      ...Array.from({ length: 20 }, (_, k) => cutOff(k % 2 ? 10_000 : 20_000)),
    );
    const first = await run(twoFiles([unsteady.url]), { attempts: 3 });
    expect(first.error!.message).toMatch(/tried 3 times/);
    const wrongEnd: Answer = (request, response, content) =>
      good(request, response, new Uint8Array(content.length));
    const mixed = await serveTwo(
      ...Array.from({ length: 20 }, (_, k) => (k % 2 ? wrongEnd : breakingOff(10_000))),
    );
    const second = await run(twoFiles([mixed.url]), { attempts: 3 });
    expect(second.error!.message).toMatch(/a\.gz is damaged/);
    expect(mixed.requests).toHaveLength(4);
    expect(second.files()).toEqual([]);
  });

  test("no server", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => void listener.on("listening", resolve));
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => void listener.close(resolve));
    const { error, files } = await run(twoFiles([`http://127.0.0.1:${port}/`]), { attempts: 2 });
    expect(error!.message).toMatch(/: the server refused the connection \(tried 2 times\)$/);
    expect(files()).toEqual([]);
    const unknown = await run(twoFiles(["http://no-such-host.invalid/"]));
    expect(unknown.error!.message).toMatch(
      /: (there is no such server|the server's name could not be looked up.*)$/,
    );
  });

  test("a wrong file that was there is replaced, or stays if there is nothing better", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.gz"), "old");
    const empty = await serve({});
    await run(twoFiles([empty.url]), { folder });
    expect(readFileSync(join(folder, "a.gz"), "utf8")).toBe("old");
    const server = await serveTwo();
    await run(twoFiles([server.url]), { folder });
    expectBoth(folder);
  });

  test("an address that is none, a folder that can't be", async () => {
    for (const from of ["somewhere", "ftp://host/"]) {
      const { error } = await run(twoFiles(), { from }).catch((fault: Error) => ({ error: fault }));
      expect(error).toEqual(
        new InputError(`--from must be an http or https address, found "${from}"`),
      );
    }
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const error = await fetchDataset("mnist", join(file, "below")).catch((fault: Error) => fault);
    expect((error as Error).message).toMatch(/^could not make the folder .*below: /);
  });

  test("an abort ends it at once and keeps what came", async () => {
    const controller = new AbortController();
    const pausing: Answer = (_request, response, content) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 20_000), () => setTimeout(() => controller.abort(), 100));
    };
    const server = await serveTwo(pausing);
    const { error, files } = await run(twoFiles([server.url, server.url]), {
      signal: controller.signal,
    });
    expect(error!.name).toBe("AbortError");
    expect(files()).toEqual(["a.gz.part"]);
    expect(server.requests).toHaveLength(1);
  });
});

describe("an archive, as CIFAR-10 is one", () => {
  async function archive(names: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "batches-bin"));
    for (const [name, content] of Object.entries(names))
      writeFileSync(join(folder, "batches-bin", name), content);
    await create({ cwd: folder, file: join(folder, "set.tar.gz"), gzip: true }, ["batches-bin"]);
    return readFileSync(join(folder, "set.tar.gz"));
  }
  const set = (addresses: readonly string[]): PublishedSet => ({
    description: "",
    addresses,
    downloads: [{ name: "set.tar.gz", bytes: 105_000 }],
    files: [published("a.bin", contentOf.a), published("b.bin", contentOf.b)],
  });
  const members = {
    "a.bin": contentOf.a,
    "b.bin": contentOf.b,
    "readme.html": Buffer.from("more"),
  };

  test("its members are unpacked, whatever breaks on the way, and the archive goes", async () => {
    const server = await serve(
      { "set.tar.gz": await archive(members) },
      { "set.tar.gz": [breakingOff(60_000), good] },
    );
    const { error, folder, files } = await run(set([server.url]));
    expect(error).toBeUndefined();
    expect(files()).toEqual(["a.bin", "b.bin"]);
    expect(readFileSync(join(folder, "a.bin")).equals(contentOf.a)).toBe(true);
    expect(readFileSync(join(folder, "b.bin")).equals(contentOf.b)).toBe(true);
    const again = await run(set([server.url]), { folder });
    expect(again.events).toEqual([{ type: "present", name: "set.tar.gz" }]);
  });

  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    [
      "a member missing",
      () => archive({ "a.bin": contentOf.a }),
      /b\.bin of 5000 bytes is not in the archive$/,
    ],
    [
      "a member of another size",
      () => archive({ ...members, "b.bin": noise(5_001) }),
      /b\.bin of 5000 bytes is not in the archive$/,
    ],
    [
      "a wrong member",
      () => archive({ ...members, "b.bin": noise(5_000) }),
      /b\.bin is not what was published/,
    ],
    ["no archive", async () => noise(4_000), /expected a \.tar\.gz archive, found a damaged one/],
    [
      "an archive cut short",
      async () => (await archive(members)).subarray(0, 60_000),
      /expected a \.tar\.gz archive, found a damaged one/,
    ],
  ])("fault: %s", async (_, bytes, message) => {
    const server = await serve({ "set.tar.gz": await bytes() });
    const { error, files } = await run(set([server.url]));
    expect(error!.message).toMatch(message);
    expect(error!.message).not.toMatch(/\n/);
    expect(files()).toEqual([]);
  });
});

test("the table of published files: addresses, names and checksums have their form", () => {
  for (const { addresses, downloads, files } of Object.values(PUBLISHED)) {
    for (const address of addresses) expect(address).toMatch(/^https?:\/\/.*\/$/);
    for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const isArchive = downloads[0].name.endsWith(".tar.gz");
    const names = isArchive ? [] : files.map(({ name }) => `${name}.gz`);
    if (!isArchive) expect(downloads.map(({ name }) => name)).toEqual(names);
  }
});
