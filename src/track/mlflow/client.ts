/** Requests to an MLflow server, by its REST API. */
import { httpFault, networkReason } from "../../data/network.js";
import { createFetcher } from "../../data/proxy.js";
import { InputError, UnusableFileError } from "../../errors.js";

export interface MlflowClient {
  /** As it is shown to a person. */
  readonly address: string;
  /**
   * The answer of `GET` (values as the query) or `POST` (as JSON).
   *
   * @throws UnusableFileError of one line, with MLflow's own `errorCode` where it gives one
   */
  get(path: string, values: Readonly<Record<string, string>>): Promise<unknown>;
  post(path: string, values: object): Promise<unknown>;
  /** Puts a file's bytes to a path of the server, or to an address. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const API = "api/2.0/mlflow/";
/** Milliseconds for an answer, and for one to a file. Training may hold up the event loop. */
const LONGEST = 30_000;
const LONGEST_UPLOAD = 600_000;

/**
 * A client of the server at an address. Who asks is said by the variables that MLflow's own client
 * reads: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.
 *
 * @throws InputError if the address is none, or as createFetcher
 */
export async function createMlflowClient(url: string): Promise<MlflowClient> {
  const base = baseOf(url);
  const fetcher = await createFetcher();
  const who = authorization();
  const request = async (address: URL, options: RequestInit, longest: number): Promise<string> => {
    // The server may close a connection that waits while training holds the event loop up.
    const own = { connection: "close", ...who };
    const headers = { ...(options.headers as Record<string, string>), ...own };
    const signal = AbortSignal.timeout(longest);
    try {
      const response = await fetcher.fetch(address.href, { ...options, headers, signal });
      const text = await response.text();
      if (!response.ok) throw answerFault(response, text);
      return text;
    } catch (fault) {
      if (isAnswer(fault)) throw fault;
      const reason = signal.aborted
        ? `no answer came within ${longest / 1000} s`
        : networkReason(fault) + (fetcher.named && ` (by way of ${fetcher.named})`);
      throw new UnusableFileError(reason, { cause: fault });
    }
  };
  return {
    address: base.href.replace(/\/$/, ""),
    async get(path, values) {
      const address = new URL(`${API}${path}?${new URLSearchParams(values)}`, base);
      return parsed(await request(address, {}, LONGEST));
    },
    async post(path, values) {
      const headers = { "content-type": "application/json" };
      const options = { method: "POST", headers, body: JSON.stringify(values) };
      return parsed(await request(new URL(API + path, base), options, LONGEST));
    },
    async put(path, bytes) {
      const headers = { "content-type": "application/octet-stream" };
      const options = { method: "PUT", headers, body: bytes as Uint8Array<ArrayBuffer> };
      await request(new URL(path, base), options, LONGEST_UPLOAD);
    },
    close: () => fetcher.end(),
  };
}

/** The code by which MLflow says what is wrong; undefined if it is not MLflow that says so. */
export function errorCodeOf(fault: unknown): string | undefined {
  return (fault as { errorCode?: string }).errorCode;
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new InputError(
      `mlflow: the server must be an http or https address such as http://127.0.0.1:5000, found "${url}"`,
    );
  }
  if (base.username !== "" || base.password !== "") {
    // It is not repeated: it holds a password.
    throw new InputError(
      "mlflow: the server's address must have no name and no password in it: set " +
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    );
  }
  return new URL(base.pathname.replace(/\/*$/, "/"), base);
}

function authorization(): Record<string, string> {
  const { MLFLOW_TRACKING_USERNAME: name, MLFLOW_TRACKING_PASSWORD: password = "" } = process.env;
  const token = process.env.MLFLOW_TRACKING_TOKEN;
  if (name) {
    const pair = new TextEncoder().encode(`${name}:${password}`);
    return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  }
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** An answer that says no, with MLflow's words where it has some. */
function answerFault({ status, statusText }: Response, text: string): Error {
  const { error_code: errorCode, message } = (tryParsed(text) ?? {}) as Record<string, unknown>;
  const fault = httpFault(status, statusText);
  if (typeof errorCode !== "string") return fault;
  // Of several lines the first says what is wrong.
  const [line] = String(message ?? errorCode).split("\n");
  fault.message += `: ${line.slice(0, 300)}`;
  return Object.assign(fault, { errorCode });
}

function isAnswer(fault: unknown): boolean {
  return (fault as { status?: number }).status !== undefined;
}

function parsed(text: string): unknown {
  const value = tryParsed(text);
  if (value === undefined) throw new UnusableFileError("what answered is no MLflow server");
  return value;
}

/** The object that a text is the JSON of. */
function tryParsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
