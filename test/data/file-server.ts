/** A web server for tests on this machine, whose answers go wrong as they are told to. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Request {
  readonly path: string;
  readonly range: string | undefined;
}

export interface FileServer {
  /** Base address, with a slash at the end. */
  readonly url: string;
  readonly requests: Request[];
}

export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
) => void;

/** Gives the file, or the part of it that is asked for. */
export const good: Answer = (request, response, content) => {
  const begin = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  if (begin === undefined) {
    response.writeHead(200, { "content-length": content.length }).end(content);
  } else if (Number(begin) >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
  } else {
    const rest = content.subarray(Number(begin));
    const range = `bytes ${begin}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { "content-length": rest.length, "content-range": range }).end(rest);
  }
};

/** Gives the file whole, whatever is asked for. */
export const ignoringRange: Answer = (_request, response, content) => {
  response.writeHead(200, { "content-length": content.length }).end(content);
};

/** Breaks off after some bytes of what is asked for. */
export const breakingOff =
  (after: number): Answer =>
  (request, response, content) => {
    const begin = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const head = { "content-length": content.length - begin };
    if (begin === 0) response.writeHead(200, head);
    else
      response.writeHead(206, {
        ...head,
        "content-range": `bytes ${begin}-${content.length - 1}/${content.length}`,
      });
    // A little later, so that what was sent is sure to have been read.
    response.write(content.subarray(begin, begin + after), () =>
      setTimeout(() => response.destroy(), 100),
    );
  };

/** An answer without a file. */
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end("no such thing");
  };

/**
 * Serves files by their paths. The answers to the requests for a file come from its list, one after
 * the other, the last one again and again; `good` if there is no list.
 */
export async function serve(
  files: Readonly<Record<string, Uint8Array>>,
  answers: Readonly<Record<string, readonly Answer[]>> = {},
): Promise<FileServer> {
  const requests: Request[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    requests.push({ path, range: request.headers.range });
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    const list = answers[path] ?? [good];
    const answer = list[Math.min(count, list.length - 1)];
    if (files[path] === undefined && answer === good) response.writeHead(404, "Not Found").end();
    else answer(request, response, files[path] ?? new Uint8Array(0));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}
