/** The form that starts a recipe in the dashboard's folder. */
import type { Startable } from "../messages.js";
import { ask, tell } from "./api.js";
import { byId, element, fill } from "./element.js";

export interface StartFormOptions {
  readonly say: (text: string) => void;
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}

/** Fills the form when it is opened, and sends what it says. */
export function createStartForm({ say, attempt }: StartFormOptions): void {
  const box = byId<HTMLDetailsElement>("start");
  const form = box.querySelector("form")!;
  const recipe = byId<HTMLSelectElement>("recipe");
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    void attempt(async () => {
      const before = recipe.value;
      const { names, files } = await ask<Startable>("recipes");
      fill(recipe, [group("In this folder", files), group("That come with bregman", names)]);
      recipe.value = before || files[0] || "mnist-quick";
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const told = { recipe: recipe.value, ...numberIn("seed"), ...numberIn("epochs") };
    void attempt(async () => {
      const { run } = await tell<{ run: string }>("start", told);
      say(`Started ${run}.`);
      box.open = false;
    });
  });
}

function group(label: string, names: readonly string[]): HTMLOptGroupElement {
  const options = names.map((name) => element("option", { value: name }, [name]));
  return element("optgroup", { label, ...(names.length === 0 && { hidden: "" }) }, options);
}

function numberIn(id: string): Record<string, number> {
  const { value, valueAsNumber } = byId<HTMLInputElement>(id);
  return value === "" ? {} : { [id]: valueAsNumber };
}
