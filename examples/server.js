/**
 * A server that says what is on images.
 *
 *     node examples/server.js MODEL [PORT]
 *
 * POST / takes images, a byte a pixel, one after the other; it answers with the three likeliest
 * classes of each: {"images": [[{ "class": 7, "label": "7", "probability": 0.99 }, ...], ...]}.
 */
import { serve } from "@hono/node-server";
import { createPredictor, topClasses } from "bregman/predict";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

const [file, port = "3000"] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node server.js MODEL [PORT]");
  process.exit(1);
}
const net = await createPredictor(file);
const pixels = net.model.input.reduce((all, size) => all * size);

const app = new Hono();
const limit = bodyLimit({
  maxSize: 1000 * pixels,
  onError: (c) => c.text("expected at most 1000 images\n", 413),
});
app.post("/", limit, async (c) => {
  const images = new Uint8Array(await c.req.arrayBuffer());
  const count = images.length / pixels;
  if (count === 0 || !Number.isInteger(count)) {
    return c.text(`expected images of ${pixels} bytes each, found ${images.length} bytes\n`, 400);
  }
  // Requests that wait together are computed together.
  const logits = await net.predict(images);
  const classes = logits.length / count;
  const answers = Array.from({ length: count }, (_, k) =>
    topClasses(logits.subarray(k * classes, (k + 1) * classes), 3, net.labelNames),
  );
  return c.json({ images: answers });
});

const server = serve({ fetch: app.fetch, hostname: "localhost", port: Number(port) }, (address) =>
  console.log(`http://localhost:${address.port}/`),
);
// No more requests; those under way are answered; then the network is put away.
process.once("SIGTERM", () => server.close(() => net.close()));
