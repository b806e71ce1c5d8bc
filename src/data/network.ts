/** What can go wrong on the way to a server, as one line a person understands. */
import { UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";

/** An answer that is not the file. */
export function httpFault(status: number, text: string): Error {
  return Object.assign(
    new UnusableFileError(`the server answered ${status}${text ? ` ${text}` : ""}`),
    {
      status,
    },
  );
}

/** A connection without a word for too long. */
export function stallFault(milliseconds: number): Error {
  return new UnusableFileError(`no data came for ${milliseconds / 1000} s`);
}

/** A connection that gives next to nothing: it would take days. */
export function slowFault(bytes: number, milliseconds: number): Error {
  return new UnusableFileError(`only ${bytes} bytes came in ${milliseconds / 1000} s`);
}

/** More bytes than the file can have: they are of something else. */
export function tooLongFault(found: number | undefined, most: number): Error {
  const fault = new UnusableFileError(`expected at most ${most} bytes, found ${found ?? "more"}`);
  return Object.assign(fault, { code: "ERR_TOO_LONG" });
}

/** Whether an error is a {@link tooLongFault}. */
export function isTooLong(fault: unknown): boolean {
  return codesOf(fault).includes("ERR_TOO_LONG");
}

/**
 * The error that ends a download. It has a `code`, as errors of the system do: nothing is wrong
 * with the program.
 */
export function downloadError(url: string, reason: string, cause: unknown): Error {
  return Object.assign(new UnusableFileError(`could not download ${url}: ${reason}`, { cause }), {
    code: "ERR_DOWNLOAD",
  });
}

/** Whether asking again may help: the connection broke, or the server is busy. */
export function mayPass(fault: unknown): boolean {
  const status = (fault as { status?: number }).status;
  if (status !== undefined) return status >= 500 || status === 408 || status === 429;
  return !codesOf(fault).some((code) => FINAL.test(code));
}

/** An unknown name, a certificate that is not trusted, another file, and faults of the disk. */
const FINAL = /^(ENOTFOUND|ERR_TOO_LONG|ENOSPC|EACCES|EROFS|EISDIR|ENOENT|EPERM)$|CERT|VERIFY/;

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such server",
  EAI_AGAIN: "the server's name could not be looked up; is there a connection?",
  ECONNREFUSED: "the server refused the connection",
  ECONNRESET: "the connection broke off",
  EPIPE: "the connection broke off",
  ETIMEDOUT: "the server did not answer",
  EHOSTUNREACH: "the server can't be reached",
  ENETUNREACH: "the server can't be reached",
  UND_ERR_SOCKET: "the connection broke off",
  UND_ERR_CONNECT_TIMEOUT: "the server did not answer",
  UND_ERR_HEADERS_TIMEOUT: "the server did not answer",
  UND_ERR_BODY_TIMEOUT: "the connection broke off",
  ENOSPC: "no space left on the disk",
  EACCES: "permission denied",
};

/** The reason of a fault in words. */
export function networkReason(fault: unknown): string {
  const known = codesOf(fault).find((code) => code in REASONS);
  if (known !== undefined) return REASONS[known];
  const { message } = chain(fault).at(-1) ?? { message: String(fault) };
  return message === "terminated" ? "the connection broke off" : message;
}

function codesOf(fault: unknown): string[] {
  return chain(fault).flatMap((error) => (error as NodeJS.ErrnoException).code ?? []);
}

/** The error and its causes: fetch says "fetch failed" or "terminated" and hides why among them. */
function chain(fault: unknown): Error[] {
  if (!isError(fault)) return [];
  // Several addresses of one name were tried.
  const inner: unknown = (fault as Partial<AggregateError>).errors?.[0] ?? fault.cause;
  return [fault, ...chain(inner)];
}
