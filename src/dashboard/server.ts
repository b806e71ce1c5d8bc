/** The dashboard's server: the page of a folder's runs, and what it asks for. */
import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  bodyLimit,
  type Context,
  createAdaptorServer,
  Hono,
  secureHeaders,
} from "../bundled/hono.js";
import * as z from "../bundled/zod.js";
import { BregmanError, InputError, InternalError, UnusableFileError } from "../errors.js";
import { check } from "../recipes/problems.js";
import { createActions, startable } from "./actions.js";
import { curveLines } from "./curve-lines.js";
import { detailsOf, pictureOf, recipeDifferences } from "./details.js";
import { type Announcer, createAnnouncer } from "./events.js";
import { pageFiles } from "./files.js";
import { gate } from "./gate.js";
import { rootOf } from "./inside.js";
import { createRunList, type RunList } from "./run-list.js";

export interface DashboardOptions {
  /** Folder of runs, or of folders of runs. */
  readonly folder: string;
  /** Address to listen at. Whatever is not of this machine alone needs a token. */
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly token?: string | undefined;
  /** The words that run the command line, for runs that are started. */
  readonly program: readonly string[];
  /** Called with what is a fault of ours. */
  readonly onError: (error: unknown) => void;
}

export interface Dashboard {
  readonly port: number;
  close(): Promise<void>;
}

/** Milliseconds between two looks at the folder while a page is open. */
const LOOK = 2000;
/** Bytes of a request, at most. */
const MOST_ASKED = 10_000;

/**
 * Serves the runs of a folder until it is closed.
 *
 * @throws UnusableFileError if the folder is not there, or the address can't be had
 */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const root = rootOf(options.folder);
  const list = createRunList(root);
  const announcer = createAnnouncer(list, randomUUID());
  let app: Hono | undefined;
  const server = createAdaptorServer({
    fetch: (request, env) => app!.fetch(request, env),
  }) as Server;
  const port = await listen(server, options);
  app = createApp({ ...options, port, root, list, announcer });
  list.refresh();
  const look = setInterval(() => announcer.listeners > 0 && list.refresh(), LOOK);
  return {
    port,
    async close() {
      clearInterval(look);
      announcer.close();
      list.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, { host, port }: DashboardOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: `port ${port} is in use: --port names another`,
        EACCES: `port ${port} is not for everybody: --port names another`,
        EADDRNOTAVAIL: "this machine has no such address",
        ENOTFOUND: "there is no such address",
      };
      const reason = reasons[cause.code ?? ""] ?? cause.message;
      reject(new UnusableFileError(`could not listen at ${host}: ${reason}`, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

interface AppParts extends DashboardOptions {
  readonly root: string;
  readonly list: RunList;
  readonly announcer: Announcer;
}

function createApp(parts: AppParts): Hono {
  const { folder, host, port, token, onError } = parts;
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: "DENY",
      strictTransportSecurity: false,
    }),
  );
  app.use(gate(host, port, token));
  for (const [path, { type, content }] of pageFiles(folder))
    app.get(path, (c) =>
      c.body(content(), 200, { "Content-Type": type, "Cache-Control": "no-cache" }),
    );
  addReading(app, parts);
  addActions(app, parts);
  app.notFound((c) => c.json({ error: `there is no ${c.req.path}` }, 404));
  app.onError((error, c) => {
    if (error instanceof BregmanError && !(error instanceof InternalError))
      return c.json({ error: error.message }, 400);
    onError(error);
    return c.json({ error: "internal error" }, 500);
  });
  return app;
}

/** Of a run that is known: no other name comes further. */
const known = (list: RunList, id: string | undefined): string => {
  if (id !== undefined && list.find(id) !== undefined) return id;
  throw new InputError(id === undefined ? "expected a run" : `there is no run ${id}`);
};

function addReading(app: Hono, { root, list, announcer }: AppParts): void {
  app.use("/api/*", async (c, next) => {
    c.header("Cache-Control", "no-store");
    await next();
  });
  app.get("/api/events", (c) => {
    list.refresh();
    return announcer.answer(c);
  });
  app.get("/api/runs", (c) => {
    list.refresh();
    return c.json(list.since(undefined));
  });
  app.get("/api/curve", (c) =>
    c.json(curveLines(root, known(list, c.req.query("run")), c.req.query("since"))),
  );
  app.get("/api/run", (c) => c.json(detailsOf(root, known(list, c.req.query("run")))));
  app.get("/api/difference", (c) => {
    const [run, other] = ["run", "with"].map((key) => known(list, c.req.query(key)));
    return c.json(recipeDifferences(root, run, other));
  });
  app.get("/api/picture", (c) => {
    const run = known(list, c.req.query("run"));
    const epoch = c.req.query("epoch") ?? "";
    const png = /^\d{1,9}$/.test(epoch) ? pictureOf(root, run, Number(epoch)) : undefined;
    if (!png) return c.notFound();
    return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
  });
  app.get("/api/recipes", (c) => c.json(startable(root)));
}

const whole = (most: number) => z.int().nonnegative().max(most).exactOptional();
const stopSchema = z.strictObject({ run: z.string() });
const resumeSchema = z.strictObject({ run: z.string(), epochs: whole(1e9) });
const startSchema = z.strictObject({
  recipe: z.string(),
  seed: whole(0xffffffff),
  epochs: whole(1e9),
});

function addActions(app: Hono, { root, list, announcer, program }: AppParts): void {
  const actions = createActions(root, program, (id, text) => {
    if (list.find(id)) list.again(id);
    announcer.tell({ id, text });
  });
  const onError = (c: Context) => c.json({ error: `expected at most ${MOST_ASKED} bytes` }, 413);
  app.use("/api/*", bodyLimit({ maxSize: MOST_ASKED, onError }));
  app.post("/api/stop", async (c) => {
    const { run } = await asked(c, stopSchema);
    actions.stop(known(list, run));
    return c.json({});
  });
  app.post("/api/resume", async (c) => {
    const { run, epochs } = await asked(c, resumeSchema);
    actions.resume(known(list, run), epochs);
    return c.json({});
  });
  app.post("/api/start", async (c) => {
    const { recipe, ...options } = await asked(c, startSchema);
    return c.json({ run: actions.start(recipe, options) });
  });
}

/** What a request asks for. @throws InputError if it is not as the schema has it */
async function asked<Value>(c: Context, schema: z.ZodType<Value>): Promise<Value> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch (cause) {
    throw new InputError("expected JSON", { cause });
  }
  const outcome = check(schema, value);
  if ("value" in outcome) return outcome.value;
  const [{ path, text }] = outcome.problems;
  throw new InputError(path.length > 0 ? `${path.join(".")}: ${text}` : text);
}
