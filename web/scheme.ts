/**
 * Light or dark: as the system has it, until the switch says otherwise. The choice is kept where
 * the site of the docs keeps its own, which may have the same address: one switch serves both.
 */
const KEY = "vitepress-theme-appearance";

/** The style sheet of the dark colours; its `media` says when they hold. */
const dark = document.getElementById("dark-colours") as HTMLLinkElement;
const system = matchMedia(dark.media);
const listeners: (() => void)[] = [];

/** Calls back when the colours have changed: canvases don't follow by themselves. */
export function onSchemeChange(listener: () => void): void {
  listeners.push(listener);
}

/** Makes a button the switch for it. */
export function createSchemeSwitch(button: HTMLButtonElement): void {
  const show = () => {
    const choice = kept();
    dark.media = choice === "auto" ? system.media : choice === "dark" ? "all" : "not all";
    button.setAttribute("aria-checked", String(isDark(choice)));
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    const wanted = !isDark(kept());
    keep(wanted === system.matches ? "auto" : wanted ? "dark" : "light");
    show();
  });
  system.addEventListener("change", show);
  dark.addEventListener("load", show);
  addEventListener("storage", show);
  show();
}

type Choice = "auto" | "dark" | "light";
/** Where the browser keeps nothing, the choice holds for this visit. */
let here: Choice = "auto";

function kept(): Choice {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === "dark" || choice === "light" ? choice : "auto";
  } catch {
    return here;
  }
}

function keep(choice: Choice): void {
  here = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // It is kept here.
  }
}

function isDark(choice: Choice): boolean {
  return choice === "auto" ? system.matches : choice === "dark";
}
