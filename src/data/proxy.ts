/**
 * Fetches by way of the proxy that the environment names: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in
 * capitals or not, as other programs read them. Node's own `fetch` looks at them since version 24
 * only, and only if it is told to.
 */
import { InputError } from "../errors.js";

/** How to fetch, and what to do when all is fetched. */
export interface Fetcher {
  readonly fetch: typeof fetch;
  /** The variables that name a proxy, for messages; "" if there are none. */
  readonly named: string;
  end(): Promise<void>;
}

/**
 * A fetcher for this environment.
 *
 * @throws InputError for a variable that is no http or https address
 */
export async function createFetcher(): Promise<Fetcher> {
  const [http, https] = ["HTTP_PROXY", "HTTPS_PROXY"].map(proxyOf);
  const proxies = [http, https].flatMap((proxy) => proxy ?? []);
  if (proxies.length === 0) return { fetch, named: "", end: () => Promise.resolve() };
  const { EnvHttpProxyAgent, fetch: fetchBy } = await import("../bundled/undici.js");
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: http?.address ?? "",
    httpsProxy: https?.address ?? http?.address ?? "",
    // A plain request to a plain proxy needs no tunnel, and many proxies allow none.
    proxyTunnel: false,
  });
  return {
    fetch: ((url: string, options: object) =>
      fetchBy(url, { ...options, dispatcher })) as unknown as typeof fetch,
    named: proxies.map(({ name }) => name).join(", "),
    end: () => dispatcher.destroy(),
  };
}

function proxyOf(name: string): { readonly name: string; readonly address: string } | undefined {
  const spelt = [name.toLowerCase(), name].find((spelling) => process.env[spelling] !== undefined);
  const value = spelt === undefined ? "" : process.env[spelt]!.trim();
  if (value === "") return undefined;
  // Other programs take a host and port alone.
  const address = value.includes("://") ? value : `http://${value}`;
  if (URL.canParse(address) && /^https?:/.test(address) && isReadable(new URL(address)))
    return { name: spelt!, address };
  // It may hold a password.
  throw new InputError(`${spelt} must be an http or https address such as http://proxy:3128`);
}

/** Whether the name and the password can be decoded, as undici will do. */
function isReadable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
