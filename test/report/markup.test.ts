import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { InternalError } from "#bregman/errors.js";
import { html, safe } from "#bregman/report/markup.js";

describe("html", () => {
  it("escapes text in content and in attributes", () => {
    const evil = `"><script>alert('1')</script>&`;
    const { markup } = html`<p title="${evil}">${evil}</p>`;
    expect(markup).not.toContain("<script");
    expect(markup).toBe(
      `<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</p>`,
    );
  });

  it("gives back any text once parsed", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "a", ";", "/", "é") }),
        (text) => {
          const { document } = parseHTML(
            `<!doctype html><body>${html`<p title="${text}">x${text}x</p>`.markup}</body>`,
          );
          expect(document.querySelector("p")?.textContent).toBe(`x${text}x`);
          expect(document.querySelector("p")?.getAttribute("title")).toBe(text);
        },
      ),
    );
  });

  it("takes markup of its own, lists and nothing as they are", () => {
    const items = ["a<", "b"].map((text) => html`<li>${text}</li>`);
    expect(html`<p>${items}${undefined}${safe("<hr>")}${7}</p>`.markup).toBe(
      "<p><li>a&lt;</li><li>b</li><hr>7</p>",
    );
  });

  it("takes nothing for markup that it has not made", () => {
    const forged: unknown[] = [
      { markup: "<script>" },
      JSON.parse('{ "markup": "<script>", "__proto__": null }'),
      Object.create(html`<hr />`),
      Object.assign(Object.create(Object.getPrototypeOf(html`<hr />`)), { text: "<script>" }),
      null,
      true,
    ];
    for (const part of forged) expect(() => html`<p>${part as string}</p>`).toThrow(InternalError);
    expect(() => html`<p>${[forged[0] as string]}</p>`).toThrow(
      new InternalError("expected text, a number or markup, found object"),
    );
  });

  it("keeps a number and its unit on one line, and other words apart", () => {
    expect(html`${"3.81 % of 42 kB in 41.2 s; 12 min 03 s; 10 samples"}`.markup).toBe(
      "3.81\u00a0% of 42\u00a0kB in 41.2\u00a0s; 12\u00a0min 03\u00a0s; 10 samples",
    );
  });
});
