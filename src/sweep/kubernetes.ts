/**
 * A rung of a sweep as an indexed Job of Kubernetes (batch/v1): each pod carries out the run of its
 * JOB_COMPLETION_INDEX.
 *
 * A pod that is evicted is told by SIGTERM: its run keeps itself, and another pod goes on from
 * there. That does not count as a failure.
 */

/** Seconds that a run has to keep itself. */
const GRACE = 120;
/**
 * Failures of a run after which it is given up. The pauses between them double from 10 seconds on:
 * so many outlast the two minutes for which the lock of a pod that was killed counts.
 */
const MOST_FAILURES = 6;
/** Where the volume with grid, data and runs is, which is the working folder. */
const FOLDER = "/work";

export interface IndexedJob {
  readonly name: string;
  readonly image: string;
  readonly tasks: number;
  /** Pods at a time; default: all. */
  readonly atOnce?: number | undefined;
  /** Threads of a run, for which so many processors are asked. */
  readonly threads: number;
  /** Words of the command, without --task. */
  readonly command: readonly string[];
}

/** The manifest of the Job; its volume is the claim "bregman". */
export function jobManifest({ name, image, tasks, atOnce, threads, command }: IndexedJob): object {
  const cpu = String(threads);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(name) },
    spec: {
      completionMode: "Indexed",
      completions: tasks,
      parallelism: Math.min(atOnce ?? tasks, tasks),
      backoffLimitPerIndex: MOST_FAILURES,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: GRACE,
          containers: [
            {
              name: "run",
              image,
              workingDir: FOLDER,
              command: ["sh", "-c", 'exec "$@" --task "$JOB_COMPLETION_INDEX"', "sh", ...command],
              resources: { requests: { cpu }, limits: { cpu } },
              volumeMounts: [{ name: "work", mountPath: FOLDER }],
            },
          ],
          volumes: [{ name: "work", persistentVolumeClaim: { claimName: "bregman" } }],
        },
      },
    },
  };
}

/** As names of objects are written there: small letters, digits and dashes, 63 at most. */
function jobName(name: string): string {
  const safe = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  // Pods have their index behind it.
  return safe.slice(0, 52).replace(/^-+|-+$/g, "") || "bregman";
}
