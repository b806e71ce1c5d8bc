/**
 * A rung of a sweep as a job array of Slurm: the script that sbatch takes.
 *
 * A task is told by a signal before its time limit. Its run then keeps itself, the task is requeued
 * and goes on from there. So it is, a few times, if the run was killed. A task that is cancelled
 * only keeps its run.
 */

/** Seconds before the time limit at which a task is told. */
const LEAD = 120;
/** Times that a task begins anew whose run was killed: want of memory would kill it for ever. */
const MOST_RESTARTS = 3;

export interface ArrayJob {
  readonly name: string;
  /** Numbers of the tasks, rising. */
  readonly tasks: readonly number[];
  /** Tasks at a time; default: as many as Slurm likes. */
  readonly atOnce?: number | undefined;
  /** Folder of the tasks' output, and of nothing else. */
  readonly logs: string;
  /** Options of sbatch; they count more than ours. */
  readonly options?: string | undefined;
  /** Threads of a task; default: as many as it has processors. */
  readonly threads?: number | undefined;
  /** The command, without --task and --threads, quoted for a shell. */
  readonly command: string;
}

/** The script of a job array. */
export function arrayScript(job: ArrayJob): string {
  const { name, tasks, atOnce, logs, threads, command } = job;
  const limit = atOnce === undefined ? "" : `%${atOnce}`;
  return `#!/bin/bash
#SBATCH --job-name=${name}
#SBATCH --array=${numberRanges(tasks)}${limit}
#SBATCH --output=${logs}/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@${LEAD}
${optionLines(job)}
# Told before its time limit the run keeps itself, and the task is requeued.
told= cancelled=
trap 'told=1; kill -TERM "$run"' USR1
trap 'cancelled=1; kill -TERM "$run"' TERM

${command} --task "$SLURM_ARRAY_TASK_ID" --threads "${threads ?? "${SLURM_CPUS_PER_TASK:-1}"}" &
run=$!
# A signal ends a wait, not the run.
while :; do
  wait "$run"
  code=$?
  kill -0 "$run" 2>/dev/null || break
done

killed=
[ "$code" -gt 128 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${MOST_RESTARTS} ] && killed=1
if [ "$code" -ne 0 ] && [ -z "$cancelled" ] && [ -n "$told$killed" ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
`;
}

/** The script of the job that makes table and report when the arrays have ended. */
export function collectScript(
  job: Pick<ArrayJob, "name" | "logs" | "options" | "command">,
): string {
  return `#!/bin/bash
#SBATCH --job-name=${job.name}-table
#SBATCH --output=${job.logs}/%j.log
${optionLines(job)}
${job.command} --collect
`;
}

function optionLines({ options, threads }: Pick<ArrayJob, "options" | "threads">): string {
  const all = [...(threads === undefined ? [] : [`--cpus-per-task=${threads}`]), options ?? ""];
  return all
    .filter((line) => line !== "")
    .map((line) => `#SBATCH ${line}\n`)
    .join("");
}

/** Rising numbers as sbatch takes them: "0-3,5,7-8". */
export function numberRanges(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
