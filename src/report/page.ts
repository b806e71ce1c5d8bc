/** The frame of every page we write: one file, no network, no script. */
import { html, type Markup, safe } from "./markup.js";
import { STYLE } from "./style.js";

/** A whole page as the text of an HTML file. */
export function page(title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>${title} – bregman</title>
        <link rel="icon" href="data:," />
        <style>
          ${safe(STYLE)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.markup;
}
