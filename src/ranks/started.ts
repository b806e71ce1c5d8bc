/** How many processes this one was started with, as those who start them say in the environment. */

/** MPI's own: Open MPI, MPICH and its relatives. */
const COUNTS = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"] as const;

/** Ranks that this process was started as one of; 1 if it was started by itself. */
export function startedRanks(environment: NodeJS.ProcessEnv = process.env): number {
  const said = COUNTS.map((name) => environment[name]).find((value) => value !== undefined);
  // Slurm has tasks that are no ranks, too: those of MPI have a number of PMIx.
  const inSlurm = environment["PMIX_RANK"] !== undefined;
  return Number(said ?? (inSlurm ? environment["SLURM_STEP_NUM_TASKS"] : undefined)) || 1;
}

/** Those of them that are on this machine, as far as it is said. */
export function ranksHere(environment: NodeJS.ProcessEnv = process.env): number {
  const { OMPI_COMM_WORLD_LOCAL_SIZE: open, MPI_LOCALNRANKS: mpich } = environment;
  return Number(open ?? mpich) || 1;
}
