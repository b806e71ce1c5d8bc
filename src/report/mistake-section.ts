/** The surest mistakes of a classifier, as pictures. */
import { percent } from "./format.js";
import { html, type Markup } from "./markup.js";
import type { Run } from "./run-folder.js";

/** The section; nothing for a run without pictures of its mistakes. */
export function mistakeSection({ mistakes: pictures, result }: Run): Markup | undefined {
  const mistakes = result?.final?.mistakes ?? [];
  const figures = mistakes.flatMap(({ sample, label, takenFor, probability }, k) => {
    const png = pictures[k];
    if (!png) return [];
    const data = Buffer.from(png).toString("base64");
    return [
      html`<figure>
        <img
          alt="Test sample ${sample}: ${label}, taken for ${takenFor}"
          src="data:image/png;base64,${data}"
        />
        <figcaption>
          <b>${takenFor}</b>, ${percent(probability)} sure; it is <b>${label}</b> (sample ${sample})
        </figcaption>
      </figure>`,
    ];
  });
  if (figures.length === 0) return undefined;
  return html`<h2>Its surest mistakes</h2>
    <p class="note">
      The test samples that it takes for a wrong class with the largest probability, the surest
      first. Wrong labels show here too.
    </p>
    <div class="mistakes">${figures}</div>`;
}
