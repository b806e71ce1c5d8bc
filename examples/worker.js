/** Says which digits are on pictures that a page sends. */
import { createPredictor, topClasses } from "bregman/predict";
import { pixelsOf } from "./pixels.js";

let loading;

async function classify(model, file) {
  loading ??= createPredictor(model, { threads: 1 });
  const net = await loading;
  const logits = await net.predict(pixelsOf(await createImageBitmap(file)));
  const [{ label, probability }] = topClasses(logits, 1, net.labelNames);
  return `${label} (${(100 * probability).toFixed(2)} %)`;
}

onmessage = async ({ data: { model, file } }) => {
  const answer = await classify(model, file).catch((error) => error.message);
  postMessage({ name: file.name, answer });
};
