/** What one may do with a run, in the words of the command line's summary and of the report. */

export interface NextStep {
  readonly command: string;
  readonly what: string;
}

/**
 * The commands for a run folder, the first one first.
 *
 * @param state - an unfinished run has no network yet: it can only go on
 */
export function nextSteps(
  folder: string,
  state: "done" | "interrupted" | "unfinished",
): readonly NextStep[] {
  const goOn = [["resume", "goes on with it"]] as const;
  const withNetwork = [
    ["predict", "what it makes of samples of yours"],
    ["simplify", "a smaller network with the same output"],
    ["export", "ONNX, a small file, or C"],
    ["path", "when each weight was born"],
  ] as const;
  const steps = [...(state === "done" ? [] : goOn), ...(state === "unfinished" ? [] : withNetwork)];
  return steps.map(([name, what]) => ({ command: `bregman ${name} ${folder}`, what }));
}
