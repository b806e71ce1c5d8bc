/** The markup of the page. What is shown in it comes by its scripts (page/). */
import { html } from "../report/markup.js";

/** The page as the text of an HTML file. @param folder - whose runs they are */
export function pageHtml(folder: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${folder} – bregman</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/uplot.css" />
        <link rel="stylesheet" href="/style.css" />
        <script type="module" src="/dashboard/page/main.js"></script>
      </head>
      <body>
        <header>
          <div>
            <p class="brand">bregman · dashboard</p>
            <h1>${folder}</h1>
          </div>
          ${startForm()}
        </header>
        <main>
          <p id="said" role="status"></p>
          <p class="lost-line" role="status">The connection is lost; trying again.</p>
          ${runsSection()} ${curvesSection()} ${runSection()}
        </main>
      </body>
    </html> `.markup;
}

function startForm() {
  return html`<details id="start">
    <summary>Start a run</summary>
    <form>
      <label
        >Recipe
        <select id="recipe"></select
      ></label>
      <label
        >Seed <input id="seed" type="number" min="0" max="4294967295" placeholder="as said"
      /></label>
      <label>Epochs <input id="epochs" type="number" min="1" placeholder="as said" /></label>
      <button type="submit" class="main">Start</button>
    </form>
  </details>`;
}

function runsSection() {
  return html`<section id="runs" aria-label="Runs">
    <div class="tools">
      <label class="search"
        ><span class="unseen">Filter</span
        ><input
          id="search"
          type="search"
          autocomplete="off"
          spellcheck="false"
          aria-describedby="hint"
          placeholder="Filter: words, density<5%, test>=97%, seed=1"
      /></label>
      <label
        ><span class="unseen">State</span
        ><select id="state">
          <option value="">all states</option>
          <option>running</option>
          <option>finished</option>
          <option>stopped</option>
          <option>failed</option>
        </select></label
      >
      <p id="count" role="status"></p>
    </div>
    <p id="hint" class="unseen">
      Words of name, recipe, optimizer or state, and columns with a bound. In the table the arrow
      keys go from run to run, Enter opens one, and the space bar compares it.
    </p>
    <div class="wide card">
      <table id="table">
        <caption class="unseen">
          All runs
        </caption>
      </table>
      <p id="none" hidden></p>
    </div>
  </section>`;
}

function curvesSection() {
  const chart = (id: string) =>
    html`<figure id="over-${id}" class="card">
      <figcaption></figcaption>
      <div class="plot" role="img"></div>
    </figure>`;
  return html`<section id="curves" aria-labelledby="curves-name" hidden>
    <div class="tools">
      <h2 id="curves-name">Compared</h2>
      <label
        ><span class="unseen">Measure</span
        ><select id="measure"></select
      ></label>
      <label
        ><span class="unseen">Time in</span
        ><select id="unit">
          <option value="epoch">over epochs</option>
          <option value="seconds">over seconds</option>
        </select></label
      >
    </div>
    <ul id="chosen"></ul>
    <div class="charts">${chart("density")} ${chart("time")} ${chart("work")}</div>
  </section>`;
}

function runSection() {
  return html`<section id="run" aria-labelledby="run-name" hidden>
    <div class="tools">
      <h2 id="run-name" tabindex="-1"></h2>
      <button id="stop" type="button" class="danger">Stop</button>
      <span id="resuming"
        ><label>Epochs in all <input id="to-epochs" type="number" min="1" /></label
        ><button id="resume" type="button">Resume</button></span
      >
      <button id="close" type="button">Close</button>
    </div>
    <p id="run-facts" class="note"></p>
    <p id="run-fault" class="fault"></p>
    <div class="cards">
      <figure id="pictures" class="card" hidden>
        <figcaption>
          <h3>First layer</h3>
          <span id="picture-when"></span>
        </figcaption>
        <img id="picture" alt="" />
        <label
          ><span class="unseen">Epoch of the picture</span
          ><input id="picture-epoch" type="range" min="0" value="0"
        /></label>
      </figure>
      <div class="stack">
        <figure class="card">
          <figcaption><h3>Active units</h3></figcaption>
          <ul id="units"></ul>
        </figure>
        <figure class="card">
          <figcaption>
            <h3>Births and deaths</h3>
            <span>of weights, by epoch</span>
          </figcaption>
          <ul id="births"></ul>
        </figure>
        <figure id="confusion-card" class="card" hidden>
          <figcaption><h3>Classes</h3></figcaption>
          <div id="confusion" class="wide" tabindex="0" role="region" aria-label="Classes"></div>
        </figure>
      </div>
      <div class="card">
        <h3>Recipe</h3>
        <pre id="recipe-text" tabindex="0" aria-label="Recipe"></pre>
      </div>
      <div id="difference" class="card" hidden>
        <div class="tools">
          <h3>Difference from</h3>
          <label
            ><span class="unseen">Other run</span
            ><select id="other"></select
          ></label>
        </div>
        <div class="wide" tabindex="0" role="region" aria-label="Differences">
          <table>
            <thead>
              <tr>
                <th scope="col">in the recipe</th>
                <th scope="col">this run</th>
                <th scope="col">the other</th>
              </tr>
            </thead>
            <tbody id="differences"></tbody>
          </table>
        </div>
      </div>
    </div>
  </section>`;
}
