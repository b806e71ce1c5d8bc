/** What a network takes a picture for: its classes with their probabilities as bars. */

export interface Guess {
  readonly label: string;
  readonly probability: number;
}

/** Puts the classes into a list, in their order; the likeliest stands out, if there is one. */
export function showGuesses(list: HTMLElement, guesses: readonly Guess[]): void {
  const largest = Math.max(...guesses.map(({ probability }) => probability), 1e-6);
  list.replaceChildren(
    ...guesses.map(({ label, probability }) => {
      const item = document.createElement("li");
      const bar = document.createElement("i");
      bar.style.setProperty("--share", String(probability));
      item.classList.toggle("best", probability === largest);
      item.append(label, bar, probability >= 0.005 ? `${Math.round(100 * probability)} %` : "");
      return item;
    }),
  );
}
