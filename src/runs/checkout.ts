/** Which version of the project is running, for result files. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The commit of the checkout that this code is in, "-dirty" behind it if a tracked file differs
 * from it (but those of results/, which runs write); undefined where it is not a checkout.
 */
export function currentCommit(): string | undefined {
  try {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const git = (...args: string[]) =>
      execFileSync("git", ["--no-optional-locks", "-C", root, ...args], {
        stdio: ["ignore", "pipe", "ignore"],
      })
        .toString()
        .trim();
    // An installed copy inside somebody else's checkout must not take that one's commit.
    if (git("rev-parse", "--show-prefix") !== "") return undefined;
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!results");
    return git("rev-parse", "--short=12", "HEAD") + (changed === "" ? "" : "-dirty");
  } catch {
    return undefined;
  }
}
