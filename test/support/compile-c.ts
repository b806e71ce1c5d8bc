/** Networks that were written as C, compiled and run. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";

/** A network in C, and what it is to be asked. */
export interface CNetwork {
  readonly name: string;
  readonly text: string;
  /** Whole samples, one after the other. */
  readonly inputs: Float32Array;
  readonly features: number;
  readonly outputs: number;
}

const STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wdouble-promotion"];

/** The first of these programs that is there. */
export function compilerOf(...names: readonly string[]): string | undefined {
  return names.find((name) => spawnSync(name, ["--version"]).status === 0);
}

/** Whether it makes programs with these flags, and they run. */
export function canMake(compiler: string | undefined, flags: readonly string[]): boolean {
  if (compiler === undefined) return false;
  const folder = mkdtempSync(join(tmpdir(), "c-"));
  const program = join(folder, "program");
  const source = join(folder, "empty.c");
  writeFileSync(source, "#include <stdint.h>\nint main(void) { return 0; }\n");
  const { status } = spawnSync(compiler, [source, ...flags, "-o", program]);
  return status === 0 && spawnSync(program).status === 0;
}

/** Compiles all of them into one program, and returns the outputs of each. */
export function runC(
  compiler: string,
  networks: readonly CNetwork[],
  flags: readonly string[] = ["-std=c99", "-O2"],
): Float32Array[] {
  const folder = mkdtempSync(join(tmpdir(), "c-"));
  const program = join(folder, "program");
  writeFileSync(join(folder, "networks.c"), networks.map(({ text }) => text).join("\n"));
  writeFileSync(join(folder, "main.c"), mainOf(networks));
  const sources = ["networks.c", "main.c"].map((file) => join(folder, file));
  const made = spawnSync(compiler, [...STRICT, ...flags, ...sources, "-o", program, "-lm"], {
    encoding: "utf8",
  });
  expect([made.status, made.stderr]).toEqual([0, ""]);
  const input = Buffer.concat(
    networks.map(({ inputs: { buffer, byteOffset, byteLength } }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  );
  const { status, stdout, stderr } = spawnSync(program, { input, maxBuffer: 2 ** 26 });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  const all = new Float32Array(new Uint8Array(stdout).buffer);
  let from = 0;
  return networks.map(({ inputs, features, outputs }) => {
    const length = (inputs.length / features) * outputs;
    from += length;
    return all.slice(from - length, from);
  });
}

/** A program that reads the samples of one network after the other, and writes what comes out. */
function mainOf(networks: readonly CNetwork[]): string {
  const calls = networks.map(
    ({ name, inputs, features, outputs }) => `
  for (int i = 0; i < ${inputs.length / features}; i++) {
    float in[${features}], out[${outputs}];
    if (fread(in, sizeof(float), ${features}, stdin) != ${features}) return 1;
    ${name}(in, out);
    fwrite(out, sizeof(float), ${outputs}, stdout);
  }`,
  );
  const declared = networks.map(({ name }) => `void ${name}(const float *in, float *out);`);
  return `#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif
${declared.join("\n")}
#ifdef __cplusplus
}
#endif
int main(void) {${calls.join("")}
  return 0;
}
`;
}
