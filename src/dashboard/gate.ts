/**
 * Who may ask the dashboard: pages that came from it, on this machine; from elsewhere those that
 * know its token.
 *
 *     Host              a name of this server: a foreign page may give its own name our address
 *     Origin            none, or this server itself
 *     Sec-Fetch-Site    none, or "same-origin", or "none" for an address that was typed
 *     POST              with an Origin, and a header that no form of a foreign page can send
 *     token             in a cookie, which the page gets with its address
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { getCookie, type MiddlewareHandler, setCookie } from "../bundled/hono.js";

/** What a request that changes something has to have. */
export const HEADER = "X-Bregman";

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host);
}

/** What a server may be called that listens at an address. */
export function namesOf(host: string): string[] {
  if (isLoopback(host)) return LOOPBACK;
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => address),
  );
  return [...LOOPBACK, ...addresses, host, hostname()];
}

/** The gate of a server that listens at a port. */
export function gate(host: string, port: number, token: string | undefined): MiddlewareHandler {
  const written = (name: string) => (name.includes(":") ? `[${name}]` : name).toLowerCase();
  const hosts = new Set(namesOf(host).map((name) => `${written(name)}:${port}`));
  if (port === 80) for (const name of namesOf(host)) hosts.add(written(name));
  const cookie = `bregman-${port}`;
  return async (c, next) => {
    const refuse = (text: string, status: 401 | 403) => c.json({ error: text }, status);
    const said = c.req.header("Host")?.toLowerCase() ?? "";
    if (!hosts.has(said)) return refuse("this is not the host that was asked for", 403);
    const origin = c.req.header("Origin");
    const isOwn = origin === `http://${said}`;
    const site = c.req.header("Sec-Fetch-Site") ?? "same-origin";
    if ((origin !== undefined && !isOwn) || !["same-origin", "none"].includes(site))
      return refuse("another page asked", 403);
    const isReading = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isReading && !(isOwn && c.req.header(HEADER) === "1"))
      return refuse("another page asked", 403);
    if (token !== undefined) {
      const given = c.req.path === "/" ? c.req.query("token") : undefined;
      if (!isSame(given ?? getCookie(c, cookie) ?? "", token))
        return refuse("the address needs the token that was printed at the start", 401);
      if (given !== undefined)
        setCookie(c, cookie, token, { httpOnly: true, sameSite: "Strict", path: "/" });
    }
    return next();
  };
}

/** Compares in a time that says nothing of the token. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a, b);
}
