/** A run by itself, below the table. */
import { bytes, count, percent } from "../../report/format.js";
import type { RecipeDifferences, RunDetails, RunSummary } from "../messages.js";
import { ask, tell } from "./api.js";
import { birthBars, confusionTable, unitBars } from "./figures.js";
import { byId, element, fill } from "./element.js";

export interface PanelOptions {
  readonly find: (id: string) => RunSummary | undefined;
  readonly say: (text: string) => void;
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
  /** The runs that are compared: the recipe's difference from theirs can be seen. */
  readonly others: () => readonly string[];
}

export interface Panel {
  /** The run that is open. */
  readonly id: string | undefined;
  open(id: string): Promise<void>;
  /** Shows what is new of it. */
  update(): Promise<void>;
}

/** The section of the page. */
export function createPanel({ find, say, attempt, others }: PanelOptions): Panel {
  let id: string | undefined;
  let shown = "";
  const section = byId("run");
  const planned = byId<HTMLInputElement>("to-epochs");
  const pictures = createPictures();
  const difference = createDifference(attempt);

  const act = (button: string, work: (run: string) => Promise<unknown>, done: string) =>
    byId(button).addEventListener("click", () => {
      const run = id;
      if (run === undefined) return;
      void attempt(async () => {
        await work(run);
        say(`${run}: ${done}`);
      });
    });
  act("stop", (run) => tell("stop", { run }), "it stops after the step under way, and is kept.");
  const resumed = (run: string) => {
    const wanted = planned.valueAsNumber;
    const isOther = Number.isInteger(wanted) && wanted !== find(run)?.epochs;
    return tell("resume", { run, ...(isOther && { epochs: wanted }) });
  };
  act("resume", resumed, "it goes on.");
  byId("close").addEventListener("click", () => {
    id = undefined;
    section.hidden = true;
  });

  const show = async () => {
    const run = id === undefined ? undefined : find(id);
    section.hidden = run === undefined;
    if (!run) return;
    await difference.show(run.id, others());
    const text = JSON.stringify(run);
    if (text === shown) return;
    const details = await ask<RunDetails>("run", { run: run.id });
    if (id !== run.id) return;
    shown = text;
    showFacts(run, details);
    if (document.activeElement !== planned) planned.value = String(run.epochs ?? "");
    pictures.show(run.id, details.pictures);
  };
  return {
    get id() {
      return id;
    },
    async open(run) {
      id = run;
      shown = "";
      await show();
      byId("run-name").focus({ preventScroll: true });
      section.scrollIntoView({ block: "start" });
    },
    update: show,
  };
}

function showFacts(run: RunSummary, details: RunDetails): void {
  byId("run-name").textContent = run.id;
  byId("run-facts").textContent = facts(run, details);
  byId("run-fault").textContent = run.fault ?? "";
  byId("stop").hidden = run.state !== "running" || run.isHere !== true;
  byId("resuming").hidden = run.state === "running";
  fill(byId("units"), unitBars(details.layers));
  fill(byId("births"), birthBars(details.births));
  const confusion = confusionTable(details.byClass);
  byId("confusion-card").hidden = confusion === undefined;
  fill(byId("confusion"), confusion ? [confusion] : []);
  byId("recipe-text").textContent = details.recipe.trim();
}

/** What differs between the run's recipe and that of another one that is compared. */
function createDifference(attempt: PanelOptions["attempt"]) {
  const other = byId<HTMLSelectElement>("other");
  let shown = "";
  let run = "";
  const ofOther = async () => {
    const pair = JSON.stringify([run, other.value]);
    if (pair === shown) return;
    shown = pair;
    const found = await ask<RecipeDifferences>("difference", { run, with: other.value });
    if (pair === shown) fill(byId("differences"), differenceRows(found));
  };
  other.addEventListener("change", () => void attempt(ofOther));
  return {
    async show(id: string, compared: readonly string[]): Promise<void> {
      run = id;
      const ids = compared.filter((one) => one !== id);
      const kept = ids.includes(other.value) ? other.value : ids[0];
      const options = ids.map((one) => element("option", { value: one }, [one]));
      fill(other, options);
      byId("difference").hidden = ids.length === 0;
      if (kept === undefined) return;
      other.value = kept;
      await ofOther();
    },
  };
}

/** Pictures of the first layer's weights, one at a time. */
function createPictures() {
  const slider = byId<HTMLInputElement>("picture-epoch");
  let run = "";
  let epochs: readonly number[] = [];
  const draw = () => {
    const image = byId<HTMLImageElement>("picture");
    const epoch = epochs[slider.valueAsNumber];
    const when = epoch === 0 ? "before training" : `after epoch ${epoch}`;
    byId("picture-when").textContent = when;
    slider.setAttribute("aria-valuetext", when);
    image.alt = `Weights of the first layer, ${when}`;
    image.src = `/api/picture?${new URLSearchParams({ run, epoch: String(epoch) })}`;
  };
  slider.addEventListener("input", draw);
  return {
    show(id: string, all: readonly number[]): void {
      byId("pictures").hidden = all.length === 0;
      const isOther = id !== run;
      if (!isOther && all.join() === epochs.join()) return;
      // Whoever looks at the last one goes on to the next.
      const isLast = isOther || slider.value === slider.max;
      [run, epochs] = [id, all];
      slider.max = String(Math.max(0, all.length - 1));
      if (isLast) slider.value = slider.max;
      if (all.length > 0) draw();
    },
  };
}

function facts({ recipe, state, seed, epoch, epochs }: RunSummary, details: RunDetails): string {
  const { saved, bytes: size, command, machine } = details;
  return [
    recipe,
    state,
    epoch === undefined
      ? undefined
      : `epoch ${epoch}${epochs === undefined ? "" : ` of ${epochs}`}`,
    seed === undefined ? undefined : `seed ${seed}`,
    size && `${bytes(size.sparse)}, dense ${bytes(size.dense)}`,
    saved &&
      `training by ${percent(saved.trainingFlopDensity, 1)} of a dense one's multiplications`,
    saved && `${count(saved.steps)} steps`,
    machine,
    command,
  ]
    .filter((part) => part !== undefined)
    .join(" · ");
}

function differenceRows(found: RecipeDifferences): HTMLElement[] {
  if (found.length === 0)
    return [element("tr", {}, [element("td", { colspan: "3" }, ["The recipes are the same."])])];
  return found.map(({ place, before = "–", now = "–" }) =>
    element("tr", {}, [
      element("th", { scope: "row" }, [place]),
      element("td", {}, [before]),
      element("td", {}, [now]),
    ]),
  );
}
