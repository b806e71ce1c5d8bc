// Builds a package with the addon for this system, so that who installs it beside bregman needs no
// compiler and no Python. The addon is that of `npm run build:native`, if it is current.
//
//     npm run build:prebuilt              build/prebuilt/bregman-linux-x64/, for glibc
//     npm run build:prebuilt -- --musl    build/prebuilt/bregman-linux-x64-musl/; takes musl-gcc
//
// An addon has the kernels for all instruction sets and takes the best that the CPU has. It is of
// the very sources of this version: another bregman refuses it, and builds its own. The workflow
// that publishes (.github/workflows/publish.yml) names the packages as optionalDependencies.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADDON, buildAddon, checksum, CHECKSUM, FINGERPRINT, fingerprint, root } from "./addon.mjs";

const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { platform, arch } = process;

const musl = process.argv.includes("--musl");
const current = fingerprint(join(root, "kernels"));

// The headers of Linux are not among musl's: Debian has them where glibc's are.
const MUSL = {
  CC: "musl-gcc",
  LINK: "musl-gcc",
  CFLAGS: "-idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu",
};

// Puts the addon into a folder.
function addonInto(target) {
  const built = (file) => join(root, "build/Release", file);
  const isBuilt =
    existsSync(built(FINGERPRINT)) && readFileSync(built(FINGERPRINT), "utf8") === current;
  if (isBuilt && !musl) return copyFileSync(built(ADDON), join(target, ADDON));
  const folder = mkdtempSync(join(tmpdir(), "bregman-prebuilt-"));
  try {
    const compiler = musl ? MUSL : {};
    copyFileSync(buildAddon(folder, { ...process.env, ...compiler }), join(target, ADDON));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function buildPackage(name, libc) {
  const finished = join(root, "build/prebuilt", name);
  mkdirSync(join(root, "build/prebuilt"), { recursive: true });
  const target = mkdtempSync(join(root, "build/tmp-"));
  chmodSync(target, 0o755);
  addonInto(target);
  if (platform === "linux") spawnSync("strip", ["--strip-unneeded", join(target, ADDON)]);
  writeFileSync(join(target, FINGERPRINT), current);
  writeFileSync(join(target, CHECKSUM), checksum(join(target, ADDON)));
  copyFileSync(join(root, "LICENSE"), join(target, "LICENSE"));
  const about = `The native kernels of bregman ${version} for ${platform}, ${arch}${libc ? `, ${libc}` : ""}`;
  writeFileSync(
    join(target, "README.md"),
    `# ${name}\n\n${about}. It is installed with bregman.\n`,
  );
  const manifest = {
    name,
    version,
    description: about,
    license,
    os: [platform],
    cpu: [arch],
    ...(libc && { libc: [libc] }),
    files: [ADDON, FINGERPRINT, CHECKSUM],
  };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  rmSync(finished, { recursive: true, force: true });
  renameSync(target, finished);
  const kilobytes = Math.round(statSync(join(finished, ADDON)).size / 1000);
  console.log(`build/prebuilt/${name} (${kilobytes} kB)`);
}

try {
  const libc = musl ? "musl" : platform === "linux" ? "glibc" : undefined;
  buildPackage(`bregman-${platform}-${arch}${musl ? "-musl" : ""}`, libc);
} catch (error) {
  console.error(`${error.log ?? ""}\nbregman: cannot build the package: ${error.message}`);
  process.exitCode = 1;
}
