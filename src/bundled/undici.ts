/** Requests by way of a proxy. */
export { EnvHttpProxyAgent, fetch } from "undici";
