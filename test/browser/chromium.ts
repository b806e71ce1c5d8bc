/** Chromium, where there is one: `.ci/run` installs it; CHROMIUM names one that is elsewhere. */
import { existsSync } from "node:fs";

const PLACES = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Its path, or undefined. */
export const chromiumPath: string | undefined = PLACES.find(
  (path) => path !== undefined && existsSync(path),
);

/**
 * For a sandbox without user namespaces, as containers and root have it, and without looks at the
 * network.
 */
export const chromiumOptions = {
  executablePath: chromiumPath!,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
  ],
};
