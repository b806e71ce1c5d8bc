/**
 * Two network namespaces of Linux, joined by a cable of a given speed: as two machines, on one. The
 * speed is kept by `tc`'s token bucket (tbf), which more kernels have than netem. It takes root.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NET = "10.201.77";
const sides = [1, 2].map((k) => ({
  space: `bregman-${process.pid}-${k}`,
  device: `bregman${k}`,
  address: `${NET}.${k}`,
}));

const sh = (/** @type {string} */ line) => {
  const [program, ...args] = line.split(" ");
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
};

/**
 * Makes them.
 *
 * @returns `setSpeed` in Gbit/s, of each direction (undefined: no limit); `command`, the start of
 *   one that runs a rank on each; `close`, which takes all of it away
 * @throws with what was refused
 */
export function twoMachines() {
  const folder = mkdtempSync(join(tmpdir(), "bregman-"));
  const [first, second] = sides;
  const close = () => {
    for (const { space } of sides) {
      try {
        sh(`ip netns delete ${space}`);
      } catch {
        // It was never made.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const inSpace = (/** @type {string} */ line) => sides.map((side) => within(side, line));
  const within = (
    /** @type {{ space: string, device: string }} */ { space, device },
    /** @type {string} */ line,
  ) => sh(`ip netns exec ${space} ${line.replace("DEVICE", device)}`);
  try {
    for (const { space } of sides) sh(`ip netns add ${space}`);
    sh(
      `ip link add ${first.device} netns ${first.space} type veth ` +
        `peer name ${second.device} netns ${second.space}`,
    );
    for (const side of sides) within(side, `ip address add ${side.address}/24 dev DEVICE`);
    inSpace("ip link set lo up");
    inSpace("ip link set DEVICE up");
  } catch (error) {
    close();
    throw error;
  }
  // What mpirun starts the second rank by, instead of ssh.
  const agent = join(folder, "agent.sh");
  const enter = (/** @type {string} */ space) => ["ip", "netns", "exec", space];
  // Names of machines of their own: or MPI takes both for one.
  const named = (/** @type {string} */ space) => `hostname ${space};`;
  const start = `${enter(second.space).join(" ")} unshare --uts sh -c "${named(second.space)} $*"`;
  writeFileSync(agent, `#!/bin/sh\nshift\nexec ${start}\n`, { mode: 0o755 });
  const options = {
    plm_rsh_agent: agent,
    pml: "ob1",
    btl: "tcp,self",
    btl_tcp_if_include: `${NET}.0/24`,
    oob_tcp_if_include: `${NET}.0/24`,
  };
  const hosts = sides.map(({ address }) => address).join(",");
  const mca = Object.entries(options).flatMap(([name, value]) => ["--mca", name, value]);
  const mpirun = ["mpirun", "-np", "2", "--bind-to", "none", "--host", hosts].concat(mca);
  return {
    setSpeed(/** @type {number | undefined} */ gbit) {
      const rule = gbit === undefined ? "pfifo" : `tbf rate ${gbit}gbit burst 256kb latency 100ms`;
      inSpace(`tc qdisc replace dev DEVICE root ${rule}`);
    },
    command: enter(first.space).concat(
      ["unshare", "--uts", "sh", "-c", `${named(first.space)} exec "$@"`, "sh"],
      mpirun,
    ),
    close,
  };
}
