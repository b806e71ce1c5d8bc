import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/temporary-files.ts",
    setupFiles: "test/support/warnings.ts",
    // Several tests start worker threads and whole child processes: two files at a time on two
    // cores is plenty.
    maxWorkers: 2,
    // Hooks do what tests do: some train a run that the tests of a file share.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Servers of tests are on this machine, whatever proxy there may be.
    env: { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" },
  },
});
