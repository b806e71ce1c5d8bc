import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { reportHtml, writeReport } from "#bregman/report/report.js";
import { readRun } from "#bregman/report/run-folder.js";
import { sampleEpoch, sampleFinal, sampleRun } from "./sample-run.js";

function open(folder: string) {
  const text = readFileSync(writeReport(folder), "utf8");
  const { document } = parseHTML(text);
  const words = (document.body.textContent ?? "").replaceAll("\u00a0", " ").replace(/\s+/g, " ");
  const charts = [...document.querySelectorAll(".chart h3")].map((title) => title.textContent);
  return { text, document, words, charts };
}

describe("writeReport", () => {
  it("shows the curves, the weights, the layers, the recipe and the facts of a finished run", () => {
    const { document, words, charts } = open(sampleRun());
    expect(charts).toEqual(["Loss", "Accuracy", "Density", "Active units", "Births and deaths"]);
    expect(document.querySelectorAll(".chart svg")).toHaveLength(5);
    expect(words).toContain(
      "Classifies 91.27 % of the test samples right, with 60 of 200 weights (30.00 %).",
    );
    expect(words).toContain(
      "backend wasm (SIMD128) · 2 threads · seed 1 · 6.3 s of training · commit 0123456789ab",
    );
    expect(words).toContain("White (dark, on a dark page) is exactly zero");
    expect(words).toMatch(/linear1 10 × 16 160 40 25.00 % 8 of 10 sparse/);
    expect(words).toMatch(/total 200 60 30.00 % 12 of 14/);
    expect(document.querySelector("pre")?.textContent).toContain(`"name": "sample"`);
    const captions = [...document.querySelectorAll("figcaption b")].map(
      (caption) => caption.textContent,
    );
    expect(captions).toEqual(["epoch 4", "before training", "epoch 1", "epoch 2", "epoch 3"]);
    expect(document.querySelectorAll("img")).toHaveLength(5);
  });

  it("draws every epoch's point", () => {
    const { document } = open(sampleRun());
    const titles = [...document.querySelectorAll(".chart title")].map((title) => title.textContent);
    for (let epoch = 1; epoch <= 4; epoch++) {
      expect(titles).toContain(`training, epoch ${epoch}: ${Number((1 / epoch).toPrecision(4))}`);
      expect(titles).toContain(`epoch ${epoch}: 7 births`);
    }
    expect(titles).toContain("linear1, epoch 4: 25 %");
    expect(titles).toContain("epoch 4, linear1: 8 active units");
    expect(titles).toContain("before training, linear2: 4 active units");
  });

  it("asks nothing of a network, and runs nothing", () => {
    const { document, text } = open(sampleRun());
    expect(document.querySelectorAll("script, iframe, object, embed")).toHaveLength(0);
    expect(/@import|url\(/.exec(text)).toBeNull();
    for (const element of document.querySelectorAll("[src], link[href]")) {
      expect(element.getAttribute("src") ?? element.getAttribute("href")).toMatch(/^data:/);
    }
    const handlers = [...document.querySelectorAll("*")].flatMap(({ attributes }) =>
      [...attributes].map(({ name }) => name),
    );
    expect(handlers.filter((name) => name.startsWith("on"))).toEqual([]);
  });

  it("escapes whatever comes from files", () => {
    const evil = `</pre></title><script>alert("x")</script><img src=x onerror='y'>`;
    const folder = sampleRun({
      recipe: { name: evil, description: evil, [evil]: evil },
      result: { command: evil, machine: evil, backend: evil, isa: evil, commit: evil },
      pictures: false,
    });
    const epoch = sampleEpoch(5);
    appendFileSync(
      join(folder, "metrics.jsonl"),
      JSON.stringify({
        ...epoch,
        layers: epoch.layers.map((layer) => ({ ...layer, name: evil, kernel: evil })),
      }),
    );
    const { document, words } = open(folder);
    expect(document.querySelectorAll("script, img")).toHaveLength(0);
    expect(document.querySelector("h1")?.textContent).toBe(evil);
    expect(words).toContain(`Made by ${evil}`);
  });

  it("says that a run was interrupted", () => {
    expect(open(sampleRun({ epochs: 2, result: { interrupted: true } })).words).toContain(
      "Interrupted, after epoch 2 of 4.",
    );
    expect(open(sampleRun()).words).not.toContain("Interrupted");
  });

  it.each([0, 1, 2])("shows a run without a result after %i epochs", (epochs) => {
    const { words, charts } = open(sampleRun({ epochs, result: false }));
    expect(words).toContain(`No result yet: this run is unfinished, after epoch ${epochs} of 4.`);
    expect(charts).toContain("Density");
  });

  it("says what to do next, as far as the run has come", () => {
    const next = (options: Parameters<typeof sampleRun>[0]) => {
      const folder = sampleRun({ ...options, pictures: false });
      return [...open(folder).document.querySelectorAll(".next code")].map((code) =>
        code.textContent.replace(folder, "RUN"),
      );
    };
    const network = ["predict", "simplify", "export", "path"].map((name) => `bregman ${name} RUN`);
    expect(next({})).toEqual(network);
    expect(next({ result: { interrupted: true } })).toEqual(["bregman resume RUN", ...network]);
    expect(next({ epochs: 2, result: false })).toEqual(["bregman resume RUN"]);
  });

  it.each<[number, object | false, string]>([
    [2, false, "right so far, with"],
    [2, { interrupted: true, final: {} }, "right so far, with"],
    [4, false, "right, with"],
    [4, { interrupted: false, final: {} }, "right, with"],
    [2, { interrupted: false, final: {} }, "right, with"],
  ])("after %i of 4 epochs and the result %o it is %s", (epochs, result, words) => {
    expect(open(sampleRun({ epochs, result, pictures: false })).words).toContain(words);
  });

  it("shows active units as bars", () => {
    const { document } = open(sampleRun({ pictures: false }));
    const bars = [...document.querySelectorAll("td:nth-child(6) .bar i")].map((bar) =>
      bar.getAttribute("style"),
    );
    expect(bars).toEqual(["width: 80.0%", "width: 100.0%", "width: 85.7%"]);
  });

  it("shows the mistakes whose pictures are there", () => {
    const mistakes = [7, 8, 9].map((sample) => ({
      sample,
      label: "<b>shirt</b>",
      takenFor: "coat",
      probability: 0.9876,
    }));
    const folder = sampleRun({ result: { final: { ...sampleFinal, mistakes } } });
    const png = readFileSync(join(folder, "pictures/epoch-001.png"));
    writeFileSync(join(folder, "pictures/mistake-1.png"), png);
    writeFileSync(join(folder, "pictures/mistake-2.png"), "no picture");
    writeFileSync(join(folder, "pictures/mistake-4.png"), png);
    const { document } = open(folder);
    const [image, ...others] = document.querySelectorAll(".mistakes img");
    expect(others).toEqual([]);
    expect(image.getAttribute("src")).toBe(`data:image/png;base64,${png.toString("base64")}`);
    expect(document.querySelector(".mistakes")?.textContent.replace(/\s+/g, " ").trim()).toBe(
      "coat, 98.76 % sure; it is <b>shirt</b> (sample 7)",
    );
  });

  it("passes over half a last line, the mark of a run that was killed", () => {
    const folder = sampleRun({ epochs: 2, result: false });
    appendFileSync(join(folder, "metrics.jsonl"), JSON.stringify(sampleEpoch(3)).slice(0, 40));
    expect(readRun(folder).epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(open(folder).words).toContain("after epoch 2 of 4");
  });

  it("shows a run that measured nothing", () => {
    const folder = sampleRun({ result: false, pictures: false });
    writeFileSync(join(folder, "metrics.jsonl"), "");
    expect(open(folder).words).toContain("Nothing was measured in this run yet.");
  });

  it("shows a regression: no accuracy anywhere", () => {
    const folder = sampleRun({ pictures: false });
    const lines = [0, 1, 2].map((epoch) => {
      const { trainAccuracy: _, validAccuracy: __, ...line } = sampleEpoch(epoch);
      return JSON.stringify(line);
    });
    writeFileSync(join(folder, "metrics.jsonl"), lines.join("\n"));
    const final = {
      testLoss: 0.0123,
      density: 0.3,
      flopDensity: 0.3,
      seconds: 2,
      bytes: { dense: 1, sparse: 1, compressed: 1 },
    };
    writeFileSync(join(folder, "result.json"), JSON.stringify({ final }));
    const { words, charts } = open(folder);
    expect(charts).toEqual(["Loss", "Density", "Active units", "Births and deaths"]);
    expect(words).toContain("Test loss 0.0123");
    expect(words).not.toContain("ccuracy");
  });

  it("shows what sparsity saved, as far as the run says it", () => {
    const { words } = open(sampleRun({ pictures: false }));
    expect(words).toContain(
      "28 births and 8 deaths of weights in 1,000 steps, of which 900 had frozen patterns.",
    );
    expect(words).toContain("weights at the end 60 200 30.00 %");
    expect(words).toContain("multiplications, a forward pass at the end 30.00 %");
    expect(words).toContain("multiplications, the whole training 1.20 GFLOP 3.00 GFLOP 40.00 %");
    // A network too small for its time to be compared.
    expect(words).toContain("a step, on average 5.00 ms – –");
    expect(words).not.toContain("as fast");
    const final = { ...sampleFinal, saved: { ...sampleFinal.saved!, trainingFlops: 1.2e12 } };
    expect(open(sampleRun({ pictures: false, result: { final } })).words).toContain(
      "a step, on average 5.00 ms 12.5 ms 40.00 %: 2.5 times as fast",
    );
    expect(open(sampleRun({ pictures: false, result: { final: {} } })).words).not.toContain(
      "sparsity saved",
    );
  });

  it("shows which connections between layers are used, as a table of layers and sources", () => {
    const connections = [
      { from: "conv1", to: "block2", density: 0.125 },
      { from: "block1", to: "block2", density: 0 },
      { from: "block1", to: "last", density: 1 },
      { from: "input", to: "skips", density: 1, scale: -0.0225 },
      { from: "conv1", to: "skips", density: 1, scale: NaN },
    ];
    const { document, words } = open(
      sampleRun({ pictures: false, result: { final: { connections } } }),
    );
    expect(words).toContain("Connections 4 of 5 are used.");
    const table = [...document.querySelectorAll("table")].at(-1)!;
    const rows = [...table.querySelectorAll("tr")].map(({ children }) =>
      [...children].map((cell) => cell.textContent),
    );
    expect(rows).toEqual([
      ["layer", "conv1", "block1", "input"],
      ["block2", "12.50\u00a0%", "unused", ""],
      ["last", "", "100.00\u00a0%", ""],
      ["skips", "–", "", "-0.0225"],
    ]);
    expect(open(sampleRun({ pictures: false })).words).not.toContain("Connections");
  });

  it("shows the similarity of a restoration: a tile, a curve, and what it is in words", () => {
    const folder = sampleRun({ pictures: false });
    const lines = [0, 1, 2].map((epoch) => {
      const { trainAccuracy: _, validAccuracy: __, ...line } = sampleEpoch(epoch);
      return JSON.stringify({ ...line, validSsim: 0.2 + 0.3 * epoch });
    });
    writeFileSync(join(folder, "metrics.jsonl"), lines.join("\n"));
    const tiles = () => {
      const { document, words, charts } = open(folder);
      const found = [...document.querySelectorAll(".tile")].map((tile) =>
        tile.textContent!.replace(/\s+/g, " ").trim(),
      );
      const points = [...document.querySelectorAll(".chart title")].map(
        (title) => title.textContent,
      );
      return { found, words, charts, points };
    };
    rmSync(join(folder, "result.json"));
    const running = tiles();
    expect(running.charts).toEqual([
      "Loss",
      "Similarity",
      "Density",
      "Active units",
      "Births and deaths",
    ]);
    expect(running.points).toContain("validation, epoch 2: 0.8");
    expect(running.found).toContain("SSIM 0.800of the validation images");
    writeFileSync(
      join(folder, "result.json"),
      JSON.stringify({ final: { testLoss: 0.0123, ssim: 0.7654 } }),
    );
    const finished = tiles();
    expect(finished.found).toContain("SSIM 0.765validation 0.800");
    expect(finished.words).toContain(
      "Restores the test images to a similarity (SSIM) of 0.765, with 50 of 200 weights",
    );
  });

  it("takes figures that are not finite as gaps", () => {
    const folder = sampleRun({ result: false, pictures: false });
    writeFileSync(
      join(folder, "metrics.jsonl"),
      [sampleEpoch(0), { ...sampleEpoch(1), trainLoss: null }, sampleEpoch(2)]
        .map((line) => JSON.stringify(line))
        .join("\n"),
    );
    expect(/NaN|Infinity|undefined/.exec(open(folder).text)).toBeNull();
  });

  it("shows many layers without a legend entry for each", () => {
    const folder = sampleRun({ pictures: false });
    const layers = Array.from({ length: 20 }, (_, k) => ({
      ...sampleEpoch(1).layers[0],
      name: `layer${k}`,
    }));
    writeFileSync(
      join(folder, "metrics.jsonl"),
      [0, 1, 2].map((epoch) => JSON.stringify({ ...sampleEpoch(epoch), layers })).join("\n"),
    );
    const { document, words } = open(folder);
    expect(words).toContain("One thin line a layer");
    expect(document.querySelectorAll(".legend li").length).toBeLessThan(10);
  });

  it("is the same page for the same folder", () => {
    const run = readRun(sampleRun());
    expect(reportHtml(run) === reportHtml(run)).toBe(true);
  });
});

describe("readRun", () => {
  it("says what is missing", () => {
    const folder = sampleRun();
    rmSync(join(folder, "metrics.jsonl"));
    expect(() => readRun(folder)).toThrow(
      new UnusableFileError(
        `cannot read a run from ${folder}: it has no metrics.jsonl (is it a run folder?)`,
      ),
    );
    expect(() => readRun(join(folder, "not-there"))).toThrow("it has no recipe.json");
    expect(() => readRun(join(folder, "recipe.json"))).toThrow("it has no recipe.json");
  });

  it("names the damaged file and line", () => {
    const folder = sampleRun();
    const good = JSON.stringify(sampleEpoch(0));
    writeFileSync(join(folder, "metrics.jsonl"), `${good}\n{"epoch":\n${good}\n`);
    expect(() => readRun(folder)).toThrow(`${join(folder, "metrics.jsonl")}, line 2:`);
    writeFileSync(join(folder, "metrics.jsonl"), `${good}\n{"epoch": 1}\n`);
    expect(() => readRun(folder)).toThrow(", line 2: density: missing; expected a number");
    writeFileSync(join(folder, "metrics.jsonl"), good);
    writeFileSync(join(folder, "result.json"), "[1]");
    expect(() => readRun(folder)).toThrow(
      `${join(folder, "result.json")}: expected an object, found [1]`,
    );
  });
});
