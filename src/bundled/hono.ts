/** The server of the dashboard. */
export { createAdaptorServer } from "@hono/node-server";
export { type Context, Hono, type MiddlewareHandler } from "hono";
export { bodyLimit } from "hono/body-limit";
export { getCookie, setCookie } from "hono/cookie";
export { secureHeaders } from "hono/secure-headers";
export { streamSSE } from "hono/streaming";
